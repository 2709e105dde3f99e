/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Reads of checkpoints, and of what they are verified against.
 *
 * Threading: io loop's thread. Ownership: as other reads of the store: results lie in the read's
 * arena.
 */

#include "contract/checkpoint.h"
#include "store/store.h"

struct checkpoint_row {
    struct checkpoint c;
    struct uuid draft;
    int32_t slices;
};

/* An event that a head names, as it is now. */
struct head_now_row {
    bool found;       /* the event is there */
    bool case_exists; /* the case is */
    uint8_t hash[DIGEST_LEN];
};

/* Checkpoints with a number greater than `after`, by number, at most `limit`: into
 * `checkpoints`. */
void store_list_checkpoints(struct store *s, struct store_read *r, int64_t after, int limit);
/* A slice of the heads of a checkpoint: into `heads`, empty when there is none. */
void store_read_heads(struct store *s, struct store_read *r, const struct checkpoint_row *of,
                      int32_t slice);
/* What became of heads (CHECKPOINT_HEAD_BYTES each): into `heads_now`, in their order. */
void store_read_heads_now(struct store *s, struct store_read *r, struct slice heads);
/* The ids of cases after one, in their order, at most `limit`: into `case_ids`. */
void store_list_case_ids(struct store *s, struct store_read *r, const struct uuid *after,
                         int limit);
/* The first and the last id of a case: into `case_ids`, which is empty without cases. */
void store_read_case_ends(struct store *s, struct store_read *r);
