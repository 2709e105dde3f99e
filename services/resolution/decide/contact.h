/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * A word of the customer that another command than RecordContact keeps as a contact.
 *
 * Threading: pure. Ownership: as the decision.
 */

#include "case/model/decision.h"

/* Keeps what the customer said of a remedy that is not open any more, now, on the channel on which
 * the case was opened, as RecordContact would: with its event, and one that `asks` for an answer
 * brings a case back that is resolved or closed. Sets CASE_FULL when the case has no room for it,
 * or d->again when other keys are needed (comeback_prepare()): to be called before any row is
 * changed. */
void contact_about_remedy(struct decision *d, const struct remedy_row *remedy, bool asks,
                          char *note);
