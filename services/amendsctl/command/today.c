/* SPDX-License-Identifier: Apache-2.0 */

#include "amendsctl/command/today.h"

#include <string.h>
#include <time.h>

#include "amendsctl/out.h"
#include "amendsctl/when.h"
#include "base/assert.h"
#include "contract/words.h"

#define PAGE_BYTES (64u << 20)
#define SHOWN_MOST 50 /* without --all */
#define WHEN_BYTES 32
#define COUNT(array) (sizeof(array) / sizeof *(array))

static const char *must(const char *text)
{
    AM_ASSERT(text != NULL);
    return text;
}

/* -- what -------------------------------------------------------------------------------------- */

static const char *const promises[] = {
    [PROMISE_KIND_CALL_BACK] = "promise to call back",
    [PROMISE_KIND_VISIT] = "promise of a visit",
    [PROMISE_KIND_DELIVERY] = "promise of a delivery",
    [PROMISE_KIND_ANSWER] = "promise of an answer",
    [PROMISE_KIND_PAYMENT] = "promise of a payment",
};

static const char *const clocks[CLOCK_KIND_COUNT] = {
    [CLOCK_KIND_FIRST_RESPONSE] = "first response",
    [CLOCK_KIND_NEXT_CONTACT] = "next word to the customer",
    [CLOCK_KIND_RESOLUTION] = "resolution",
    [CLOCK_KIND_APPROVAL] = "approval of a remedy",
    [CLOCK_KIND_FULFILMENT] = "arrival of a remedy",
    [CLOCK_KIND_STATUTORY] = "deadline set by law",
    [CLOCK_KIND_LEVEL] = "notice by the level",
};

/* A newer server may name what this program does not know. */
static const char *text_of(const char *const *texts, size_t n, int number, const char *other)
{
    return number > 0 && (size_t)number < n && texts[number] ? texts[number] : other;
}

const char *today_what(const Amends__V1__WorkItem *item)
{
    switch ((int)item->reason) {
    case WORK_REASON_PROMISE:
        return text_of(promises, COUNT(promises), (int)item->promise_kind, "promise");
    case WORK_REASON_ANSWER:
        return "customer waits for an answer";
    case WORK_REASON_OFFER:
        return "offer of a case";
    default:
        return text_of(clocks, COUNT(clocks), (int)item->clock_kind, "clock");
    }
}

/* -- the next command -------------------------------------------------------------------------- */

static const char *command_of(const char *words, const char *case_id, const char *more,
                              struct arena *arena)
{
    return must(arena_printf(arena, "amendsctl %s %s%s%s", words, case_id, *more ? " " : "", more));
}

const char *today_command(const Amends__V1__WorkItem *item, struct arena *arena)
{
    const char *id = item->case_id;
    switch ((int)item->next_action) {
    case NEXT_ACTION_CONTACT_CUSTOMER:
    case NEXT_ACTION_ANSWER_CUSTOMER:
        return command_of("contact record", id,
                          "--direction outbound --channel phone --outcome reached", arena);
    case NEXT_ACTION_KEEP_PROMISE:
        return command_of("promise settle", id,
                          must(arena_printf(arena, "%s --outcome kept", item->promise_id)), arena);
    case NEXT_ACTION_ANSWER_OFFER:
        return command_of("offer accept", id, item->offer_id, arena);
    case NEXT_ACTION_FULFIL_REMEDY:
        return command_of(
            "remedy fulfil", id,
            must(arena_printf(arena, "%s --outcome fulfilled --external-reference REFERENCE",
                              item->remedy_id)),
            arena);
    case NEXT_ACTION_ACKNOWLEDGE:
        return command_of("escalation acknowledge", id, "", arena);
    case NEXT_ACTION_RESOLVE_CASE:
        return command_of(
            "case resolve", id,
            must(arena_printf(arena, "--expected-version %lld", (long long)item->version)), arena);
    case NEXT_ACTION_TAKE_CASE:
        return "amendsctl offer request";
    default:
        return command_of("case get", id, "", arena);
    }
}

/* -- when -------------------------------------------------------------------------------------- */

int64_t today_end_s(int64_t now_s)
{
    const time_t now = (time_t)now_s;
    struct tm tm;
    if (!localtime_r(&now, &tm))
        return now_s;
    tm.tm_mday++; /* of a day that is not there mktime() makes the one it is */
    tm.tm_hour = tm.tm_min = tm.tm_sec = 0;
    tm.tm_isdst = -1;
    return (int64_t)mktime(&tm);
}

/* The time of the day, with the day when it is another one. */
static void wall_text(const struct tm *due, const struct tm *now, char text[WHEN_BYTES])
{
    if (due->tm_year != now->tm_year)
        (void)strftime(text, WHEN_BYTES, "%Y-%m-%d %H:%M", due);
    else if (due->tm_yday != now->tm_yday)
        (void)strftime(text, WHEN_BYTES, "%d %b %H:%M", due);
    else
        (void)strftime(text, WHEN_BYTES, "%H:%M", due);
}

