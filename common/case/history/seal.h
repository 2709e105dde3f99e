/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Sealing what a command wrote: its last event gets the facts of the case after it, and the parts
 * that changed and that no event of it shows, so that every row can be proved by its history.
 *
 * Threading: pure. Ownership: everything lies in the case and in the decision's arena.
 */

#include "case/history/append.h"

/* Marks the parts that the detail shows as told. */
void seal_mark_told(struct case_state *c, const Amends__V1__EventDetail *detail);

/* Seals the events since the last seal: adds to the last of them and hashes it again. Nothing when
 * there is none. */
void history_seal(struct decision *d);
