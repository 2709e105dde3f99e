/* SPDX-License-Identifier: Apache-2.0 */

#include "amendsctl/complete.h"

#include <string.h>

#include "amendsctl/call.h"
#include "amendsctl/contexts.h"
#include "amendsctl/line.h"
#include "amendsctl/values.h"
#include "base/assert.h"

/* -- candidates -------------------------------------------------------------------------------- */

struct completion {
    const char *begun; /* the unfinished word */
    struct line line;  /* the command before it, when there is one */
    struct arena *arena;
};

static const char *join(struct arena *arena, const char *a, const char *b)
{
    const char *text = arena_printf(arena, "%s%s", a, b);
    AM_ASSERT(text != NULL);
    return text;
}

/* Each candidate is printed as it stands, because descriptions of ours have no control characters,
 * and the tab is the scripts'. */
static void offer(const struct completion *c, const char *word, const char *help)
{
    if (strncmp(word, c->begun, strlen(c->begun)) != 0)
        return;
    out_text(word);
    if (*help)
        out_text(join(c->arena, "\t", help));
    out_text("\n");
}

static void offer_nouns(const struct completion *c)
{
    for (size_t i = 0; i < ctl_n_commands; i++) {
        const struct ctl_command *one = &ctl_commands[i];
        if (i == 0 || strcmp(ctl_commands[i - 1].noun, one->noun) != 0)
            offer(c, one->noun, *one->verb ? "" : one->help);
    }
    offer(c, "help", "list the commands");
}

static void offer_verbs(const struct completion *c, const char *noun)
{
    for (size_t i = 0; i < ctl_n_commands; i++) {
        if (strcmp(ctl_commands[i].noun, noun) == 0)
            offer(c, ctl_commands[i].verb, ctl_commands[i].help);
    }
}

static void offer_globals(const struct completion *c)
{
    for (int i = 0; i < GLOBALS; i++)
        offer(c, join(c->arena, "--", globals[i].name), globals[i].help);
    offer(c, "--help", "");
}

static void offer_flags(const struct completion *c)
{
    const struct line *line = &c->line;
    AM_ASSERT(line->flags != NULL); /* there is a command */
    for (size_t i = 0; i < line->flags->n; i++) {
        const struct flag *f = &line->flags->items[i];
        offer(c, join(c->arena, "--", f->name),
              flag_is_switch(f) ? "" : flag_value_help(f, c->arena));
    }
    for (int i = 0; i < LOCALS; i++)
        if ((line->command->locals & LOCAL_BIT(i)) != 0)
            offer(c, join(c->arena, "--", local_names[i]), "FILE");
    if (line->command->list || line->command->takes_all)
        offer(c, "--all", line->command->list ? "all pages" : "the whole tenant");
    offer_globals(c);
}

static void offer_words(const struct completion *c, const struct flag *flag)
{
    const ProtobufCEnumDescriptor *words = flag_words(flag);
    for (unsigned i = 0; words && i < words->n_values; i++) {
        if (words->values[i].value != 0)
            offer(c, value_word(words, words->values[i].name, c->arena), "");
    }
}

static void offer_contexts(const struct completion *c)
{
    struct contexts *all = ARENA_NEW(c->arena, struct contexts);
    const bool read = contexts_read(all, c->arena) == AM_OK;
    for (size_t i = 0; read && i < all->n; i++)
        offer(c, all->items[i].name, "");
}

/* -- where the cursor is ----------------------------------------------------------------------- */

/* The option whose value the word at `i` is: neither a switch nor "--name=value". */
static bool is_value(const struct completion *c, char **words, int i)
{
    const char *before = i > 0 ? words[i - 1] : "";
    if (strncmp(before, "--", 2) != 0 || strchr(before, '='))
        return false;
    const int global = globals_find(before + 2);
    const struct flag *flag = c->line.flags ? flags_named(c->line.flags, before + 2) : NULL;
    return global >= 0 ? globals[global].value != NULL : flag && !flag_is_switch(flag);
}

