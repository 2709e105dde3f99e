/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Names that history has for others than callers, so that no credential from outside may carry
 * them: that of the services themselves, under which stands what they do on their own, and those of
 * customers ("customer:email"), for whom a gateway calls.
 *
 * Threading: pure. Ownership: the text is borrowed.
 */

#include <stdbool.h>
#include <string.h>

#include "contract/check.h"

#define PRINCIPAL_SERVICES "amends"

static inline bool principal_is_services(const char *principal)
{
    return strcmp(principal, PRINCIPAL_SERVICES) == 0;
}

static inline bool principal_is_reserved(const char *principal)
{
    return principal_is_services(principal) || check_is_customer(principal, strlen(principal));
}
