/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Which roles may make which call: one table for all services, in roles.def. A call that has no row
 * there does not compile, and one that the contract does not name may be made by nobody.
 *
 * Threading: constants. Ownership: none.
 */

#include <stddef.h>
#include <stdint.h>

/* A set of roles has the bit of each (amends.v1.Role). */
#define ROLE_BIT(role) (UINT32_C(1) << (role))
#define ROLES_ALL UINT32_MAX
/* Of a call for which nobody has to say who they are. No caller has this role. */
#define ROLES_NO_CREDENTIAL UINT32_C(1)

/* Every call as gRPC names it: "/amends.v1.IntakeService/OpenCase". */
extern const char *const contract_call_paths[];
extern const size_t contract_n_calls;

/* The roles that may make the call of a path; 0 for a path that the contract does not have. */
uint32_t contract_call_roles(const char *path);
