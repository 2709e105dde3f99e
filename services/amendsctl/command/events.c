/* SPDX-License-Identifier: Apache-2.0 */

#include "amendsctl/command/events.h"

#include <string.h>
#include <strings.h>

#include "amends/v1/feed_service.pb-c.h"
#include "amendsctl/out.h"
#include "amendsctl/table.h"
#include "base/assert.h"

#define PAGE_BYTES (64u << 20)

static char earliest[] = "EARLIEST", latest[] = "LATEST";

/* The contract's words in any case, as all words of the line; `usual` when none is given. */
static char *position_of(char *given, char *usual)
{
    if (given[0] == '\0')
        return usual;
    if (strcasecmp(given, earliest) == 0)
        return earliest;
    return strcasecmp(given, latest) == 0 ? latest : given;
}

int events_run_watch(const struct ctl *c)
{
    Amends__V1__WatchEventsRequest *r = (Amends__V1__WatchEventsRequest *)c->line->request;
    r->position = position_of(r->position, latest);
    return ctl_watch(c);
}

/* -- pages ------------------------------------------------------------------------------------- */

struct reading {
    struct table table;
    size_t shown;
    bool more;
    char *token; /* to go on with; in the arena of the line */
};

static void print_events(const struct ctl *c, struct reading *x, const ProtobufCMessage *reply,
                         struct arena *arena)
{
    const Amends__V1__ReadEventsResponse *r = (const Amends__V1__ReadEventsResponse *)reply;
    for (size_t i = 0; c->line->json && i < r->n_events; i++)
        out_json(&r->events[i]->base);
    if (!c->line->json)
        (void)table_page(&x->table, reply, "events", &c->line->view, arena);
    x->shown += r->n_events;
    x->more = r->more;
    x->token = arena_strdup(c->arena, r->resume_token);
    AM_ASSERT(x->token != NULL);
}

static int read_page(const struct ctl *c, struct reading *x)
{
    struct arena arena;
    struct ctl own = *c;
    const ProtobufCMessage *reply = NULL;
    arena_init(&arena, PAGE_BYTES);
    own.arena = &arena;
    const int code = ctl_call(&own, c->line->command->method, c->line->request, &reply);
    if (code == 0)
        print_events(c, x, reply, &arena);
    arena_free(&arena);
    return code;
}

/* A page may be empty though there is more: its events did not pass the filter. */
static bool goes_on(const struct ctl *c, const struct reading *x)
{
    return x->more && (c->line->all || x->shown == 0) && out_flush();
}

int events_run_read(const struct ctl *c)
{
    Amends__V1__ReadEventsRequest *r = (Amends__V1__ReadEventsRequest *)c->line->request;
    struct reading x = {0};
    table_init(&x.table, c->line->command->columns, c->arena);
    r->position = position_of(r->position, earliest);
    int code = read_page(c, &x);
    while (code == 0 && goes_on(c, &x)) {
        r->position = x.token;
        code = read_page(c, &x);
    }
    if (code == 0)
        ctl_tell_place(x.token);
    return code;
}
