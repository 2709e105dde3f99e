/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The standing job that gives a reference (contract/reference.h) to the cases that have none: those
 * of before references, and those that a replica of the last release opens. It runs on the replica
 * that holds the lease. Each case is a command of its own, in the class of bulk work, so that
 * callers come first. In a database without such cases it costs one look at an empty index a
 * second.
 *
 * Threading: io loop's thread. Ownership: the engine's.
 */

struct assignment;
struct references;

struct references *references_new(struct assignment *a);
void references_free(struct references *r);

/* Once a second, on the replica that holds the lease. */
void references_run(struct references *r);

/* $1 tenant, $2 opened at, $3 case: the next ones behind these; $4 most. */
extern const char references_sql_next[];
