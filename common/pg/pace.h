/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What a read will cost, learned from those before it: of the same tenant, with the same first
 * statement. Pure.
 *
 * Threading: one thread. Ownership: the table lies in its owner's struct and holds no pointers.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PACES 1024 /* a power of two */

struct pace {
    uint64_t key;     /* 0 = unused */
    int64_t us;       /* what it takes lately, in the mean */
    int64_t quick_us; /* about what it takes when nothing disturbs it */
    int64_t bytes;    /* of its results: the largest one lately */
};

/* All zero = nothing is known. Two kinds of reads that fall into one place take turns in it. */
struct pace_table {
    struct pace paces[PACES];
};

/* What a read of `tenant` with this first statement is expected to take. One of an unknown kind is
 * expected to be small. */
struct pace pace_expected(const struct pace_table *t, uint64_t tenant, unsigned stmt);

/* Whether a read with these expectations would keep others waiting. */
bool pace_is_heavy(const struct pace *p);

/*
 * A read of this kind took so much. What tells heavy ones follows quick ones at once and slow ones
 * slowly: a read is slow also when the processors are busy with others' work, and one that was
 * found to be heavy by that would wait behind those that are. Bytes tell nothing of the neighbours,
 * so the other way round: one large result shows that there are such, and it is forgotten slowly.
 */
void pace_learn(struct pace_table *t, uint64_t tenant, unsigned stmt, int64_t us, int64_t bytes);
