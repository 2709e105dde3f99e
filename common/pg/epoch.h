/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * PostgreSQL counts microseconds from 2000-01-01 UTC; this is that instant in microseconds since
 * 1970.
 *
 * Threading: a constant. Ownership: none.
 */
#define PG_EPOCH_US INT64_C(946684800000000)
