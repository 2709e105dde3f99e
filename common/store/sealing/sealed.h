/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The personal columns of rows, which are sealed under the customer's key where services have
 * master keys. Rows are opened behind every read and sealed before every write; nothing else in the
 * program sees a sealed text. Without master keys nothing is sealed, and what was sealed before
 * cannot be read.
 *
 * Open stay: what is looked for or joined by (customer id, failure, order reference), numbers,
 * times and ids, and whatever people of the company are called.
 *
 * Threading: io loop's thread. Private to common/store. Ownership: opened and sealed texts lie in
 * the arena given.
 */

#include "case/model/state.h"
#include "store/sealing/customer_keys.h"
#include "store/table.h"

enum sealed_verdict {
    SEALED_DONE,
    SEALED_ASK,    /* the customer's key is to be asked for, or to be made */
    SEALED_LOCKED, /* this process cannot open it: no master key, or not the right one */
    SEALED_FULL,   /* the arena is full */
};

/* Opens what is sealed of a case and its parts. What a destroyed key sealed is empty then; so is
 * what is damaged, which is logged and counted. That a key was destroyed, and not made a moment ago
 * by another replica, is believed only when the keys were read after `since_us`, when the caller
 * began; else they are to be asked for. `keys` may be NULL. */
enum sealed_verdict sealed_open_case(struct customer_keys *keys, struct case_state *c,
                                     int64_t since_us, struct arena *arena) AM_MUSTCHECK;

/* The same of one row of a customer. */
enum sealed_verdict sealed_open_row(struct customer_keys *keys, const struct table *t,
                                    const char *customer_id, void *row, int64_t since_us,
                                    struct arena *arena) AM_MUSTCHECK;

/* Seals what is to be written of a case. ASK: there is no key yet; nothing was sealed then. Does
 * nothing when `keys` is NULL. */
enum sealed_verdict sealed_seal_case(struct customer_keys *keys, struct case_state *c,
                                     struct arena *arena) AM_MUSTCHECK;

/* For metric_register(). */
void sealed_metrics(void);
