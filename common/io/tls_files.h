/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The files of one use of TLS, watched: they are looked at once a second, and what has changed is
 * read, checked (io/tls_text.h) and published. What cannot be used is logged once and changes
 * nothing: whoever replaces certificate and key one after the other, or by a wrong one, loses no
 * connection by it. How the files are replaced does not matter: written anew, renamed, or by a
 * symbolic link to another folder, as Kubernetes does.
 *
 * The libraries that do TLS read files by name. They are given the names of files in memory, which
 * only hold what was checked; key and certificate are one file, so that no reader sees the key of
 * one and the certificate of the other.
 *
 * Threading: the io loop's thread, and the main thread before the loop runs; the published files
 * may be read from any thread. Ownership: paths are borrowed and must outlive it.
 */

#include "io/loop.h"
#include "io/tls_text.h"

struct tls_files;

/* Whose files these are: the label of metrics and logs. */
enum tls_use { TLS_USE_SERVER, TLS_USE_CLIENT, TLS_USE_REDIS, TLS_USES };

/* Reads the files and begins to watch them. AM_EINVAL when they cannot be used (logged). */
int tls_files_new(struct loop *loop, enum tls_use use, const struct tls_paths *paths,
                  struct tls_files **out) AM_MUSTCHECK;
/* Ends the watch; the published files are gone. NULL is allowed. */
void tls_files_free(struct tls_files *f);

/* The name of the file with certificate chain and key; NULL when none were given. */
const char *tls_files_identity(const struct tls_files *f);
/* The name of the file with the CAs; NULL when none was given. */
const char *tls_files_ca(const struct tls_files *f);

/* Counts what was published: 1 at first. Whoever keeps something made from the files makes it anew
 * when this has changed. */
unsigned tls_files_generation(const struct tls_files *f);
