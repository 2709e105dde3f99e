/* SPDX-License-Identifier: Apache-2.0 */

#include "amendsctl/globals.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"

const struct global globals[GLOBALS] = {
    [GLOBAL_CONTEXT] = {"context", "NAME", "default the current one, if any (context use)"},
    [GLOBAL_SERVER] = {"server", "ADDR", "all three services at one address (amends serve)"},
    [GLOBAL_INTAKE] = {"intake", "ADDR", "default 127.0.0.1:7401, else 7400 (amends serve)"},
    [GLOBAL_ASSIGNMENT] = {"assignment", "ADDR", "default 127.0.0.1:7402, else 7400"},
    [GLOBAL_RESOLUTION] = {"resolution", "ADDR", "default 127.0.0.1:7403, else 7400"},
    [GLOBAL_TENANT] = {"tenant", "NAME", "default demo"},
    [GLOBAL_API_KEY_FILE] = {"api-key-file", "FILE",
                             "an API key: it says whose tenant it is, and who calls"},
    [GLOBAL_TOKEN_FILE] = {"token-file", "FILE",
                           "a JSON Web Token: it says who calls, and is read anew for each call"},
    [GLOBAL_AS] = {"as", "PRINCIPAL",
                   "the caller: an agent or a client application; default amendsctl"},
    [GLOBAL_ON_BEHALF_OF] = {"on-behalf-of", "WHOM",
                             "for whom a gateway calls: agent:NAME, or customer:CHANNEL such as "
                             "customer:email"},
    [GLOBAL_TLS] = {"tls", NULL, "speak TLS; the CAs are the system's, or those of --tls-ca"},
    [GLOBAL_TLS_CA] = {"tls-ca", "FILE",
                       "speak TLS; the server's certificate comes from these CAs"},
    [GLOBAL_TLS_CERT] = {"tls-cert", "FILE",
                         "our certificate; it may say who calls, so no default is sent for names"},
    [GLOBAL_TLS_KEY] = {"tls-key", "FILE", "its key"},
    [GLOBAL_TLS_SERVER_NAME] = {"tls-server-name", "NAME",
                                "what the server's certificate is for; default: its address"},
    [GLOBAL_TIMEOUT] = {"timeout-ms", "MS", "default 10000; for streams 0: until interrupted"},
    [GLOBAL_JSON] = {"json", NULL, "print canonical JSON, one document for each message"},
    [GLOBAL_WIDE] = {"wide", NULL,
                     "show everything: whole answers, uncut columns, all times in full"},
    [GLOBAL_OUT] = {"out", "FILE",
                    "new file for an API key (key create, rotate) or for customer export"},
};

int globals_find(const char *name)
{
    for (int i = 0; i < GLOBALS; i++) {
        if (strcmp(globals[i].name, name) == 0)
            return i;
    }
    return -1;
}

const char *globals_env_name(enum global_id id, struct arena *arena)
{
    char *name = arena_printf(arena, "AMENDS_%s", globals[id].name);
    AM_ASSERT(name != NULL);
    for (char *c = name; *c; c++)
        *c = *c == '-' ? '_' : (char)toupper((unsigned char)*c);
    return name;
}

void globals_read_environment(struct global_values *v, struct arena *arena)
{
    for (int i = 0; i < GLOBALS; i++) {
        const char *text = getenv(globals_env_name((enum global_id)i, arena));
        v->env[i] = text && *text ? text : NULL;
    }
}

const char *globals_get(const struct global_values *v, enum global_id id)
{
    const char *said = v->flag[id] ? v->flag[id] : v->env[id];
    return said ? said : v->context[id];
}

bool globals_switch(const char *text, bool *on)
{
    static const char *const words[] = {"false", "true", "0", "1", "no", "yes", "off", "on"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (strcmp(text, words[i]) == 0) {
            *on = i % 2 == 1;
            return true;
        }
    }
    return false;
}
