/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Money between the contract's messages and the rows, which hold micro-units with a currency.
 *
 * Threading: pure. Ownership: texts lie in the arena given.
 */

#include "amends/v1/case.pb-c.h"
#include "base/arena.h"

/* Micro-units: one unit of a currency is 1,000,000. */
#define MONEY_MICROS 1000000LL
/* A limit that no amount passes. */
#define MONEY_UNLIMITED INT64_MAX
/* The most units that the contract allows an amount to have. */
#define MONEY_UNITS_MAX 1000000000LL

/* Micro-units of an amount that was validated; 0 for NULL. */
int64_t money_micros(const Google__Type__Money *money);

/* An amount as people and error metadata see it: "100", "99.5"; MONEY_UNLIMITED is "unlimited". */
const char *money_text(int64_t micros, struct arena *arena);
