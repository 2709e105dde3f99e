/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * One value of a message as a text for people. Numbers and yes or no are always told, also 0 and
 * "no"; money has all the digits that are stored.
 *
 * Threading: one thread. Ownership: texts lie in the arena or in the message. They are visible
 * (text.h).
 */

#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>

#include "amendsctl/out.h"
#include "base/arena.h"

/* Where the value of a field that is not repeated lies. */
const void *cell_at(const ProtobufCMessage *m, const ProtobufCFieldDescriptor *f);

/* False for 0, no, "" and a message that is not there. */
bool cell_given(const ProtobufCFieldDescriptor *f, const void *at);

/* The text of one value. A text or a message that is not given is ""; NULL for a message that is
 * more than one word. Times are as short as `view` allows. */
const char *cell_value(const ProtobufCFieldDescriptor *f, const void *at, const struct view *view,
                       struct arena *arena);

/* The value at "owner.id" of a message; "" where a message on the way is not given. "via>actor" is
 * two fields, "ann via crm", or "ann" where the first is empty. */
const char *cell_path(const ProtobufCMessage *m, const char *path, const struct view *view,
                      struct arena *arena);

/* What a path is called: "status" for "case.status", but "owner.id" for "case.owner.id", and
 * "actor" for "via>actor". */
const char *cell_heading(const char *path);
