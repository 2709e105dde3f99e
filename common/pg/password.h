/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The database's password from a file. libpq's own password file does not do in a container: libpq
 * refuses one that a group may read, and that is how an orchestrator gives a secret to a process
 * that is not root.
 *
 * Threading: called once, in main, before threads start (it sets an environment variable of this
 * process). Ownership: the password is kept nowhere but in the environment of this process.
 */

#include "base/err.h"

#define PG_PASSWORD_MAX_BYTES 1024

/*
 * Makes the content of the file at `path`, less one line end, the password of every connection
 * whose conninfo has none (PGPASSWORD of this process; the environment that others can read stays
 * as it was). Returns AM_EIO when the file cannot be read and AM_EINVAL when it is empty, longer
 * than PG_PASSWORD_MAX_BYTES or has a zero byte; both are logged.
 */
int pg_password_file(const char *path) AM_MUSTCHECK;
