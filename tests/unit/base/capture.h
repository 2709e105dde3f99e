/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What a test's own process writes to standard error. Threading: one thread. */

/* From here on standard error goes to memory. */
void capture_begin(void);

/* Puts standard error back; returns the text, which the caller frees. */
char *capture_end(void);
