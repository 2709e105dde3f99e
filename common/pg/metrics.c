/* SPDX-License-Identifier: Apache-2.0 */
#include "pg/metrics.h"

#include <string.h>

static const char *const lanes[] = {"segment", "read", NULL};
static const char *const queues[] = {"call", "timer", "bulk", "read", NULL};
_Static_assert(sizeof(queues) / sizeof(queues[0]) == PG_QUEUES + 1,
               "each queue has a label, then NULL");
static const char *const trips[] = {"read_half", "write_half", "rollback", "plain", NULL};
_Static_assert(sizeof(trips) / sizeof(trips[0]) == PG_TRIPS + 1,
               "each trip has a label, then NULL");
static const char *const ends[] = {"committed", "nothing", "failed", "lost",
                                   "unknown",   "large",   NULL};
_Static_assert(sizeof(ends) / sizeof(ends[0]) == PG_SEGMENT_ENDS + 1,
               "each end has a label, then NULL");
static const char *const sizes[] = {"1", "2-3", "4-7", "8-15", "16-31", "32-63", "64", NULL};

#define METRIC(id, metric_name, metric_kind, label_name, values, text)                             \
    struct metric id = {.name = (metric_name),                                                     \
                        .help = (text),                                                            \
                        .kind = (metric_kind),                                                     \
                        .label = (label_name),                                                     \
                        .label_values = (values)}

METRIC(pg_metric_connections, "amends_pg_connections", METRIC_GAUGE, "lane", lanes,
       "Connections that are up.");
METRIC(pg_metric_connects, "amends_pg_connects_total", METRIC_COUNTER, NULL, NULL,
       "Connections that came up.");
METRIC(pg_metric_connect_failed, "amends_pg_connect_failures_total", METRIC_COUNTER, NULL, NULL,
       "Attempts to connect that failed.");
METRIC(pg_metric_lost, "amends_pg_connections_lost_total", METRIC_COUNTER, NULL, NULL,
       "Connections lost while they were up.");
METRIC(pg_metric_trips, "amends_pg_trips_total", METRIC_COUNTER, "kind", trips,
       "Round trips sent.");
METRIC(pg_metric_queue, "amends_pg_queue_length", METRIC_GAUGE, "queue", queues,
       "Commands and reads accepted and not yet answered.");
METRIC(pg_metric_queue_wait, "amends_pg_queue_wait_seconds", METRIC_HISTOGRAM, "queue", queues,
       "Time from acceptance until it was first sent.");
METRIC(pg_metric_shed, "amends_pg_shed_total", METRIC_COUNTER, "queue", queues,
       "Refused because the queue was full or the tenant over its share.");
METRIC(pg_metric_segments, "amends_pg_segments_total", METRIC_COUNTER, "end", ends,
       "Segments by how they ended.");
METRIC(pg_metric_members, "amends_pg_segment_members_total", METRIC_COUNTER, NULL, NULL,
       "Commands sent in segments, each attempt counted.");
METRIC(pg_metric_sizes, "amends_pg_segment_sizes_total", METRIC_COUNTER, "members", sizes,
       "Segments by the number of their commands.");
METRIC(pg_metric_segment_time, "amends_pg_segment_seconds", METRIC_HISTOGRAM, NULL, NULL,
       "Time from BEGIN until the segment ended.");
METRIC(pg_metric_commits_wait, "amends_pg_commits_wait", METRIC_GAUGE, NULL, NULL,
       "1 while commits wait for a synchronous standby: no write succeeds.");
METRIC(pg_metric_busy, "amends_pg_busy_keys_total", METRIC_COUNTER, NULL, NULL,
       "Commands sent back because somebody else held a key.");
METRIC(pg_metric_again, "amends_pg_again_total", METRIC_COUNTER, NULL, NULL,
       "Commands that asked to run again with other keys.");
METRIC(pg_metric_conflicts, "amends_pg_conflicts_total", METRIC_COUNTER, NULL, NULL,
       "Segments repeated after a conflict, a deadlock or a lock time-out.");
METRIC(pg_metric_bisects, "amends_pg_bisects_total", METRIC_COUNTER, NULL, NULL,
       "Segments cut in two to find a bad command.");
METRIC(pg_metric_unknown, "amends_pg_outcome_unknown_total", METRIC_COUNTER, NULL, NULL,
       "Commands whose outcome was unknown when the connection went.");
METRIC(pg_metric_bad, "amends_pg_bad_commands_total", METRIC_COUNTER, NULL, NULL,
       "Commands that failed alone and were answered INTERNAL.");
METRIC(pg_metric_bad_method, "amends_pg_bad_commands_by_method_total", METRIC_COUNTER, "method",
       NULL, "Commands that failed alone, by method.");
METRIC(pg_metric_read_retries, "amends_pg_read_retries_total", METRIC_COUNTER, NULL, NULL,
       "Reads repeated on another connection.");

static struct metric *const all[] = {
    &pg_metric_connections, &pg_metric_connects, &pg_metric_connect_failed, &pg_metric_lost,
    &pg_metric_trips,       &pg_metric_queue,    &pg_metric_queue_wait,     &pg_metric_shed,
    &pg_metric_segments,    &pg_metric_members,  &pg_metric_sizes,          &pg_metric_segment_time,
    &pg_metric_busy,        &pg_metric_again,    &pg_metric_conflicts,      &pg_metric_bisects,
    &pg_metric_unknown,     &pg_metric_bad,      &pg_metric_read_retries,   &pg_metric_commits_wait,
};

void pg_metrics_register(const char *const *methods)
{
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
        metric_register(all[i]);
    if (!methods || pg_metric_bad_method.label_values)
        return;
    pg_metric_bad_method.label_values = methods;
    metric_register(&pg_metric_bad_method);
}

void pg_metrics_size(size_t members)
{
    size_t bucket = 0;
    while (bucket < 6 && members >= (size_t)2 << bucket)
        bucket++;
    metric_add(&pg_metric_sizes, bucket, 1);
    metric_add(&pg_metric_members, 0, (int64_t)members);
}

void pg_metrics_bad(const char *method)
{
    const char *const *known = pg_metric_bad_method.label_values;
    metric_add(&pg_metric_bad, 0, 1);
    for (size_t i = 0; known && known[i]; i++)
        if (strcmp(known[i], method) == 0)
            metric_add(&pg_metric_bad_method, i, 1);
}
