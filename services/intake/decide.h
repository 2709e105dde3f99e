/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The commands behind intake's RPCs that write; their decide functions are pure. Threading:
 * constants. */

#include "case/command.h"

/* OpenCase: joins the customer's open case of the same failure code and order reference, else opens
 * one.
 *
 * A new case is its first level's steward's at once, with FIRST_RESPONSE and RESOLUTION running
 * from now, and waits in that level's queue. A repeat claim adds its signal, which raises the
 * boost; it may fill what was not known, raise severity and stake (of the same currency) and add
 * desired outcomes, and takes nothing back. Each claim that came from the customer counts as a
 * contact in the customer's effort; what the company noticed by itself (DETECTED_FAILURE) does not.
 */
extern const struct command_kind open_case_kind;
