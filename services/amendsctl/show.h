/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Messages for people: one `name  value` a line, parts one a line. Not an interface for programs:
 * that is --json.
 *
 * Threading: one thread; writes to standard output. Ownership: nothing is kept.
 */

#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>

#include "amendsctl/out.h"
#include "base/arena.h"

/* Prints a whole message. Texts and messages that are not given are left out, and in a part also
 * the numbers that are 0. False when nothing is given. */
bool show_message(const ProtobufCMessage *message, const struct view *view, struct arena *arena);

/* Prints the values at `paths` ("contact_id,case.status"), of those that are given. False when
 * there is none. */
bool show_paths(const ProtobufCMessage *message, const char *paths, const struct view *view,
                struct arena *arena);
