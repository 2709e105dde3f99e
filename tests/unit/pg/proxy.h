/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * A proxy in front of PostgreSQL that can lose things: a unix socket in a folder of its own, served
 * by one thread.
 *
 * Threading: any thread may set the mode. Ownership: proxy_free() ends the thread and all
 * connections.
 */

#include <stddef.h>

struct proxy;

enum proxy_mode {
    PROXY_PASS,
    PROXY_LOSE_COMMIT, /* the next COMMIT is not forwarded: the connection is cut instead */
    PROXY_LOSE_REPLY,  /* the next COMMIT is forwarded; its reply is read and dropped, then the
                          connection is cut */
    PROXY_REFUSE,      /* every connection is cut, new ones too */
    PROXY_FREEZE,      /* nothing is forwarded, nothing is cut */
};

/* `conninfo` names the real server by host (a folder or an address) and port. */
struct proxy *proxy_new(const char *conninfo);
void proxy_free(struct proxy *p);
void proxy_set(struct proxy *p, enum proxy_mode mode);
/* Connections that were cut because of the mode. */
unsigned proxy_cuts(const struct proxy *p);
/* `conninfo` with host and port replaced by the proxy's. */
void proxy_conninfo(const struct proxy *p, const char *conninfo, char *out, size_t cap);
