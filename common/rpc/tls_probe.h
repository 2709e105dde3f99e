/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Finds out why a server cannot be reached. gRPC only says that no connection was made; a look of
 * our own at the same address, with the same files, tells which of both sides speaks TLS and what
 * is wrong with a certificate. It sends no request.
 *
 * Threading: any thread; it blocks for the time given at most for each address. Ownership: nothing
 * is kept.
 */

#include <stdbool.h>
#include <stddef.h>

#include "io/tls_text.h"

#define TLS_PROBE_BYTES 1024

struct tls_probe {
    const char *target;          /* as gRPC takes it: "host:port", "dns:///host:port" or
                                    "ipv4:1.2.3.4:1,1.2.3.4:2", of which each is looked at */
    const struct tls_text *text; /* how we speak: NULL = plaintext */
    const char *server_name;     /* that its certificate must have; NULL = the target's host */
    int timeout_ms;
};

/* Looks. True with a sentence in `why` (TLS_PROBE_BYTES) when something about TLS is wrong; false
 * when nothing is, or nobody answers there. */
bool tls_probe(const struct tls_probe *probe, char *why);
