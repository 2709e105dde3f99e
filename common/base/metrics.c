/* SPDX-License-Identifier: Apache-2.0 */
#include "base/metrics.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"

#define LABEL_VALUES_MAX 128
#define FIRST_BOUND_US 16
/* The cells of a histogram: its buckets, then what is past the last bound, then the sum in
 * microseconds. */
#define CELL_OVER METRIC_BUCKETS
#define CELL_SUM (METRIC_BUCKETS + 1)
#define HISTOGRAM_CELLS (METRIC_BUCKETS + 2)

static pthread_mutex_t list_mutex = PTHREAD_MUTEX_INITIALIZER;
static struct metric *first;

static size_t count_values(const char *label, const char *const *values)
{
    size_t n = 0;
    if (!label)
        return 1;
    while (values[n])
        n++;
    AM_ASSERT(n >= 1 && n <= LABEL_VALUES_MAX);
    return n;
}

static size_t label_count(const struct metric *m)
{
    return m->n_values * m->n_values2;
}

static size_t cells_each(const struct metric *m)
{
    return m->kind == METRIC_HISTOGRAM ? HISTOGRAM_CELLS : 1;
}

static void chain_metric(struct metric *m)
{
    m->n_values = count_values(m->label, m->label_values);
    m->n_values2 = count_values(m->label2, m->label2_values);
    struct metric **at = &first;
    for (; *at; at = &(*at)->next)
        AM_ASSERT(strcmp((*at)->name, m->name) != 0);
    m->cells = calloc(label_count(m) * cells_each(m), sizeof(*m->cells));
    AM_ASSERT(m->cells != NULL);
    m->next = NULL;
    *at = m;
}

void metric_register(struct metric *m)
{
    (void)pthread_mutex_lock(&list_mutex);
    if (!m->cells)
        chain_metric(m);
    (void)pthread_mutex_unlock(&list_mutex);
}

size_t metric_pair(const struct metric *m, size_t value, size_t value2)
{
    AM_ASSERT(!m->cells || (value < m->n_values && value2 < m->n_values2));
    return value * m->n_values2 + value2;
}

static _Atomic int64_t *cells_of(const struct metric *m, size_t label_index)
{
    if (!m->cells)
        return NULL;
    AM_ASSERT(label_index < label_count(m));
    return m->cells + label_index * cells_each(m);
}

static void add_to_cell(_Atomic int64_t *cell, int64_t delta)
{
    (void)atomic_fetch_add_explicit(cell, delta, memory_order_relaxed);
}

void metric_add(struct metric *m, size_t label_index, int64_t delta)
{
    AM_ASSERT(m->kind == METRIC_GAUGE || (m->kind == METRIC_COUNTER && delta >= 0));
    _Atomic int64_t *cell = cells_of(m, label_index);
    if (cell)
        add_to_cell(cell, delta);
}

void metric_set(struct metric *m, size_t label_index, int64_t value)
{
    AM_ASSERT(m->kind == METRIC_GAUGE);
    _Atomic int64_t *cell = cells_of(m, label_index);
    if (cell)
        atomic_store_explicit(cell, value, memory_order_relaxed);
}

/* The first bucket whose upper bound, FIRST_BOUND_US << i, is not below `us`. */
static size_t bucket_of(int64_t us)
{
    size_t i = 0;
    while (i < METRIC_BUCKETS && us > (int64_t)FIRST_BOUND_US << i)
        i++;
    return i;
}

void metric_observe_us(struct metric *m, size_t label_index, int64_t us)
{
    AM_ASSERT(m->kind == METRIC_HISTOGRAM);
    _Atomic int64_t *cells = cells_of(m, label_index);
    if (!cells)
        return;
    if (us < 0)
        us = 0;
    add_to_cell(cells + bucket_of(us), 1);
    add_to_cell(cells + CELL_SUM, us);
}

static int64_t load_cell(const _Atomic int64_t *cell)
{
    return atomic_load_explicit(cell, memory_order_relaxed);
}

int64_t metric_get(const struct metric *m, size_t label_index)
{
    const _Atomic int64_t *cells = cells_of(m, label_index);
    if (!cells || m->kind != METRIC_HISTOGRAM)
        return cells ? load_cell(cells) : 0;
    int64_t count = 0;
    for (size_t i = 0; i <= CELL_OVER; i++)
        count += load_cell(cells + i);
    return count;
}

