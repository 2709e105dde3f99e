/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Sets of small numbers, such as those of an enumeration, as the bits of a word.
 *
 * Threading: constants. Ownership: none.
 */

/* The set of one number, 0 to 31. */
#define BIT_OF(n) (1u << (n))
