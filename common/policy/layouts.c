/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/layouts.h"

#include <stdlib.h>

#include "base/assert.h"
#include "calendar/zone_needed.h"
#include "policy/policy.h"

struct layout {
    int index;
    const struct zone *zone;
    struct calendar *calendar; /* NULL: it has no working time there */
    uint64_t used;
};

struct policy_layouts {
    size_t n;
    uint64_t uses;
    struct layout items[POLICY_LAYOUTS_MAX];
};

struct policy_layouts *layouts_new(void)
{
    struct policy_layouts *l = calloc(1, sizeof(*l));
    AM_ASSERT(l);
    return l;
}

void layouts_free(struct policy_layouts *l)
{
    if (!l)
        return;
    for (size_t i = 0; i < l->n; i++)
        calendar_free(l->items[i].calendar);
    free(l);
}

static struct layout *find(struct policy_layouts *l, int index, const struct zone *zone)
{
    for (size_t i = 0; i < l->n; i++)
        if (l->items[i].index == index && l->items[i].zone == zone)
            return &l->items[i];
    return NULL;
}

/* A free place, or that of the one used longest ago. */
static struct layout *make_room(struct policy_layouts *l)
{
    if (l->n < POLICY_LAYOUTS_MAX)
        return &l->items[l->n++];
    struct layout *oldest = &l->items[0];
    for (size_t i = 1; i < l->n; i++)
        if (l->items[i].used < oldest->used)
            oldest = &l->items[i];
    calendar_free(oldest->calendar);
    return oldest;
}

static const struct calendar *laid_out(const struct policy *p, int index, const struct zone *zone)
{
    struct policy_layouts *l = p->layouts;
    struct layout *item = find(l, index, zone);
    if (!item) {
        int no_work_year;
        item = make_room(l);
        item->index = index;
        item->zone = zone;
        item->calendar = calendar_new(&p->calendars[index].spec, zone, &no_work_year);
    }
    item->used = ++l->uses;
    return item->calendar;
}

const struct zone *policy_zone(const struct policy *p, int calendar, bool customer_zone,
                               const char *customer_zone_name)
{
    const struct zone *zone = NULL;
    if (customer_zone && customer_zone_name && customer_zone_name[0] != '\0')
        zone = zone_needed(customer_zone_name);
    if (!zone && calendar >= 0 && (size_t)calendar < p->n_calendars)
        zone = p->calendars[calendar].zone;
    return zone ? zone : p->zone;
}

const struct calendar *policy_calendar_in(const struct policy *p, int index,
                                          const struct zone *zone)
{
    if (index < 0 || (size_t)index >= p->n_calendars)
        return NULL;
    /* The compiler refuses a calendar without working time in its own zone. Windows of minutes
     * could all fall into the gaps of a customer's: then its own zone's hours hold. */
    const struct calendar *c = laid_out(p, index, zone);
    return c ? c : laid_out(p, index, policy_zone(p, index, false, NULL));
}
