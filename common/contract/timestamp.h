/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Instants between the contract's messages and the rows, which hold microseconds since 1970.
 *
 * Threading: pure. Ownership: texts lie in the arena given.
 */

#include "amends/v1/case.pb-c.h"
#include "base/arena.h"

/* A time as people and error metadata see it, to the second: "2026-11-24T17:00:00Z". */
const char *timestamp_text(int64_t us, struct arena *arena);

/* Microseconds since 1970 of a time that was validated; 0 for NULL. What is below a microsecond is
 * cut off. */
int64_t timestamp_us(const Google__Protobuf__Timestamp *time);
