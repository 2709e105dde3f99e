/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Zones by names that are stored: in a policy version, or with a case. They were zones when they
 * were stored. A process whose tz database lacks one must not go on by another zone: whoever asks
 * refuses, and the process says that it is not ready.
 *
 * Threading: any thread. Ownership: as in calendar/zone.h.
 */

#include "calendar/zone.h"

/* zone_get(), which remembers a name that is missing. */
const struct zone *zone_needed(const char *name);

/* A name that was needed and that is missing still; NULL when there is none, as after the tz
 * database was completed. The text lives as long as the process. */
const char *zone_missing(void);
