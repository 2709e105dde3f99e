/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads calendars and questions from standard input, a line each, and prints the answers, for
 * zoneinfo_check.py. A calendar:
 *
 *   zone NAME                        begins it
 *   window WEEKDAY FROM UNTIL        seconds of the day
 *   day DATE FROM UNTIL              DATE: days since 1970
 *   holiday DATE FROM UNTIL YEARLY NAME
 *   build                            lays it out; answers "ok", or "none YEAR"
 *
 * and questions, instants in microseconds:
 *
 *   add FROM WORK    subtract UNTIL WORK    between FROM UNTIL    open AT    offset AT_S
 *   parts FROM UNTIL      answers a line "KIND FROM UNTIL OFFSET OFFSET NAME" each, then "end"
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "calendar/calendar.h"

static struct {
    const struct zone *zone;
    struct calendar_window windows[CALENDAR_WINDOWS_MAX];
    struct calendar_day days[CALENDAR_DATES_MAX];
    struct calendar_holiday holidays[64];
    char names[64][16];
    struct calendar_spec spec;
    struct calendar *calendar;
} now;

static void begin(const char *zone)
{
    calendar_free(now.calendar);
    now.calendar = NULL;
    now.zone = zone_get(zone);
    now.spec =
        (struct calendar_spec){.windows = now.windows, .days = now.days, .holidays = now.holidays};
}

static void build(void)
{
    int year = 0;
    now.calendar = now.zone ? calendar_new(&now.spec, now.zone, &year) : NULL;
    if (now.calendar)
        puts("ok");
    else
        printf("none %d\n", year);
}

static void parts(int64_t from_us, int64_t until_us)
{
    static const char *const KINDS[] = {"working", "closed", "holiday"};
    while (from_us < until_us) {
        struct calendar_part p = calendar_part_at(now.calendar, from_us, until_us);
        printf("%s %" PRId64 " %" PRId64 " %d %d %s\n", KINDS[p.kind], p.from_us, p.until_us,
               p.offset_from_s, p.offset_until_s, p.holiday);
        from_us = p.until_us;
    }
    puts("end");
}

/* The lines of a calendar; `v` are the numbers of the line. */
static bool describe(const char *line, const char *word, const int64_t *v, int n)
{
    int32_t date = (int32_t)v[0], from_s = (int32_t)v[1], until_s = (int32_t)v[2];
    if (strcmp(word, "window") == 0) {
        now.windows[now.spec.n_windows++] = (struct calendar_window){(int8_t)v[0], from_s, until_s};
    } else if (strcmp(word, "day") == 0) {
        now.days[now.spec.n_days++] = (struct calendar_day){date, from_s, until_s};
    } else if (strcmp(word, "holiday") == 0 && n == 4) {
        char *name = now.names[now.spec.n_holidays];
        (void)snprintf(name, sizeof(now.names[0]), "%s", strrchr(line, ' ') + 1);
        now.holidays[now.spec.n_holidays++] =
            (struct calendar_holiday){date, from_s, until_s, v[3] != 0, name};
    } else {
        return false;
    }
    return true;
}

static bool answer(const char *word, const int64_t *v)
{
    const struct calendar *c = now.calendar;
    int64_t number = 0;
    if (strcmp(word, "offset") == 0)
        number = zone_offset_s(now.zone, v[0]);
    else if (strcmp(word, "add") == 0)
        number = calendar_add(c, v[0], v[1]);
    else if (strcmp(word, "subtract") == 0)
        number = calendar_subtract(c, v[0], v[1]);
    else if (strcmp(word, "between") == 0)
        number = calendar_between(c, v[0], v[1]);
    else if (strcmp(word, "open") == 0)
        number = calendar_last_open(c, v[0]);
    else
        return false;
    printf("%" PRId64 "\n", number);
    return true;
}

/* The numbers of a line, behind its first word. */
static int numbers(const char *text, int64_t *v, int room)
{
    int n = 0;
    for (char *end = NULL; n < room; n++, text = end) {
        v[n] = strtoll(text, &end, 10);
        if (end == text)
            break;
    }
    return n;
}

static bool take(char *line)
{
    int64_t v[4] = {0};
    line[strcspn(line, "\n")] = '\0';
    char *rest = line + strcspn(line, " ");
    char *word = line, *name = rest + (*rest == ' ');
    *rest = '\0';
    int n = numbers(name, v, 4);
    if (strcmp(word, "zone") == 0)
        begin(name);
    else if (strcmp(word, "build") == 0)
        build();
    else if (strcmp(word, "parts") == 0)
        parts(v[0], v[1]);
    else
        return describe(name, word, v, n) || answer(word, v);
    return true;
}

int main(void)
{
    char line[256];
    while (fgets(line, sizeof(line), stdin)) {
        if (!take(line)) {
            (void)fprintf(stderr, "cannot make sense of: %s\n", line);
            return 1;
        }
    }
    calendar_free(now.calendar);
    return 0;
}
