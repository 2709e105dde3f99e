/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/build.h"

#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "policy/layouts.h"

#define POLICY_MAGIC 0x9011c701u
/* More than any bundle within its bounds makes: 16 calendars of 4,096 holidays are the most. */
#define POLICY_ARENA_BYTES (64u << 20)

/* A policy has no NULL texts. */
static const char *keep(struct policy *p, const char *text)
{
    char *copy = arena_strdup(&p->arena, text ? text : "");
    AM_ASSERT(copy != NULL);
    return copy;
}

/* A copy of `n` items of `size` bytes; NULL for none. */
static void *keep_array(struct policy *p, const void *items, size_t size, size_t n)
{
    if (n == 0)
        return NULL;
    void *copy = arena_dup(&p->arena, items, size * n);
    AM_ASSERT(copy != NULL);
    return copy;
}

struct policy *policy_new(int32_t version)
{
    struct policy *p = calloc(1, sizeof(*p));
    AM_ASSERT(p != NULL);
    p->magic = POLICY_MAGIC;
    p->version = version;
    p->refusal_path = p->refusal = "";
    p->currency = p->mail_from = "";
    p->zone = zone_get("UTC");
    p->contact_calendar = -1;
    p->notify = (struct policy_telling){.hours = -1, .link = "", .webhook = ""};
    p->layouts = layouts_new();
    arena_init(&p->arena, POLICY_ARENA_BYTES);
    return p;
}

int policy_add_level(struct policy *p, const struct policy_level *level)
{
    AM_ASSERT(p->magic == POLICY_MAGIC);
    if (p->n_levels == POLICY_LEVELS_MAX)
        return AM_ENOMEM;
    struct policy_level *l = &p->levels[++p->n_levels];
    *l = *level;
    l->name = keep(p, level->name);
    l->steward = keep(p, level->steward);
    l->steward_name = keep(p, level->steward_name);
    l->steward_contact = keep(p, level->steward_contact);
    l->steward_hours = keep(p, level->steward_hours);
    l->steward_email = keep(p, level->steward_email);
    l->steward_webhook = keep(p, level->steward_webhook);
    l->steward_language = keep(p, level->steward_language);
    return AM_OK;
}

int policy_add_failure(struct policy *p, const struct policy_failure *failure)
{
    AM_ASSERT(p->magic == POLICY_MAGIC);
    if (p->n_failures == POLICY_FAILURES_MAX)
        return AM_ENOMEM;
    struct policy_failure *f = &p->failures[p->n_failures++];
    *f = *failure;
    f->code = keep(p, failure->code);
    f->name = keep(p, failure->name);
    f->skill = keep(p, failure->skill);
    return AM_OK;
}

int policy_add_tier(struct policy *p, const char *name)
{
    AM_ASSERT(p->magic == POLICY_MAGIC);
    if (p->n_tiers == POLICY_TIERS_MAX)
        return AM_ENOMEM;
    p->tiers[p->n_tiers++] = keep(p, name);
    return AM_OK;
}

static const struct calendar_holiday *keep_holidays(struct policy *p,
                                                    const struct calendar_spec *spec)
{
    struct calendar_holiday *copy = keep_array(p, spec->holidays, sizeof(*copy), spec->n_holidays);
    for (size_t i = 0; i < spec->n_holidays; i++)
        copy[i].name = keep(p, spec->holidays[i].name);
    return copy;
}

int policy_add_calendar(struct policy *p, const struct policy_calendar *calendar)
{
    AM_ASSERT(p->magic == POLICY_MAGIC);
    if (p->n_calendars == POLICY_CALENDARS_MAX)
        return AM_ENOMEM;
    struct policy_calendar *c = &p->calendars[p->n_calendars++];
    *c = *calendar;
    c->name = keep(p, calendar->name);
    const struct calendar_spec *spec = &calendar->spec;
    c->spec.windows = keep_array(p, spec->windows, sizeof(*spec->windows), spec->n_windows);
    c->spec.days = keep_array(p, spec->days, sizeof(*spec->days), spec->n_days);
    c->spec.holidays = keep_holidays(p, spec);
    return AM_OK;
}

static void keep_condition(struct policy *p, struct policy_condition *c)
{
    c->boxes = keep_array(p, c->boxes, sizeof(*c->boxes), c->n);
}

int policy_add_clock(struct policy *p, const struct policy_clock *clock)
{
    AM_ASSERT(p->magic == POLICY_MAGIC);
    if (p->n_clocks == POLICY_CLOCKS_MAX)
        return AM_ENOMEM;
    struct policy_clock *c = &p->clocks[p->n_clocks++];
    *c = *clock;
    c->name = keep(p, clock->name);
    struct policy_condition *const conditions[] = {&c->start, &c->stop,  &c->cancel,
                                                   &c->reset, &c->pause, &c->resume};
    for (size_t i = 0; i < sizeof(conditions) / sizeof(conditions[0]); i++)
        keep_condition(p, conditions[i]);
    c->targets = keep_array(p, clock->targets, sizeof(*clock->targets), clock->n_targets);
    for (size_t i = 0; i < c->n_targets; i++)
        keep_condition(p, &c->targets[i].when);
    c->thresholds =
        keep_array(p, clock->thresholds, sizeof(*clock->thresholds), clock->n_thresholds);
    return AM_OK;
}

void policy_set_texts(struct policy *p, const char *mail_from, const struct policy_text *texts,
                      size_t n)
{
    struct policy_text *copy = keep_array(p, texts, sizeof(*copy), n);
    for (size_t i = 0; i < n; i++) {
        copy[i].language = keep(p, texts[i].language);
        copy[i].subject = keep(p, texts[i].subject);
        copy[i].text = keep(p, texts[i].text);
        copy[i].line = keep(p, texts[i].line);
    }
    p->mail_from = keep(p, mail_from);
    p->texts = copy;
    p->n_texts = n;
}

void policy_set_notify(struct policy *p, const struct policy_telling *notify)
{
    AM_ASSERT(p->magic == POLICY_MAGIC);
    p->notify = *notify;
    p->notify.link = keep(p, notify->link);
    p->notify.webhook = keep(p, notify->webhook);
}

static int by_code(const void *a, const void *b)
{
    const struct policy_failure *x = a;
    const struct policy_failure *y = b;
    return strcmp(x->code, y->code);
}

void policy_sort_failures(struct policy *p)
{
    qsort(p->failures, p->n_failures, sizeof(p->failures[0]), by_code);
}

void policy_free(struct policy *p)
{
    if (!p)
        return;
    AM_ASSERT(p->magic == POLICY_MAGIC);
    layouts_free(p->layouts);
    arena_free(&p->arena);
    p->magic = 0;
    free(p);
}
