/* SPDX-License-Identifier: Apache-2.0 */
/*
 * amends-calendar-bench [SECONDS]: how many deadlines a second one core works out, for a working
 * week with a lunch break and eight yearly holidays in a zone with DST: the instant at which a
 * random target (a minute to forty working days) after a random start is due. Prints
 * "deadlines_per_s N". With -v also what it takes to lay a calendar out.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "calendar/calendar.h"

#define PAIRS 65536
#define HOURS(h, m) ((h)*3600 + (m)*60)

static int64_t now_ns(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static uint64_t next_random(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

static struct calendar *make(void)
{
    static struct calendar_window windows[10];
    static struct calendar_holiday holidays[8];
    static const int DAYS[8][2] = {{1, 1},  {4, 18},  {5, 1},   {5, 29},
                                   {8, 28}, {12, 24}, {12, 25}, {12, 26}};
    for (int8_t d = 0; d < 5; d++) {
        windows[2 * d] = (struct calendar_window){d, HOURS(9, 0), HOURS(12, 30)};
        windows[2 * d + 1] = (struct calendar_window){d, HOURS(13, 30), HOURS(17, 30)};
    }
    for (size_t i = 0; i < 8; i++)
        holidays[i] = (struct calendar_holiday){calendar_date(2000, DAYS[i][0], DAYS[i][1]), 0,
                                                CALENDAR_DAY_S, true, "holiday"};
    static const struct calendar_spec SPEC = {10, 0, 8, windows, NULL, holidays};
    int no_work_year;
    return calendar_new(&SPEC, zone_get("Europe/London"), &no_work_year);
}

static void print_layout(struct calendar *c)
{
    int64_t begin = now_ns();
    for (int i = 0; i < 20; i++)
        calendar_free(make());
    printf("calendar_new_ms %.2f\n", (double)(now_ns() - begin) / 20e6);
    printf("calendar_bytes %zu\n", calendar_bytes(c));
}

int main(int argc, char **argv)
{
    static int64_t from_us[PAIRS], work_us[PAIRS];
    const char *number = argc > 1 ? argv[argc - 1] : "";
    double seconds = strtod(number, NULL);
    struct calendar *c = make();
    uint64_t state = 88172645463325252ULL;
    if (!c)
        return 1;
    for (size_t i = 0; i < PAIRS; i++) {
        int64_t day_s = CALENDAR_DAY_S * (int64_t)(9000 + next_random(&state) % 3650);
        from_us[i] =
            (CALENDAR_FROM_S + day_s) * 1000000 + (int64_t)(next_random(&state) % 86400000000);
        work_us[i] = 60000000 + (int64_t)(next_random(&state) % (300 * 3600000000ULL));
    }
    if (argc > 1 && strcmp(argv[1], "-v") == 0)
        print_layout(c);
    int64_t limit_ns = (int64_t)((seconds > 0 ? seconds : 1) * 1e9), begin = now_ns(), took = 0;
    int64_t n = 0, sum = 0;
    for (; took < limit_ns; took = now_ns() - begin)
        for (size_t i = 0; i < PAIRS; i++, n++)
            sum += calendar_add(c, from_us[i], work_us[i]);
    printf("deadlines_per_s %.0f\n", (double)n * 1e9 / (double)took);
    calendar_free(c);
    return sum == 0; /* keeps the sums from being left out */
}
