/* SPDX-License-Identifier: Apache-2.0 */
#include "contract/roles.h"

#include <string.h>

#include "contract/calls.h"
#include "contract/words.h"

#define OBSERVER ROLE_BIT(ROLE_OBSERVER)
#define AGENT ROLE_BIT(ROLE_AGENT)
#define SUPERVISOR ROLE_BIT(ROLE_SUPERVISOR)
#define CLIENT ROLE_BIT(ROLE_CLIENT)
#define GATEWAY ROLE_BIT(ROLE_GATEWAY)
#define ADMIN ROLE_BIT(ROLE_ADMIN)
#define OPERATOR ROLE_BIT(ROLE_OPERATOR)
#define INTERNAL ROLE_BIT(ROLE_INTERNAL)
#define NO_CREDENTIAL ROLES_NO_CREDENTIAL

static const uint32_t rows[] = {
#define MAY_CALL(call, roles) [call] = (roles),
#include "contract/roles.def"
#undef MAY_CALL
};

/* The compiler names the call that has no row ("not handled in switch"), or has two. */
static uint32_t row_of(enum contract_call call)
{
    switch (call) {
#define MAY_CALL(call, roles) case call:
#include "contract/roles.def"
#undef MAY_CALL
        return rows[call];
    }
    return 0;
}

uint32_t contract_call_roles(const char *path)
{
    for (size_t i = 0; i < contract_n_calls; i++)
        if (strcmp(contract_call_paths[i], path) == 0)
            return row_of((enum contract_call)i);
    return 0;
}
