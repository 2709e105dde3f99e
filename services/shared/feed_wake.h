/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Tells whoever reads a tenant's feed that it has new events: in this process, and in others
 * through Redis (channel "amends:feed", a tenant's id in decimal). It is a hint: whoever listens
 * also looks once a second, so that nothing is missed while Redis is away.
 *
 * Threading: io loop's thread. Ownership: listeners are embedded in their owners' structs.
 */

#include "base/list.h"
#include "io/loop.h"
#include "io/tls_files.h"

struct feed_wake;

struct feed_wake_config {
    const char *redis_url; /* NULL or "" = this process alone */
    const char *redis_password_file;
    const struct tls_files *redis_tls;
};

/* AM_EINVAL when Redis cannot be used (logged). The texts are borrowed. */
int feed_wake_new(struct loop *loop, const struct feed_wake_config *config,
                  struct feed_wake **out) AM_MUSTCHECK;
/* NULL is allowed. Listeners hear nothing more. */
void feed_wake_free(struct feed_wake *w);

/* One who listens. `woken` is called in a turn of its own, often for tenants that do not concern
 * it. */
struct feed_listener {
    struct list link;
    void (*woken)(struct feed_listener *l, int64_t tenant_id);
};
/* For the life of `w`. NULL `w`: nobody ever calls. */
void feed_wake_listen(struct feed_wake *w, struct feed_listener *l);

/* These tenants have new events: committed in this process. NULL `w` is allowed. */
void feed_wake_committed(struct feed_wake *w, const int64_t *tenants, size_t n);
