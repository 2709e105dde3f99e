/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What a command is decided on: the case with its children, the agents it names, the dedup row - a
 * snapshot that cannot move, because every key was locked before it was read. Decide functions
 * change rows in place and append rows; the store writes whatever changed, one statement a table.
 *
 * Threading: io loop's thread (or a test's). Ownership: everything lies in the snapshot's arena.
 */

#include "base/arena.h"
#include "case/model/rows.h"

/* Most children of one kind a case may have; more are refused with CASE_FULL. */
#define CASE_SIGNALS_MAX 200
#define CASE_CONTACTS_MAX 500
#define CASE_ACTS_MAX 200
#define CASE_REMEDIES_MAX 100
#define CASE_CLOCKS_MAX 1000
#define CASE_PROMISES_MAX 100
#define CASE_OFFERS_MAX 1000
#define CASE_DENIALS_MAX 20

/* More of the customer's lost minutes than this are not told apart. */
#define CASE_MINUTES_LOST_MAX 1000000000

/* A growing array of rows of one table. */
struct rows {
    void *items;
    size_t n, cap;
};

/* The i-th row. */
#define ROW_AT(rows, type, i) (&((type *)(rows)->items)[i])
#define ROWS_EACH(it, type, rows)                                                                  \
    for (type *it = (rows)->items; it && it < (type *)(rows)->items + (rows)->n; it++)

/* A zeroed row at the end, marked ROW_NEW. Pointers into the array are void after it. */
void *rows_add(struct rows *rows, size_t row_size, struct arena *arena);
#define ROWS_ADD(rows, type, arena) ((type *)rows_add((rows), sizeof(type), (arena)))

/* Marks a row as changed (a new one stays new). */
static inline void row_touch(struct row *r)
{
    r->told = false;
    if (r->change == ROW_SAME)
        r->change = ROW_CHANGED;
}

struct case_state {
    bool exists;
    struct case_row row;
    struct rows signals, clocks, contacts, acts, remedies, promises, offers;
    struct rows queue;            /* none or one */
    struct work_row work;         /* as it was read; .tenant_id 0 = there was none */
    struct rows escalations;      /* only new ones; read for a proof alone */
    struct rows notifications;    /* only new ones: never read */
    struct rows deliveries;       /* only new ones: never read by a segment */
    struct rows events, privates; /* only new ones: never read by a segment */
};

/* An empty case of the id: exists = false. */
void case_state_init(struct case_state *c, int64_t tenant_id, const struct uuid *case_id);

/* Adds to the minutes that the customer lost, up to CASE_MINUTES_LOST_MAX. The row is not
 * touched. */
void case_add_minutes_lost(struct case_row *row, int32_t minutes);

/* -- questions that many rules ask; pure ------------------------------------------------------- */

/* When the present round began. */
int64_t case_round_since(const struct case_row *row);
/* The first resolution of the present round, of a case that went back to work after it; 0 = none.
 * A replica of the release before begins a round without clearing the one of the round before. */
int64_t case_first_resolved_us(const struct case_row *row);
/* The customer accepted a remedy and has not got it yet. */
bool case_owes_remedy(const struct case_state *c);
bool case_has_open_promise(const struct case_state *c);
/* The contact went out and reached the customer. What a program says reaches nobody. */
bool contact_reached(const struct contact_row *contact);
/* The customer made the contact, and it asks for an answer. */
bool contact_asks(const struct contact_row *contact);
