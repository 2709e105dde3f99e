/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Metrics of PostgreSQL connections, reads and segments.
 *
 * Threading: any thread. Ownership: the metrics are static.
 */

#include "base/metrics.h"

/* Labels of pg_metric_queue and pg_metric_shed: the segment classes in the order of enum
 * pg_seg_class, then reads. */
enum pg_queue_label { PG_QUEUE_CALL, PG_QUEUE_TIMER, PG_QUEUE_BULK, PG_QUEUE_READ, PG_QUEUES };

enum pg_segment_label {
    PG_SEGMENT_COMMITTED,
    PG_SEGMENT_NOTHING, /* nobody had something to write */
    PG_SEGMENT_FAILED,  /* an error; its commands run again or were answered with a fault */
    PG_SEGMENT_LOST,    /* the connection went, nothing was committed */
    PG_SEGMENT_UNKNOWN, /* the connection went after COMMIT was sent */
    PG_SEGMENT_LARGE,   /* its commands read too much together, and run again in smaller company */
    PG_SEGMENT_ENDS
};

enum pg_trip_label {
    PG_TRIP_READ_HALF,
    PG_TRIP_WRITE_HALF,
    PG_TRIP_ROLLBACK,
    PG_TRIP_PLAIN,
    PG_TRIPS
};

extern struct metric pg_metric_connections, pg_metric_connects, pg_metric_connect_failed,
    pg_metric_lost;
extern struct metric pg_metric_trips, pg_metric_queue, pg_metric_queue_wait, pg_metric_shed;
extern struct metric pg_metric_segments, pg_metric_members, pg_metric_sizes, pg_metric_segment_time;
extern struct metric pg_metric_busy, pg_metric_again, pg_metric_conflicts, pg_metric_bisects;
extern struct metric pg_metric_commits_wait;
extern struct metric pg_metric_unknown, pg_metric_bad, pg_metric_bad_method, pg_metric_read_retries;

/* Registers all. `methods` (NULL-terminated, at most 64, or NULL) are the label values of the bad
 * commands' counter. */
void pg_metrics_register(const char *const *methods);

/* Counts a segment of `members` commands. */
void pg_metrics_size(size_t members);

/* Counts a command that failed alone. */
void pg_metrics_bad(const char *method);
