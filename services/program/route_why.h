/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Tells once why assignment cannot be called, when TLS has to do with it: gRPC only says that there
 * is no connection. The look (rpc/tls_probe.h) blocks, so it is taken on another thread, and at
 * most every ten seconds.
 *
 * Threading: io loop's thread. Ownership: target and files are borrowed and must outlive it; it is
 * freed after the loop has ended.
 */

#include "io/loop.h"
#include "io/tls_files.h"

struct route_why;

/* `tls` NULL = assignment is called in plaintext. */
struct route_why *route_why_new(struct loop *loop, const char *target, const struct tls_files *tls);
void route_why_free(struct route_why *w);

/* A call found no connection. */
void route_why_look(struct route_why *w);
/* A call went through: what is wrong next is told again. */
void route_why_well(struct route_why *w);
