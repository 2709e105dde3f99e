/* SPDX-License-Identifier: Apache-2.0 */

#include "program/route_why.h"

#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "base/log.h"
#include "rpc/tls_probe.h"

#define PAUSE_US (10 * US_PER_S)
#define PROBE_MS 2000

struct route_why {
    struct loop *loop;
    const char *target;
    const struct tls_files *tls;
    bool looking;
    int64_t next_us;
    bool found; /* the working thread writes it and `why` */
    char why[TLS_PROBE_BYTES], told[TLS_PROBE_BYTES];
};

struct route_why *route_why_new(struct loop *loop, const char *target, const struct tls_files *tls)
{
    struct route_why *w = calloc(1, sizeof *w);
    AM_ASSERT(w != NULL);
    *w = (struct route_why){.loop = loop, .target = target, .tls = tls};
    return w;
}

void route_why_free(struct route_why *w)
{
    free(w);
}

static int read_published(const struct tls_files *tls, struct tls_text *text)
{
    char ignored[TLS_WHY_BYTES];
    const char *identity = tls_files_identity(tls);
    const struct tls_paths paths = {identity, identity, tls_files_ca(tls)};
    return tls_text_read(&paths, text, ignored);
}

/* Another thread. */
static void work(void *ctx)
{
    struct route_why *w = ctx;
    struct tls_text text = {0};
    w->found = false;
    if (w->tls && read_published(w->tls, &text))
        return;
    const struct tls_probe probe = {
        .target = w->target, .text = w->tls ? &text : NULL, .timeout_ms = PROBE_MS};
    w->found = tls_probe(&probe, w->why);
    tls_text_free(&text);
}

static void looked(void *ctx)
{
    struct route_why *w = ctx;
    w->looking = false;
    w->next_us = time_mono_us() + PAUSE_US;
    if (!w->found || strcmp(w->why, w->told) == 0)
        return;
    memcpy(w->told, w->why, sizeof w->told);
    log_error("program", "route_unavailable", LOG_STR("assignment", w->target),
              LOG_STR("why", w->why),
              LOG_STR("so", "assignment finds what is committed here by its sweep, once a second"));
}

void route_why_look(struct route_why *w)
{
    if (w->looking || time_mono_us() < w->next_us)
        return;
    w->looking = true;
    loop_work(w->loop, work, looked, w);
}

void route_why_well(struct route_why *w)
{
    w->told[0] = '\0';
}
