/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The remedy that a command is about: its row, refusals of its state, its event.
 *
 * Threading: pure. Ownership: as the decision.
 */

#include "case/model/decision.h"

/* The case's remedy of this id; NULL sets NOT_FOUND / REMEDY_NOT_FOUND. */
struct remedy_row *remedy_find(struct decision *d, const char *remedy_id);

/* Sets FAILED_PRECONDITION / REMEDY_STATE: the remedy's state does not allow `what` ("be
 * answered"). */
void remedy_refuse_state(struct decision *d, const struct remedy_row *remedy, const char *what);

/* Writes the event with the remedy as it is now, without its description; `text` is the personal
 * part ("" or NULL = none). Makes the remedy the command's result. */
void remedy_event(struct decision *d, int kind, const struct remedy_row *remedy, char *text);
