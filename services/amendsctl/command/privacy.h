/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * `amendsctl customer export`.
 *
 * Threading: one thread. Ownership: nothing is kept.
 */

#include "amendsctl/call.h"

/* Writes the document to standard output as it comes. Returns the exit code; with another one than
 * 0 the document is not whole. */
int privacy_run_export(const struct ctl *c);
