/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What the options say of TLS: the files for clients of this process, those for calling assignment,
 * and those for Redis.
 *
 * Threading: the main thread, before the loop runs and after its end. Ownership: program_tls owns
 * the watched files; it ends after the servers and clients that use them.
 */

#include "io/tls_files.h"
#include "program/settings.h"
#include "rpc/server.h"

struct program_tls {
    struct tls_files *server; /* NULL = plaintext */
    struct tls_files *client; /* for calling assignment; NULL = plaintext, or nobody is called */
    struct tls_files *redis;  /* NULL = plaintext, or no files were given */
};

/* AM_EINVAL when the options contradict each other, or would let others read and change what is
 * said without a flag that says so (written to standard error). `calls`: assignment is another
 * process. */
int program_tls_check(const struct settings *s, bool calls) AM_MUSTCHECK;

/* Whether clients must show a certificate. The options were checked. */
enum rpc_client_cert program_client_cert(const struct settings *s);

/* Reads the files and watches them. AM_EINVAL when they cannot be used (logged). */
int program_tls_start(struct program_tls *t, struct loop *loop, const struct settings *s,
                      bool calls) AM_MUSTCHECK;
void program_tls_end(struct program_tls *t);
