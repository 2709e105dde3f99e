/* SPDX-License-Identifier: Apache-2.0 */

#include "amendsctl/help.h"

#include <stdio.h>
#include <string.h>

#include "base/assert.h"

static void print_command(const struct ctl_command *c)
{
    char words[64];
    (void)snprintf(words, sizeof words, "%s %s", c->noun, c->verb);
    out_line("  %-24s %s", words, c->help);
}

static void print_globals(struct arena *arena)
{
    out_line("Global options (each is also an environment variable: AMENDS_TENANT, ...):");
    for (int i = 0; i < GLOBALS; i++) {
        const char *words =
            arena_printf(arena, "%s %s", globals[i].name, globals[i].value ? globals[i].value : "");
        AM_ASSERT(words != NULL);
        out_line("  --%-18s %s", words, globals[i].help);
    }
}

void help_all(struct arena *arena)
{
    out_line("usage: amendsctl [global options] NOUN VERB [arguments and flags]");
    out_line("%s", "");
    out_line("Commands (amendsctl NOUN VERB --help lists the flags):");
    for (size_t i = 0; i < ctl_n_commands; i++)
        print_command(&ctl_commands[i]);
    out_line("%s", "");
    print_globals(arena);
    out_line("%s", "");
    out_line("Exit codes: 0 done; 1 the command line or a field is wrong; 2 the server failed; "
             "3 not found;");
    out_line("4 refused in the present state (precondition, version, request id); 5 not allowed; "
             "6 overloaded;");
    out_line("7 no connection, or too late; 8 done, but the output could not be written.");
}

void help_noun(const char *noun)
{
    out_line("usage: amendsctl %s VERB [arguments and flags]", noun);
    out_line("%s", "");
    for (size_t i = 0; i < ctl_n_commands; i++) {
        if (strcmp(ctl_commands[i].noun, noun) == 0)
            print_command(&ctl_commands[i]);
    }
}

/* "case_id" -> " case_id", "<source" -> " FILE", "clock_id?" -> " [clock_id]" */
static const char *positionals(const char *fields, struct arena *arena)
{
    const char *all = "";
    char *rest = arena_strdup(arena, fields);
    for (char *word = strsep(&rest, ","); word && *word && all; word = strsep(&rest, ",")) {
        char *optional = strchr(word, '?');
        if (optional)
            *optional = '\0';
        all = arena_printf(arena, optional ? "%s [%s]" : "%s %s", all,
                           strchr("<@", *word) ? "FILE" : word);
    }
    AM_ASSERT(all != NULL);
    return all;
}

void help_command(const struct line *line, struct arena *arena)
{
    const struct ctl_command *c = line->command;
    out_line("usage: amendsctl %s%s%s%s [flags]", c->noun, *c->verb ? " " : "", c->verb,
             positionals(c->positional, arena));
    out_line("%s", "");
    out_line("%s.", c->help);
    out_line("%s", "");
    for (size_t i = 0; i < line->flags->n; i++) {
        const struct flag *f = &line->flags->items[i];
        out_line("  --%-28s %s", f->name, flag_is_switch(f) ? "" : flag_value_help(f, arena));
    }
    for (int i = 0; i < LOCALS; i++)
        if ((c->locals & LOCAL_BIT(i)) != 0)
            out_line("  --%-28s %s", local_names[i], "FILE");
    if (c->list)
        out_line("  --%-28s %s", "all", "all pages, and not only the first");
    else if (c->takes_all)
        out_line("  --%-28s %s", "all", "the whole tenant");
    out_line("%s", "");
    out_line("Global options: amendsctl --help.");
}
