/* SPDX-License-Identifier: Apache-2.0 */
#include "resolution/decide/promise_time.h"

#include <string.h>

#include "base/time.h"
#include "contract/timestamp.h"
#include "case/model/decision.h"

#define DATE_CHARS 10

/* -- wall times -------------------------------------------------------------------------------- */

/* Two digits; -1 when they are none. */
static int two_digits(const char *text)
{
    if (text[0] < '0' || text[0] > '9' || text[1] < '0' || text[1] > '9')
        return -1;
    return (text[0] - '0') * 10 + (text[1] - '0');
}

/* "17:00" or "17:00:30". */
static int parse_time_of_day(const char *text, int64_t *seconds)
{
    size_t len = strlen(text);
    if ((len != 5 && len != 8) || text[2] != ':' || (len == 8 && text[5] != ':'))
        return AM_EINVAL;
    int hour = two_digits(text);
    int minute = two_digits(text + 3);
    int second = len == 8 ? two_digits(text + 6) : 0;
    if (hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 59)
        return AM_EINVAL;
    *seconds = hour * 3600 + minute * 60 + second;
    return AM_OK;
}

int promise_wall_time_parse(const char *text, int64_t *wall_s)
{
    char day[DATE_CHARS + 1] = "";
    int32_t date;
    int64_t seconds;
    if (strlen(text) <= DATE_CHARS || text[DATE_CHARS] != 'T')
        return AM_EINVAL;
    memcpy(day, text, DATE_CHARS);
    if (calendar_date_parse(day, &date) != AM_OK ||
        parse_time_of_day(text + DATE_CHARS + 1, &seconds) != AM_OK)
        return AM_EINVAL;
    *wall_s = (int64_t)date * CALENDAR_DAY_S + seconds;
    return AM_OK;
}

/* -- instants ---------------------------------------------------------------------------------- */

/* When the promise is due: the promised instant, or the latest one before it that lies within the
 * hours. */
static int64_t due_of(struct decision *d, const struct calendar *hours, int64_t at_us,
                      const char *field)
{
    struct fault *f = &d->cmd->fault;
    int64_t due_us = calendar_last_open(hours, at_us);
    if (due_us > d->now_us)
        return due_us;
    int64_t opens_us = calendar_add(hours, at_us, 1) - 1;
    fault_violation(f, field,
                    "leaves no hours before it in which this customer may be contacted; the next "
                    "begin at %s",
                    timestamp_text(opens_us, f->arena));
    return 0;
}

static const struct calendar *contact_hours(const struct decision *d)
{
    const struct policy *p = d->policy;
    const struct zone *zone =
        policy_zone(p, p->contact_calendar, p->contact_customer_zone, d->c->row.time_zone);
    return p->contact_calendar >= 0 ? policy_calendar_in(p, p->contact_calendar, zone) : NULL;
}

static int64_t ahead_max_us(const struct policy *p)
{
    int64_t ms = p->promise_ahead_max_ms > 0 ? p->promise_ahead_max_ms : POLICY_DURATION_MAX_MS;
    return ms * US_PER_MS;
}

bool promise_instants(struct decision *d, const Google__Protobuf__Timestamp *promise_time,
                      const char *local_time, struct promised *out)
{
    struct fault *f = &d->cmd->fault;
    const char *field = promise_time ? "promise_time" : "local_time";
    int64_t wall_s = 0;
    out->at_us = timestamp_us(promise_time);
    if (!promise_time && promise_wall_time_parse(local_time, &wall_s) == AM_OK)
        out->at_us =
            US_PER_S * zone_instant_s(policy_zone(d->policy, -1, true, d->c->row.time_zone), wall_s,
                                      ZONE_FIRST);
    if (out->at_us <= d->now_us) {
        fault_violation(f, field, "is not in the future");
        return false;
    }
    if (out->at_us - d->now_us > ahead_max_us(d->policy)) {
        fault_violation(f, field, "is too far ahead: by policy it may be %s at the latest",
                        timestamp_text(d->now_us + ahead_max_us(d->policy), f->arena));
        return false;
    }
    out->due_us = due_of(d, contact_hours(d), out->at_us, field);
    return out->due_us != 0;
}
