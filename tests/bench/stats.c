/* SPDX-License-Identifier: Apache-2.0 */

#include "stats.h"

#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "base/time.h"

void stats_free(struct stats *s)
{
    free(s->latencies_us);
    *s = (struct stats){0};
}

static void add(struct stats *s, uint32_t us)
{
    if (s->n == s->cap) {
        s->cap = s->cap ? 2 * s->cap : 4096;
        s->latencies_us = realloc(s->latencies_us, s->cap * sizeof(*s->latencies_us));
        AM_ASSERT(s->latencies_us != NULL);
    }
    s->latencies_us[s->n++] = us;
}

static void add_error(struct stats *s, size_t code, const char *text)
{
    if (s->n_errors++ == 0)
        (void)snprintf(s->first_error, sizeof(s->first_error), "%s", text);
    s->errors[code < STATS_CODES ? code : STATS_CODES - 1]++;
}

void stats_ended(struct stats *s, int64_t begin_us, enum fault_code code, const char *message)
{
    int64_t now = time_mono_us();
    int64_t took = now - begin_us;
    if (code != FAULT_OK)
        add_error(s, (size_t)code, message);
    else if (now >= s->from_us && now < s->until_us)
        add(s, took < UINT32_MAX ? (uint32_t)took : UINT32_MAX);
}

void stats_refused(struct stats *s, int err)
{
    add_error(s, 0, err_text(err));
}

void stats_merge(struct stats *s, const struct stats *from)
{
    for (size_t i = 0; i < from->n; i++)
        add(s, from->latencies_us[i]);
    for (size_t i = 0; i < STATS_CODES; i++)
        s->errors[i] += from->errors[i];
    if (s->n_errors == 0)
        memcpy(s->first_error, from->first_error, sizeof(s->first_error));
    s->n_errors += from->n_errors;
    s->from_us = from->from_us;
    s->until_us = from->until_us;
}

static int compare(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

static double quantile_ms(const struct stats *s, double q)
{
    if (s->n == 0)
        return 0;
    size_t at = (size_t)(q * (double)s->n);
    return s->latencies_us[at < s->n ? at : s->n - 1] / 1000.0;
}

/* A message may hold anything: only what needs no escape is shown. */
static void print_text(const char *text, FILE *out)
{
    for (; *text; text++)
        (void)fputc(*text == '"' || *text == '\\' || (unsigned char)*text < ' ' ? '\'' : *text,
                    out);
}

static void print_errors(const struct stats *s, FILE *out)
{
    const char *comma = "";
    (void)fprintf(out, ", \"errors\": {");
    for (size_t i = 0; i < STATS_CODES; i++) {
        if (s->errors[i] == 0)
            continue;
        (void)fprintf(out, "%s\"%zu\": %zu", comma, i, s->errors[i]);
        comma = ", ";
    }
    (void)fprintf(out, "}, \"first_error\": \"");
    print_text(s->first_error, out);
    (void)fprintf(out, "\"}");
}

void stats_print(struct stats *s, FILE *out)
{
    double seconds = (double)(s->until_us - s->from_us) / (double)US_PER_S;
    if (s->n)
        qsort(s->latencies_us, s->n, sizeof(*s->latencies_us), compare);
    (void)fprintf(out, "{\"calls\": %zu, \"seconds\": %.3f, \"per_second\": %.1f", s->n, seconds,
                  seconds > 0 ? (double)s->n / seconds : 0);
    (void)fprintf(out, ", \"p50_ms\": %.3f, \"p90_ms\": %.3f, \"p99_ms\": %.3f, \"max_ms\": %.3f",
                  quantile_ms(s, 0.5), quantile_ms(s, 0.9), quantile_ms(s, 0.99),
                  quantile_ms(s, 1.0));
    print_errors(s, out);
}
