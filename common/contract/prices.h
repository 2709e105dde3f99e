/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What calls cost, for the limits of calls a second: GetCase costs 1, and another call as much as
 * it takes of the processors (service and PostgreSQL together) against it. The prices were measured
 * by tests/bench/prices.py and rounded; what stands beside them is the measurement.
 *
 * Threading: constants. Ownership: none.
 */

#include <stddef.h>
#include <stdint.h>

/* The price of a method ("/amends.v1.IntakeService/GetCase"); 1 for one that has no row. 0: it is
 * not limited. */
uint32_t price_of(const char *path);

/* The repeated field of the method's request of which each item costs 1 on top; NULL: none. */
const char *price_items(const char *path);

/* What an answer of so many bytes costs on top: pages, batches and exports by their length. */
uint32_t price_of_answer(size_t bytes);

/* The rows in their order, for tests; NULL behind the last one. */
const char *price_row(size_t i);
