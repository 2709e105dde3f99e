/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Metrics: counters, gauges and histograms in static storage, atomics only, listed in Prometheus
 * text form 0.0.4. Declare with METRIC_*; register once at start. A metric with a label has one
 * cell for each of a fixed list of values.
 *
 * Threading: any thread updates; metrics_render() reads while others write. Ownership: metrics are
 * static, for the life of the process; texts are constants.
 */

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

enum metric_kind { METRIC_COUNTER, METRIC_GAUGE, METRIC_HISTOGRAM, METRIC_KINDS };

/* A histogram counts microseconds; the upper bound of bucket i is 2^i * 16 us. They are shown in
 * seconds. */
#define METRIC_BUCKETS 24

struct metric {
    const char *name; /* amends_<area>_<what>_<unit>[_total] */
    const char *help;
    enum metric_kind kind;
    const char *label;               /* NULL or the label's name */
    const char *const *label_values; /* NULL-terminated, at most 128 */
    /* A second label, or NULL. Only cells that are not 0 are shown then, because most pairs of
     * values never happen. */
    const char *label2;
    const char *const *label2_values;
    size_t n_values, n_values2; /* counted at registration; 1 without the label */
    /* A counter or gauge has one cell for each label value, a histogram METRIC_BUCKETS + 2. */
    _Atomic int64_t *cells;
    struct metric *next;
};

/* For example:
 *
 *   static METRIC_DEFINE(opened, METRIC_COUNTER, "amends_intake_cases_opened_total",
 *                        "Cases opened.");
 */
#define METRIC_DEFINE(var, metric_kind_, metric_name, metric_help)                                 \
    struct metric var = {.name = (metric_name), .help = (metric_help), .kind = (metric_kind_)}

/* As METRIC_DEFINE, with a label and its NULL-terminated values. */
#define METRIC_DEFINE_LABEL(var, metric_kind_, metric_name, metric_help, label_name, values)       \
    struct metric var = {.name = (metric_name),                                                    \
                         .help = (metric_help),                                                    \
                         .kind = (metric_kind_),                                                   \
                         .label = (label_name),                                                    \
                         .label_values = (values)}

/* The same with two labels; the cell of a pair is metric_pair(). */
#define METRIC_DEFINE_LABEL2(var, metric_kind_, metric_name, metric_help, label_name, values,      \
                             label2_name, values2)                                                 \
    struct metric var = {.name = (metric_name),                                                    \
                         .help = (metric_help),                                                    \
                         .kind = (metric_kind_),                                                   \
                         .label = (label_name),                                                    \
                         .label_values = (values),                                                 \
                         .label2 = (label2_name),                                                  \
                         .label2_values = (values2)}

/* Adds the metric to the list, in order of registration; allocates its cells. Registering twice is
 * harmless; two metrics of one name, or more than 128 label values, are a bug and end the process.
 * Before it is registered, updates of a metric are dropped. */
void metric_register(struct metric *m);

/* The label index of a pair of values, for a metric with two labels. */
size_t metric_pair(const struct metric *m, size_t value, size_t value2);

/* Counter and gauge: adds `delta` (a counter's is never negative). `label_index` is 0 without a
 * label; one past the list is a bug and ends the process. */
void metric_add(struct metric *m, size_t label_index, int64_t delta);

/* Gauge: sets the value. */
void metric_set(struct metric *m, size_t label_index, int64_t value);

/* Histogram: counts one duration in microseconds; a negative one counts as 0. */
void metric_observe_us(struct metric *m, size_t label_index, int64_t us);

/* Counter and gauge: the value. Histogram: how many were observed. 0 before it is registered. */
int64_t metric_get(const struct metric *m, size_t label_index);

/* Writes the text form into a fresh buffer that the caller frees; sets *len. */
char *metrics_render(size_t *len);
