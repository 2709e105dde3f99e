/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Instants for people: in the reader's time zone (TZ), and near ones as the distance from now.
 *
 * Threading: one thread (the zone is the process's). Ownership: texts lie in the arena.
 */

#include "amendsctl/out.h"
#include "base/arena.h"
#include "google/protobuf/timestamp.pb-c.h"

/* RFC 3339 with the reader's offset: "2026-11-22T11:00:00+01:00", or "...Z" where that is UTC.
 * `millis`: with milliseconds where there are any. "" for NULL. */
const char *when_text(const Google__Protobuf__Timestamp *t, bool millis, struct arena *arena);

/* "in 4m10s", "12s ago", "3h05m ago"; NULL when it is a day or more from now, or when the view asks
 * for none. */
const char *when_near(const Google__Protobuf__Timestamp *t, const struct view *view,
                      struct arena *arena);

/* The shortest text: near instants by their distance only. */
const char *when_short(const Google__Protobuf__Timestamp *t, const struct view *view,
                       struct arena *arena);