const char *today_when(const Amends__V1__WorkItem *item, const struct view *view,
                       struct arena *arena)
{
    const time_t due_s = (time_t)item->due_time->seconds, now_s = (time_t)view->now_s;
    struct tm due, now;
    char text[WHEN_BYTES] = "";
    if (localtime_r(&due_s, &due) && localtime_r(&now_s, &now))
        wall_text(&due, &now, text);
    const char *near = when_near(item->due_time, view, arena);
    return must(near ? arena_printf(arena, "%s (%s)", text, near) : arena_strdup(arena, text));
}

/* -- printing ---------------------------------------------------------------------------------- */

struct today {
    const struct ctl *c;
    struct view view; /* `now_s` is the server's */
    int64_t end_s;
    size_t overdue, due; /* items shown */
    bool ended;          /* what is due on another day was reached */
    bool more;           /* more is due today than is shown */
    bool any;            /* something was read */
    bool of_others;      /* the line names whose work */
    const char *next;    /* the first thing that is due on another day; NULL = not known */
};

/* "J. D. (c-17)" */
static const char *who(const Amends__V1__WorkItem *item, struct arena *arena)
{
    if (!*item->customer_name)
        return item->customer_id;
    return must(arena_printf(arena, "%s (%s)", item->customer_name, item->customer_id));
}

static const char *line_of(const struct today *t, const Amends__V1__WorkItem *item,
                           struct arena *arena)
{
    const bool owner = t->of_others && *item->owner_id;
    return must(arena_printf(arena, "%s  %s: %s, %s, severity %d%s%s",
                             today_when(item, &t->view, arena), today_what(item), who(item, arena),
                             item->failure_code, item->severity, owner ? ", owner " : "",
                             owner ? item->owner_id : ""));
}

static void print_item(struct today *t, const Amends__V1__WorkItem *item, struct arena *arena)
{
    if (item->overdue && t->overdue++ == 0)
        out_line("overdue");
    if (!item->overdue && t->due++ == 0) {
        if (t->overdue > 0)
            out_line("%s", "");
        out_line("today");
    }
    out_line("  %s", line_of(t, item, arena));
    out_line("    %s", today_command(item, arena));
}

/* How many items of the page belong to today and are to be shown. */
static size_t count_today(struct today *t, const Amends__V1__ListWorkResponse *r)
{
    const size_t shown = t->overdue + t->due;
    size_t n = 0;
    while (n < r->n_items && r->items[n]->due_time->seconds < t->end_s)
        n++;
    t->ended = n < r->n_items;
    t->more = !t->c->line->all && shown + n > SHOWN_MOST;
    return t->more ? SHOWN_MOST - shown : n;
}

/* Today is what it is where the reader is, by the server's time. */
static void take_page(struct today *t, Amends__V1__ListWorkResponse *r, struct arena *arena)
{
    if (t->end_s == 0) {
        t->view.now_s = r->server_time ? r->server_time->seconds : t->view.now_s;
        t->end_s = today_end_s(t->view.now_s);
    }
    t->any = t->any || r->n_items > 0;
    const size_t n = count_today(t, r);
    if (t->c->line->json) {
        r->n_items = n;
        out_json(&r->base);
        return;
    }
    for (size_t i = 0; i < n; i++)
        print_item(t, r->items[i], arena);
    if (t->ended && !t->more)
        t->next = must(arena_strdup(t->c->arena, line_of(t, r->items[n], arena)));
}

static void print_end(const struct today *t)
{
    const size_t shown = t->overdue + t->due;
    if (shown > 0)
        out_line("%s", "");
    if (shown > 0)
        out_line("%zu overdue, %zu due today%s", t->overdue, t->due,
                 t->more ? ", and more: --all shows all" : "");
    else if (t->any)
        out_line("nothing is due today");
    else if (t->of_others)
        out_line("nothing is to be done");
    else
        out_line("nothing is to be done by you; what waits at the desk: amendsctl today --level 1");
    if (t->next)
        out_line("next: %s", t->next);
}

/* -- pages ------------------------------------------------------------------------------------- */

/* One page, in memory of its own; the token of the next one, "" at the end. */
static int page(struct today *t, Amends__V1__ListWorkRequest *request, const char **token)
{
    struct arena arena;
    struct ctl own = *t->c;
    const ProtobufCMessage *reply = NULL;
    arena_init(&arena, PAGE_BYTES);
    own.arena = &arena;
    int code = ctl_call(&own, "ListWork", &request->base, &reply);
    if (code == 0) {
        Amends__V1__ListWorkResponse *r = (Amends__V1__ListWorkResponse *)(uintptr_t)reply;
        take_page(t, r, &arena);
        *token = must(arena_strdup(t->c->arena, r->next_page_token));
    }
    arena_free(&arena);
    return code;
}

int today_run(const struct ctl *c)
{
    Amends__V1__ListWorkRequest request = *(const Amends__V1__ListWorkRequest *)c->line->request;
    struct today t = {.c = c, .view = c->line->view};
    const char *token = "";
    int code = 0;
    t.of_others = *request.owner_id || *request.team || request.level;
    do {
        request.page_token = (char *)(uintptr_t)token;
        code = page(&t, &request, &token);
    } while (code == 0 && *token && !t.ended && !t.more && out_flush());
    if (code == 0 && !c->line->json)
        print_end(&t);
    return code;
}
