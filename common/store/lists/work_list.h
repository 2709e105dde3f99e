/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Reads of work lists: what is owed in whose cases, soonest first. There are four sources, each
 * with an index of its own that has the order; no statement reads more rows of one owner than are
 * asked for. Whoever asks merges the sources.
 *
 * A row's place comes from case_work, and what it says from the clocks and promises themselves.
 * When a replica of the last release has done what a row asks for, the row says so (due_us = 0)
 * until the case is written the next time.
 *
 * Threading: io loop's thread. Ownership: rows and their texts lie in the read's arena.
 */

#include "store/store.h"

enum work_source {
    WORK_CLOCK,   /* the case's earliest deadline that is no promise's and no answer's */
    WORK_PROMISE, /* its earliest promise */
    WORK_ANSWER,  /* the answer to its customer */
    WORK_OFFER,   /* each pending offer to an agent */
    WORK_SOURCES
};

/* An owner of cases: an agent (level 0), or a steward in a level. */
struct work_owner {
    int level;
    const char *id;
};
/* So many in one read at most. */
#define WORK_OWNERS_MAX 500

/* A place in the list of all sources: by time, then source, then id. All zero: before the first. */
struct work_place {
    int64_t at_us;
    int32_t source;
    struct uuid id; /* the case, or the offer */
};

/* <0, 0 or >0 as `a` comes before, is, or comes behind `b`. */
int work_place_compare(const struct work_place *a, const struct work_place *b);

struct work_item {
    struct work_place place;
    int64_t due_us; /* 0 = it is done, and the row is not to be shown */
    int16_t kind;   /* ClockKind; of a promise PromiseKind, 0 = not known */
    bool of_promise;
    struct uuid clock_id;   /* zero = none */
    struct uuid subject_id; /* the promise or the offer, or what the clock measures; zero = none */
    const char *clock_name; /* of its definition; "" = none */
    /* The case: those columns that lists show, the others are empty. */
    struct case_row *c;
};

struct work_query {
    const struct work_owner *owners;
    size_t n_owners;
    unsigned sources;      /* bit n = enum work_source n */
    int64_t due_before_us; /* 0 = no bound */
    struct work_place after;
    int limit; /* rows of each source */
};

/* Into `work`: struct work_item of all sources, in the order of their places; as far as a source
 * has them, the first `limit` of each. */
void store_list_work(struct store *s, struct store_read *r, const struct work_query *q);

/* The agents of a team, by id, at most `limit`; and the owners of cases that wait in a level. Into
 * `owners`: struct work_owner. */
void store_read_team(struct store *s, struct store_read *r, const char *team, int limit);
void store_read_level(struct store *s, struct store_read *r, int level, int limit);

/* How many rows of a source fall into each span of time. */
enum work_span { WORK_OVERDUE, WORK_QUARTER, WORK_HOUR, WORK_TODAY, WORK_SPANS };
struct work_count_query {
    const struct work_owner *owners;
    size_t n_owners;
    int64_t now_us;
    int64_t until_us[WORK_SPANS]; /* each span ends here; it begins at now, OVERDUE ends there */
    int limit;                    /* rows of each source that are counted at most */
};
/* Into `counts`: WORK_SOURCES of struct work_counts. */
struct work_counts {
    int64_t n[WORK_SPANS]; /* but for OVERDUE, a span has those of the spans within it */
    bool more;             /* the limit was reached: at least so many */
};
void store_count_work(struct store *s, struct store_read *r, const struct work_count_query *q);
