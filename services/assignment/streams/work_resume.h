/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The resume token of WatchWork: what its client knows. It carries no authority: nothing of other
 * agents is read, whatever it names. streams/resume_sign.h signs it.
 *
 * Threading: pure. Ownership: results lie in the arena, or in the caller's struct.
 */

#include "assignment/streams/resume.h"

#define WORK_RESUME_CASES_MAX 64

/* A case as it was told: `print` stands for its status, level and what is due. */
struct work_resume_case {
    struct uuid case_id;
    uint32_t print;
};

struct work_resume {
    int64_t since_us;        /* notifications that were made before this have been told */
    uint32_t presence_print; /* of the presence that was told; 0 = none */
    size_t n_offers, n_cases;
    struct resume_offer offers[RESUME_OFFERS_MAX]; /* pending ones */
    struct work_resume_case cases[WORK_RESUME_CASES_MAX];
};

char *work_resume_write(struct arena *arena, const struct work_resume *r);

/* False when the token has not the form of one. "" gives an empty one. */
bool work_resume_read(const char *token, struct work_resume *out);
