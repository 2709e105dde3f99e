/* SPDX-License-Identifier: Apache-2.0 */
#include "shared/feed_wake.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/assert.h"
#include "base/slice.h"
#include "base/time.h"
#include "redis/redis.h"

#define CHANNEL "amends:feed"
/* Tenants that wait to be told of. When there are more, others find out by looking. */
#define WAITING_MAX 256
/* Between two rounds: many commits of a moment are one message. */
#define PAUSE_US (2 * US_PER_MS)

struct feed_wake {
    struct redis *redis;
    struct list listeners;
    struct loop_timer *timer;
    int64_t told_us;
    size_t n_waiting;
    int64_t waiting[WAITING_MAX];
};

static void wake_listeners(const struct feed_wake *w, int64_t tenant_id)
{
    LIST_FOR_EACH (it, &w->listeners) {
        struct feed_listener *l = CONTAINER_OF(it, struct feed_listener, link);
        l->woken(l, tenant_id);
    }
}

static void tell(void *ctx)
{
    struct feed_wake *w = ctx;
    w->told_us = time_mono_us();
    for (size_t i = 0; i < w->n_waiting; i++) {
        char text[24];
        (void)snprintf(text, sizeof text, "%" PRId64, w->waiting[i]);
        redis_publish(w->redis, text);
        wake_listeners(w, w->waiting[i]);
    }
    w->n_waiting = 0;
}

static void add_waiting(struct feed_wake *w, int64_t tenant_id)
{
    for (size_t i = 0; i < w->n_waiting; i++)
        if (w->waiting[i] == tenant_id)
            return;
    if (w->n_waiting < WAITING_MAX)
        w->waiting[w->n_waiting++] = tenant_id;
}

void feed_wake_committed(struct feed_wake *w, const int64_t *tenants, size_t n)
{
    if (!w || n == 0)
        return;
    for (size_t i = 0; i < n; i++)
        add_waiting(w, tenants[i]);
    const int64_t due_us = w->told_us + PAUSE_US - time_mono_us();
    if (!loop_timer_active(w->timer))
        loop_timer_start(w->timer, due_us > 0 ? due_us : 0);
}

/* Our own messages come back, too, a little later than we told ourselves. */
static void on_message(void *ctx, struct slice text)
{
    char digits[24];
    char *end = NULL;
    if (text.len == 0 || text.len >= sizeof digits)
        return;
    memcpy(digits, text.data, text.len);
    digits[text.len] = '\0';
    errno = 0;
    const long long tenant_id = strtoll(digits, &end, 10);
    if (errno == 0 && *end == '\0')
        wake_listeners(ctx, tenant_id);
}

void feed_wake_listen(struct feed_wake *w, struct feed_listener *l)
{
    if (w)
        list_push_back(&w->listeners, &l->link);
}

int feed_wake_new(struct loop *loop, const struct feed_wake_config *config, struct feed_wake **out)
{
    struct feed_wake *w = calloc(1, sizeof *w);
    AM_ASSERT(w != NULL);
    const struct redis_config redis = {.url = config->redis_url,
                                       .password_file = config->redis_password_file,
                                       .tls = config->redis_tls,
                                       .channel = CHANNEL,
                                       .on_message = on_message,
                                       .ctx = w};
    list_init(&w->listeners);
    w->timer = loop_timer_new(loop, tell, w);
    *out = w;
    return redis_new(loop, &redis, &w->redis);
}

void feed_wake_free(struct feed_wake *w)
{
    if (!w)
        return;
    loop_timer_free(w->timer);
    redis_free(w->redis);
    free(w);
}