/* HELP text escapes backslash and newline; a label's value the double quote as well. */
static void print_escaped(FILE *out, const char *s, bool quoted)
{
    for (; *s; s++) {
        if (*s == '\n')
            (void)fputs("\\n", out);
        else if (*s == '\\' || (quoted && *s == '"'))
            (void)fprintf(out, "\\%c", *s);
        else
            (void)fputc(*s, out);
    }
}

static void print_label(FILE *out, const char *before, const char *label, const char *value)
{
    (void)fprintf(out, "%s%s=\"", before, label);
    print_escaped(out, value, true);
    (void)fputc('"', out);
}

/* Prints `{label="value",label2="value2",le="bound"}` of whatever there is of it. */
static void print_labels(FILE *out, const struct metric *m, size_t index, const char *bound)
{
    if (!m->label && !bound)
        return;
    const char *before = "{";
    if (m->label) {
        print_label(out, before, m->label, m->label_values[index / m->n_values2]);
        before = ",";
    }
    if (m->label2)
        print_label(out, before, m->label2, m->label2_values[index % m->n_values2]);
    if (bound)
        print_label(out, before, "le", bound);
    (void)fputc('}', out);
}

static void print_sample(FILE *out, const struct metric *m, const char *suffix, size_t index,
                         const char *bound)
{
    (void)fprintf(out, "%s%s", m->name, suffix);
    print_labels(out, m, index, bound);
    (void)fputc(' ', out);
}

/* Microseconds as seconds. A sum of integers, so never rounded. */
static void format_seconds(char *text, size_t size, int64_t us)
{
    (void)snprintf(text, size, "%lld.%06lld", (long long)(us / 1000000), (long long)(us % 1000000));
}

static void print_histogram(FILE *out, const struct metric *m, size_t index)
{
    const _Atomic int64_t *cells = cells_of(m, index);
    char text[40];
    int64_t count = 0;
    for (size_t i = 0; i < METRIC_BUCKETS; i++) {
        count += load_cell(cells + i);
        format_seconds(text, sizeof(text), (int64_t)FIRST_BOUND_US << i);
        print_sample(out, m, "_bucket", index, text);
        (void)fprintf(out, "%lld\n", (long long)count);
    }
    count += load_cell(cells + CELL_OVER);
    print_sample(out, m, "_bucket", index, "+Inf");
    (void)fprintf(out, "%lld\n", (long long)count);
    format_seconds(text, sizeof(text), load_cell(cells + CELL_SUM));
    print_sample(out, m, "_sum", index, NULL);
    (void)fprintf(out, "%s\n", text);
    print_sample(out, m, "_count", index, NULL);
    (void)fprintf(out, "%lld\n", (long long)count);
}

static void print_metric(FILE *out, const struct metric *m)
{
    static const char *const kinds[] = {"counter", "gauge", "histogram"};
    _Static_assert(sizeof(kinds) / sizeof(kinds[0]) == METRIC_KINDS, "each kind has a name");
    (void)fprintf(out, "# HELP %s ", m->name);
    print_escaped(out, m->help, false);
    (void)fprintf(out, "\n# TYPE %s %s\n", m->name, kinds[m->kind]);
    for (size_t i = 0; i < label_count(m); i++) {
        if (m->label2 && metric_get(m, i) == 0)
            continue;
        if (m->kind == METRIC_HISTOGRAM) {
            print_histogram(out, m, i);
            continue;
        }
        print_sample(out, m, "", i, NULL);
        (void)fprintf(out, "%lld\n", (long long)load_cell(cells_of(m, i)));
    }
}

char *metrics_render(size_t *len)
{
    char *text = NULL;
    FILE *out = open_memstream(&text, len);
    AM_ASSERT(out != NULL);
    (void)pthread_mutex_lock(&list_mutex);
    for (const struct metric *m = first; m; m = m->next)
        print_metric(out, m);
    (void)pthread_mutex_unlock(&list_mutex);
    AM_ASSERT(fclose(out) == 0);
    return text;
}
