/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Lists as tables with aligned columns that fit the terminal: the widest texts are cut first, ids
 * never; columns that still find no room are left out, the last first, and counted.
 *
 * Threading: one thread. Ownership: the arena given to table_init() outlives the table; that of a
 * page may be reset after it was printed.
 */

#include <protobuf-c/protobuf-c.h>

#include "amendsctl/out.h"
#include "base/arena.h"

#define TABLE_COLUMNS_MAX 12

struct table {
    const char *paths[TABLE_COLUMNS_MAX];
    bool exact[TABLE_COLUMNS_MAX]; /* a time that is always told in full */
    size_t widths[TABLE_COLUMNS_MAX];
    size_t n, n_shown;
    bool headed;
};

/* `columns`: "case_id,status,owner.id"; "=" before one: a time that is always told in full. */
void table_init(struct table *t, const char *columns, struct arena *arena);

/* Prints the items of the repeated field `list`, with headings before the first item of all. The
 * first page decides the widths. Returns the number of items. */
size_t table_page(struct table *t, const ProtobufCMessage *response, const char *list,
                  const struct view *view, struct arena *arena);

/* Prints one item of a stream as one line of values, which fits the terminal; nothing when no value
 * is given. */
void table_line(const struct table *t, const ProtobufCMessage *item, const struct view *view,
                struct arena *arena);
