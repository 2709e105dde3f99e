/* SPDX-License-Identifier: Apache-2.0 */

#include "base/metrics.h"
#include "redis/client.h"

static const char *const events[] = {"connect", "lost", "refused", "reload", NULL};
_Static_assert(sizeof(events) / sizeof(events[0]) == EVENTS + 1,
               "each event has a label, then NULL");

static METRIC_DEFINE(up_gauge, METRIC_GAUGE, "amends_redis_up_state", "1 while Redis is used.");
static METRIC_DEFINE_LABEL(events_total, METRIC_COUNTER, "amends_redis_events_total",
                           "What happened to the connection.", "event", events);
static METRIC_DEFINE(commands_total, METRIC_COUNTER, "amends_redis_commands_total",
                     "Commands sent.");
static METRIC_DEFINE(away_total, METRIC_COUNTER, "amends_redis_away_total",
                     "Commands without a reply: away, late or too many outstanding.");
static METRIC_DEFINE(errors_total, METRIC_COUNTER, "amends_redis_errors_total",
                     "Commands that the server refused.");

void redis_metrics_register(void)
{
    metric_register(&up_gauge);
    metric_register(&events_total);
    metric_register(&commands_total);
    metric_register(&away_total);
    metric_register(&errors_total);
}

/* A process may have several clients of one server. */
void redis_metrics_up(bool up)
{
    static int n_up;
    n_up += up ? 1 : -1;
    metric_set(&up_gauge, 0, n_up > 0);
}

void redis_metrics_event(enum redis_event e)
{
    metric_add(&events_total, e, 1);
}

void redis_metrics_command(void)
{
    metric_add(&commands_total, 0, 1);
}

void redis_metrics_away(void)
{
    metric_add(&away_total, 0, 1);
}

void redis_metrics_error(void)
{
    metric_add(&errors_total, 0, 1);
}
