/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The commands behind intake's RPCs that write; their decide functions are pure. Threading:
 * constants. */

#include "case/command.h"

extern const struct command_kind open_case_kind;
