/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * `webhook listen`: a receiver of webhooks for people who build one. It answers on --listen, checks
 * the signature of what arrives by the secret or public key in a file, and prints it: a line each,
 * or with --json the body as it came. What is signed well is answered 200, all else 401.
 *
 * Threading: microhttpd's thread prints; the command waits for a signal. Ownership: the secret is
 * wiped at the end.
 */

#include "amendsctl/call.h"

int listen_run(const struct ctl *c);
