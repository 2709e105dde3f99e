/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Logs: one JSON object a line on standard error, with time, level, service, area, event and the
 * pairs given. `tenant` may be one of the pairs; personal data must never be. Each (area, event) is
 * limited to 10 lines a second; the next line says how many were left out (`left_out`). A line has
 * at most 4 KiB: what does not fit is left out, and `cut` is true. Bytes that are not UTF-8 become
 * U+FFFD.
 *
 * Threading: any thread; one write(2) a line. Ownership: texts are borrowed for the call.
 */

#include <stdint.h>

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR, LOG_LEVELS };

enum log_type { LOG_END_, LOG_STR_, LOG_INT_ };

struct log_pair {
    enum log_type type;
    const char *key;
    const char *str;
    int64_t num;
};

#define LOG_STR(k, v) ((struct log_pair){.type = LOG_STR_, .key = (k), .str = (v)})
#define LOG_INT(k, v) ((struct log_pair){.type = LOG_INT_, .key = (k), .num = (v)})

/* For example: log_info("pg", "connected", LOG_STR("host", host), LOG_INT("port", port)); */
#define log_at(level, area, event, ...)                                                            \
    log_write((level), (area), (event), (const struct log_pair[]){__VA_ARGS__ __VA_OPT__(, ){0}})
#define log_debug(area, event, ...) log_at(LOG_DEBUG, area, event, __VA_ARGS__)
#define log_info(area, event, ...) log_at(LOG_INFO, area, event, __VA_ARGS__)
#define log_warn(area, event, ...) log_at(LOG_WARN, area, event, __VA_ARGS__)
#define log_error(area, event, ...) log_at(LOG_ERROR, area, event, __VA_ARGS__)

/* Sets the lowest level written and the `service` field of every line. Called once, before threads
 * start. */
void log_setup(enum log_level lowest, const char *service);

/* `pairs` ends with a zero element. */
void log_write(enum log_level level, const char *area, const char *event,
               const struct log_pair *pairs);

/* "debug" | "info" | "warn" | "error"; returns -1 for another word. */
int log_level_parse(const char *word);
