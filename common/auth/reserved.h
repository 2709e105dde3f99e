/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The principal of the services themselves: what they do on their own stands under it in a case's
 * history, so no credential from outside may carry it.
 *
 * Threading: pure. Ownership: the text is borrowed.
 */

#include <stdbool.h>
#include <string.h>

#define PRINCIPAL_SERVICES "amends"

static inline bool principal_is_reserved(const char *principal)
{
    return strcmp(principal, PRINCIPAL_SERVICES) == 0;
}
