/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Findings of verifications, for the operator: whoever asks for a verification is told in the
 * answer, and nobody else would know.
 *
 * Threading: io loop's thread. Ownership: what is given is borrowed.
 */

#include "amends/v1/history_service.pb-c.h"

/* For metric_register(). */
void found_metrics(void);

/* Counts the findings of an answer and logs the first of them. It names no row's values. */
void found_tell(const char *tenant, Amends__V1__HistoryFinding *const *findings, size_t n);
