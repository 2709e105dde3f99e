/* SPDX-License-Identifier: Apache-2.0 */

/* `roles` prints the table by which the servers decide: contract/roles.def. */

#include "amendsctl/command/roles.h"

#include <stdbool.h>
#include <string.h>

#include "amendsctl/out.h"
#include "auth/role_set.h"

#define PACKAGE "/amends.v1."
#define CALL_COLUMN 66

static void print_row(const char *path)
{
    char text[ROLE_SET_TEXT_BYTES];
    const uint32_t roles = contract_call_roles(path);
    const bool ours = strncmp(path, PACKAGE, strlen(PACKAGE)) == 0;
    out_line("%-*s %s", CALL_COLUMN, path + (ours ? strlen(PACKAGE) : 1),
             roles & ROLES_NO_CREDENTIAL ? "(no credential)" : role_set_text(roles, text));
}

int roles_run(const struct ctl *c)
{
    (void)c;
    out_line("%-*s %s", CALL_COLUMN, "CALL", "ROLES");
    for (size_t i = 0; i < contract_n_calls; i++)
        print_row(contract_call_paths[i]);
    return 0;
}
