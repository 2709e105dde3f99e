/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The SQL of the lists of cases. Each statement walks the index of one filter in the order of the
 * list, so many rows at most, and looks at the other filters row by row. So a filter that few cases
 * pass costs no more than one that all pass: when the walk has seen so many rows, it says where it
 * is, and the list goes on from there.
 *
 * Threading: pure. Ownership: texts belong to the caller (free()).
 */

/* Which index is walked. */
enum list_walk {
    LIST_OPENED,   /* all cases */
    LIST_CUSTOMER, /* of a customer */
    LIST_OWNER,    /* of an owner, those that have ended included */
    LIST_FAILURE,  /* of a failure code or a branch of codes */
    LIST_WORK,     /* that have not ended */
    LIST_LEVEL,    /* that have not ended, of a level */
    LIST_ORDER,    /* of an order reference */
    LIST_EXTERNAL, /* with a signal of an external reference, by id */
    LIST_IDS,      /* of a range of ids, by id */
    LIST_DUE,      /* in which something is due, soonest first */
    LIST_WALKS
};

/* Parameters: 1 tenant, 2 opened from, 3 opened until, 4 and 5 the place to go on from (the time by
 * which the list goes, and the case's id), 6 limit; the filters, null = any: 7 customer, 8 owner,
 * 9 statuses (a bit each), 10 failure code, 11 and 12 its branch's bounds, 13 level, 14 kind of the
 * owner, 15 order reference, 16 external reference, 17 due before; 18 most rows to walk, 19 and 20
 * the first and the last id.
 *
 * Columns: how many rows were walked up to this one, negative when the case does not pass the
 * filters (it is the last one of a walk then); the columns of the case; when something is next due
 * in it, and the kind of that clock. */
char *list_sql(enum list_walk walk);