/* The command among the words before the last one; the index of the word behind its noun. */
static int find_command(struct completion *c, int n, char **words, const char **noun)
{
    for (int i = 0; i + 1 < n; i++) {
        if (words[i][0] == '-' || is_value(c, words, i))
            continue;
        const char *verb = i + 2 < n ? words[i + 1] : NULL;
        const struct ctl_command *command = ctl_find(words[i], verb);
        if (command)
            line_use(&c->line, command, c->arena);
        *noun = words[i];
        return i + 1;
    }
    return n;
}

/* The first word behind a command may be one of its field's words: agent presence away. */
static void offer_positional(struct completion *c)
{
    const char *field = c->line.command->positional;
    if (strcmp(c->line.command->noun, "context") == 0 && *field)
        offer_contexts(c);
    const struct flag *flag =
        *field && !strchr(field, ',') ? flags_find(c->line.flags, field) : NULL;
    if (flag)
        offer_words(c, flag);
}

void complete_words(int n, char **words, struct arena *arena)
{
    struct completion c = {.begun = n > 0 ? words[n - 1] : "", .arena = arena};
    const char *noun = NULL;
    const int behind = find_command(&c, n, words, &noun);
    const struct flag *flag = n > 1 && c.line.flags && strncmp(words[n - 2], "--", 2) == 0
                                  ? flags_named(c.line.flags, words[n - 2] + 2)
                                  : NULL;
    if (n > 0 && is_value(&c, words, n - 1)) {
        if (strcmp(words[n - 2], "--context") == 0)
            offer_contexts(&c);
        else if (flag)
            offer_words(&c, flag);
    } else if (!noun) {
        offer_nouns(&c);
        if (*c.begun == '-')
            offer_globals(&c);
    } else if (!c.line.command) {
        if (behind == n - 1)
            offer_verbs(&c, noun);
    } else if (*c.begun == '-') {
        offer_flags(&c);
    } else {
        offer_positional(&c);
    }
}

/* -- scripts ----------------------------------------------------------------------------------- */

static const char bash_script[] =
    "# amendsctl completion for bash: source <(amendsctl completion bash)\n"
    "_amendsctl() {\n"
    "    local word\n"
    "    COMPREPLY=()\n"
    "    while IFS= read -r word; do\n"
    "        COMPREPLY+=(\"${word%%$'\\t'*}\")\n"
    "    done < <(\"${COMP_WORDS[0]}\" " COMPLETE_WORD " \"${COMP_WORDS[@]:1:COMP_CWORD}\" "
    "2>/dev/null)\n"
    "}\n"
    "complete -o default -F _amendsctl amendsctl\n";

static const char zsh_script[] =
    "#compdef amendsctl\n"
    "# amendsctl completion for zsh: source <(amendsctl completion zsh)\n"
    "_amendsctl() {\n"
    "    local -a lines\n"
    "    lines=(\"${(@f)$(\"${words[1]}\" " COMPLETE_WORD " \"${(@)words[2,CURRENT]}\" "
    "2>/dev/null)}\")\n"
    "    if [[ -z \"${lines[1]}\" ]]; then _files; return; fi\n"
    "    lines=(\"${(@)lines//:/\\\\:}\")\n"
    "    lines=(\"${(@)lines/$'\\t'/:}\")\n"
    "    _describe 'amendsctl' lines\n"
    "}\n"
    "compdef _amendsctl amendsctl\n";

static const char fish_script[] =
    "# amendsctl completion for fish: amendsctl completion fish | source\n"
    "function __amendsctl_words\n"
    "    set -l words (commandline -opc)\n"
    "    set -l begun (commandline -ct)\n"
    "    set -l found ($words[1] " COMPLETE_WORD " $words[2..-1] \"$begun\" 2>/dev/null)\n"
    "    if count $found >/dev/null\n"
    "        printf '%s\\n' $found\n"
    "    else\n"
    "        __fish_complete_path \"$begun\"\n"
    "    end\n"
    "end\n"
    "complete -c amendsctl -f -a '(__amendsctl_words)'\n";

int complete_run_script(const struct ctl *c)
{
    const char *shell = c->line->command->verb;
    out_text(strcmp(shell, "bash") == 0  ? bash_script
             : strcmp(shell, "zsh") == 0 ? zsh_script
                                         : fish_script);
    return 0;
}
