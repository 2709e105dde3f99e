/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Messages for people: one `name  value` a line, parts one a line, lists as tables with aligned
 * columns. Not an interface for programs: that is --json.
 *
 * Threading: one thread; writes to standard output. Ownership: nothing is kept.
 */

#include <protobuf-c/protobuf-c.h>

#include "base/arena.h"

/* Prints every field that is given. */
void show_message(const ProtobufCMessage *message, struct arena *arena);

/* Prints the items of the repeated field `list` as a table of `columns`
 * ("case_id,status,owner.id"). */
void show_table(const ProtobufCMessage *response, const char *list, const char *columns,
                struct arena *arena);

/* Prints one item of a stream as one line of values. */
void show_line(const ProtobufCMessage *item, const char *columns, struct arena *arena);
