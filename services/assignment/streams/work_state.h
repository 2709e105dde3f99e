/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What one stream of WatchWork knows of its agent beside the offers: the own cases, the presence,
 * and the notifications that are to be told. Rows of each look come in; what is to be told next
 * comes out.
 *
 * What it holds is bounded, however slowly the client reads: WORK_CASES_MAX cases and as many that
 * have left, WORK_NOTICES_MAX notifications. While these wait no others are read.
 *
 * Threading: io loop's thread; pure. Ownership: the stream's.
 */

#include "assignment/streams/work_resume.h"
#include "case/model/rows.h"

#define WORK_CASES_MAX 300  /* of one agent in one look */
#define WORK_NOTICES_MAX 64 /* the same */
#define WORK_TOLD_MAX 256   /* notifications that are known to be told, so that none comes twice */
/* When more than so many are made within the seconds that are read again, what was made before the
 * last of these counts as told: a commit that became visible late is found in lists then. */

/* An own case, as case_work has it. */
struct own_case {
    struct uuid case_id;
    uint32_t print, told; /* of its state now, and of the state that was told; 0 = none */
    unsigned look;        /* the last one that saw it */
    int64_t opened_us;    /* 0: none has seen it yet, a token named it */
    bool here;            /* it is the agent's */
};

/* The place behind which notifications are read. */
struct notice_place {
    int64_t at_us;
    struct uuid id;
};

struct work_state {
    bool looking;  /* a look is under way that asks for this stream, too */
    bool noticing; /* ... and had room for notifications when it began */
    bool known;    /* one has ended */
    bool caught_up;
    unsigned look;
    int64_t oldest_us; /* when the oldest case of the look was opened */
    struct own_case *cases;
    size_t n_cases, cap_cases;
    struct notification_row *notices; /* to be told, oldest first; of texts only `about` */
    size_t n_notices;
    struct notice_place *told; /* a ring */
    size_t n_told, next_told;
    int64_t forgotten_us;            /* the ring had no room for those made before; 0 = it had */
    struct notice_place after, last; /* the last one that the present look took or knew */
    bool dropped;                    /* it had no room for those behind */
    int64_t told_until_us;           /* notifications made before this have been told */
    struct agent_row presence;       /* the columns of presence, and the version */
    uint32_t presence_print, presence_told;
};

struct work_state *work_state_new(const struct work_resume *r);
void work_state_free(struct work_state *w);

/* A case as a look sees it. */
struct case_look {
    int status, level;
    int64_t due_us; /* 0: nothing is due */
    int64_t opened_us;
};

/* A look begins. */
void work_look_begin(struct work_state *w);
void work_look_case(struct work_state *w, const struct uuid *case_id, const struct case_look *look);
/* Of its texts only `about` is kept, in a copy; NULL = "". */
void work_look_notice(struct work_state *w, const struct notification_row *row);
void work_look_presence(struct work_state *w, const struct agent_row *row);
/* It has ended, as of `now_us`. `all_cases`: there were no more than it could read; else it read
 * the newest, and of those that were opened before them nothing is known. */
enum work_notices { WORK_NOTICES_UNREAD, WORK_NOTICES_SOME, WORK_NOTICES_ALL };
void work_look_end(struct work_state *w, bool all_cases, enum work_notices notices, int64_t now_us);

/* Where the look that began reads notifications; false: there is no room for any. Then it takes
 * none, whatever is read for other streams. */
bool work_wants_notices(const struct work_state *w, struct notice_place *after);

/* What is to be told next; NULL or false: nothing of the sort. */
bool work_presence_changed(const struct work_state *w);
const struct notification_row *work_next_notice(const struct work_state *w);
const struct own_case *work_next_case(const struct work_state *w);

/* It has been told. */
void work_presence_told(struct work_state *w);
void work_notice_told(struct work_state *w);
/* As the case was when it was chosen; `gone`: that it is not the agent's. */
void work_case_told(struct work_state *w, const struct uuid *case_id, uint32_t print, bool gone);

/* Into the token. Offers are the caller's to add. */
void work_state_resume(const struct work_state *w, struct work_resume *r);
