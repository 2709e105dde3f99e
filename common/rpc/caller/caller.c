/* SPDX-License-Identifier: Apache-2.0 */
#include "rpc/caller/caller.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "auth/role_set.h"
#include "contract/check.h"
#include "contract/reasons.h"
#include "contract/word.h"
#include "contract/words.h"
#include "rpc/caller/principal.h"

#define SCHEME "bearer"
#define AGENT_FORM "agent:"

static struct slice bytes_of(const grpc_slice *s)
{
    return slice_of(GRPC_SLICE_START_PTR(*s), GRPC_SLICE_LENGTH(*s));
}

/* How often the key is given; `out` is its first value, empty without one. */
static size_t find(const grpc_metadata_array *metadata, const char *key, struct slice *out)
{
    size_t n = 0;
    *out = slice_of(NULL, 0);
    for (size_t i = 0; i < metadata->count; i++) {
        if (grpc_slice_str_cmp(metadata->metadata[i].key, key) != 0)
            continue;
        if (n++ == 0)
            *out = bytes_of(&metadata->metadata[i].value);
    }
    return n;
}

static bool same(struct slice s, const char *text)
{
    return s.len == strlen(text) && memcmp(s.data, text, s.len) == 0;
}

/* -- the credential ---------------------------------------------------------------------------- */

/* `text` is told to the caller, `why` to the log. */
static enum caller_outcome refuse(struct caller *c, struct fault *fault, const char *why,
                                  const char *text)
{
    c->why = why;
    fault_set(fault, FAULT_UNAUTHENTICATED, ERROR_REASON_CREDENTIAL_REFUSED, "%s", text);
    return CALLER_REFUSED;
}

/* Cuts "Bearer " off. False: it is another scheme, or nothing comes behind it. */
static bool cut_scheme(struct slice *s)
{
    const size_t len = sizeof(SCHEME) - 1;
    if (s->len < len + 2 || strncasecmp((const char *)s->data, SCHEME, len) != 0 ||
        s->data[len] != ' ')
        return false;
    *s = slice_of(s->data + len + 1, s->len - len - 1);
    return true;
}

static const struct auth_checker *checker_of(const struct caller_rules *rules, struct slice text)
{
    for (size_t i = 0; i < rules->n_checkers; i++)
        if (rules->checkers[i]->takes(rules->checkers[i]->ctx, (const char *)text.data, text.len))
            return rules->checkers[i];
    return NULL;
}

static enum caller_outcome unavailable(struct caller *c, struct fault *fault)
{
    c->why = "it cannot be known now";
    fault_set(fault, FAULT_UNAVAILABLE, ERROR_REASON_CREDENTIAL_UNCHECKED,
              "whether the credential is good cannot be known now; try again");
    return CALLER_UNAVAILABLE;
}

static enum caller_outcome check(struct caller *c, int64_t now_us, struct arena *arena,
                                 struct fault *fault)
{
    const char *why = "refused";
    switch (c->checker->check(c->checker->ctx, (const char *)c->text.data, c->text.len, now_us,
                              arena, &c->identity, &why)) {
    case AUTH_OK:
        return CALLER_ACCEPTED;
    case AUTH_ASK:
        return CALLER_ASKS;
    case AUTH_UNAVAILABLE:
        return unavailable(c, fault);
    case AUTH_REFUSED:
        break;
    }
    return refuse(
        c, fault, why,
        "the credential is not accepted; see that it is whole, has neither ended nor been "
        "revoked, and was made for this server");
}

static enum caller_outcome take_credential(const struct caller_rules *rules, size_t n,
                                           struct slice value, int64_t now_us, struct arena *arena,
                                           struct caller *c, struct fault *fault)
{
    if (n > 1)
        return refuse(c, fault, "given twice", "metadata authorization is given twice");
    if (!cut_scheme(&value))
        return refuse(c, fault, "no bearer",
                      "metadata authorization is not 'Bearer <API key or token>'");
    if (value.len > CALLER_CREDENTIAL_BYTES_MAX)
        return refuse(c, fault, "too long",
                      "the credential in metadata authorization is longer than 4096 bytes");
    c->text = value;
    c->checker = checker_of(rules, value);
    if (!c->checker)
        return refuse(c, fault, "of no known form",
                      "the text behind 'Bearer' is no kind of credential that this server takes");
    return check(c, now_us, arena, fault);
}

/* -- whose name it gives ----------------------------------------------------------------------- */

static enum caller_outcome disagree(struct caller *c, struct fault *fault, const char *key,
                                    const char *hint)
{
    c->why = "headers disagree";
    fault_set(fault, FAULT_UNAUTHENTICATED, ERROR_REASON_PRINCIPAL_INVALID,
              "metadata %s says otherwise than the credential; %s", key, hint);
    fault_meta(fault, "key", "%s", key);
    return CALLER_MALFORMED;
}

static enum caller_outcome take_tenant(const grpc_metadata_array *metadata, struct arena *arena,
                                       struct caller *c, struct rpc_principal *who,
                                       struct fault *fault)
{
    struct slice given = {0};
    who->tenant = c->identity.tenant;
    if (*who->tenant == '\0')
        return principal_tenant(metadata, arena, who, fault) < 0 ? CALLER_MALFORMED
                                                                 : CALLER_ACCEPTED;
    const size_t n = find(metadata, PRINCIPAL_TENANT_KEY, &given);
    if (n > 1 || (n == 1 && !same(given, who->tenant)))
        return disagree(c, fault, PRINCIPAL_TENANT_KEY, "leave it out");
    return CALLER_ACCEPTED;
}

/* Names the caller by the identity. Headers may say the same once more, as programs do that call
 * servers of both kinds. */
static enum caller_outcome name(const grpc_metadata_array *metadata, struct arena *arena,
                                struct caller *c, struct rpc_principal *who, struct fault *fault)
{
    struct slice given = {0};
    const size_t n = find(metadata, PRINCIPAL_ID_KEY, &given);
    who->id = who->via = c->identity.principal;
    who->roles = c->identity.roles;
    who->proved = true;
    if (n > 1 || (n == 1 && !same(given, who->id)))
        return disagree(c, fault, PRINCIPAL_ID_KEY,
                        "leave it out, or name by amends-on-behalf-of for whom you call");
    return take_tenant(metadata, arena, c, who, fault);
}

static enum caller_outcome believe(const grpc_metadata_array *metadata, struct arena *arena,
                                   struct caller *c, struct rpc_principal *who, struct fault *fault)
{
    c->why = "headers are missing or wrong";
    return principal_establish(metadata, arena, who, fault) < 0 ? CALLER_MALFORMED
                                                                : CALLER_BELIEVED;
}

enum caller_outcome caller_establish(const struct caller_rules *rules,
                                     const grpc_metadata_array *metadata, int64_t now_us,
                                     struct arena *arena, struct caller *c,
                                     struct rpc_principal *who, struct fault *fault)
{
    struct slice value = {0};
    *c = (struct caller){.why = ""};
    const size_t n =
        rules->auth == RPC_AUTH_OFF ? 0 : find(metadata, CALLER_AUTHORIZATION_KEY, &value);
    if (n > 0) {
        enum caller_outcome outcome = take_credential(rules, n, value, now_us, arena, c, fault);
        return outcome == CALLER_ACCEPTED ? name(metadata, arena, c, who, fault) : outcome;
    }
    if (rules->auth != RPC_AUTH_REQUIRED)
        return believe(metadata, arena, c, who, fault);
    c->why = "none given";
    fault_set(fault, FAULT_UNAUTHENTICATED, ERROR_REASON_CREDENTIAL_MISSING,
              "there is no credential; send metadata authorization: Bearer <API key or token>");
    return CALLER_MISSING;
}

bool caller_would_cost(const struct caller_rules *rules, const grpc_metadata_array *metadata,
                       int64_t now_us, struct caller *c)
{
    struct slice text = {0};
    *c = (struct caller){.why = ""};
    if (find(metadata, CALLER_AUTHORIZATION_KEY, &text) != 1 || !cut_scheme(&text) ||
        text.len > CALLER_CREDENTIAL_BYTES_MAX)
        return false;
    const struct auth_checker *checker = checker_of(rules, text);
    if (!checker || !checker->costs ||
        (checker->known && checker->known(checker->ctx, (const char *)text.data, text.len, now_us)))
        return false;
    c->checker = checker;
    return true;
}

/* -- a certificate ----------------------------------------------------------------------------- */

bool caller_gives_credential(const grpc_metadata_array *metadata)
{
    struct slice value = {0};
    return find(metadata, CALLER_AUTHORIZATION_KEY, &value) > 0;
}

static const enum san_kind san_kinds[TLS_NAME_KINDS] = {
    [TLS_NAME_DNS] = SAN_DNS,
    [TLS_NAME_URI] = SAN_URI,
    [TLS_NAME_EMAIL] = SAN_EMAIL,
    [TLS_NAME_IP] = SAN_IP,
};

enum caller_outcome caller_by_certificate(struct san_file *file, const struct tls_name *names,
                                          size_t n, const grpc_metadata_array *metadata,
                                          struct arena *arena, struct caller *c,
                                          struct rpc_principal *who, struct fault *fault)
{
    struct san sans[TLS_PEER_NAMES_MAX];
    const char *why = "";
    *c = (struct caller){.why = "", .checker = san_file_checker(file)};
    for (size_t i = 0; i < n && i < TLS_PEER_NAMES_MAX; i++)
        sans[i] = (struct san){.kind = san_kinds[names[i].kind], .text = names[i].text};
    const int err = san_file_find(file, sans, n < TLS_PEER_NAMES_MAX ? n : TLS_PEER_NAMES_MAX,
                                  arena, &c->identity, &why);
    if (err == AM_ENOENT)
        return CALLER_MISSING;
    if (err)
        return refuse(c, fault, why, "the names of the client certificate are not accepted");
    return name(metadata, arena, c, who, fault);
}

/* -- on whose behalf --------------------------------------------------------------------------- */

static int bad_behalf(struct fault *fault)
{
    fault_violation(fault, CALLER_BEHALF_KEY,
                    "is neither agent:<name> nor customer:<channel>, such as customer:email");
    return AM_EINVAL;
}

/* What an agent may not do, nobody may do for them: of the caller's own roles none is left. */
static int for_agent(struct slice name, struct arena *arena, struct rpc_principal *who,
                     struct fault *fault)
{
    if (!check_name((const char *)name.data, name.len, PRINCIPAL_ID_MAX) ||
        check_is_customer((const char *)name.data, name.len))
        return bad_behalf(fault);
    who->id = arena_strndup(arena, (const char *)name.data, name.len);
    who->roles = ROLE_BIT(ROLE_AGENT);
    return who->id ? AM_OK : bad_behalf(fault);
}

/* In small letters, however the channel was written: history knows one name of it. */
static int for_customer(struct slice value, struct arena *arena, struct rpc_principal *who,
                        struct fault *fault)
{
    char *id = arena_strndup(arena, (const char *)value.data, value.len);
    for (char *c = id; id && *c; c++)
        *c = (char)tolower((unsigned char)*c);
    const char *channel = id ? id + sizeof(CHECK_CUSTOMER_PREFIX) - 1 : "";
    const int number = contract_number(CHANNEL_WORDS, channel);
    if (number <= CHANNEL_UNSPECIFIED || number == CHANNEL_SYSTEM)
        return bad_behalf(fault);
    who->id = id;
    who->roles = ROLE_BIT(ROLE_GATEWAY);
    who->for_customer = true;
    return AM_OK;
}

static int forbid(struct fault *fault, uint32_t needed, const struct rpc_principal *who,
                  const char *what)
{
    char roles[ROLE_SET_TEXT_BYTES], has[ROLE_SET_TEXT_BYTES];
    role_set_text(needed, roles);
    role_set_text(who->roles, has);
    if (needed == ROLE_BIT(ROLE_INTERNAL))
        fault_set(fault, FAULT_PERMISSION_DENIED, ERROR_REASON_INTERNAL_ONLY,
                  "only the services themselves may call this");
    else
        fault_set(fault, FAULT_PERMISSION_DENIED, ERROR_REASON_ROLE_MISSING,
                  "%s needs one of the roles %s; '%s' has %s", what, *roles ? roles : "(none)",
                  who->via, *has ? has : "none");
    fault_meta(fault, "roles_needed", "%s", roles);
    fault_meta(fault, "roles", "%s", has);
    fault_meta(fault, "principal", "%s", who->via);
    return AM_EINVAL;
}

static int take_behalf(const grpc_metadata_array *metadata, struct arena *arena,
                       struct rpc_principal *who, struct fault *fault)
{
    struct slice value = {0};
    const size_t n = find(metadata, CALLER_BEHALF_KEY, &value);
    if (n == 0)
        return AM_OK;
    if (!(who->roles & ROLE_BIT(ROLE_GATEWAY)))
        return forbid(fault, ROLE_BIT(ROLE_GATEWAY), who, "metadata " CALLER_BEHALF_KEY);
    if (n > 1)
        return bad_behalf(fault);
    const size_t agent = sizeof(AGENT_FORM) - 1;
    if (value.len > agent && memcmp(value.data, AGENT_FORM, agent) == 0)
        return for_agent(slice_of(value.data + agent, value.len - agent), arena, who, fault);
    if (check_is_customer((const char *)value.data, value.len))
        return for_customer(value, arena, who, fault);
    return bad_behalf(fault);
}

int caller_permit(const grpc_metadata_array *metadata, uint32_t needed, struct arena *arena,
                  struct rpc_principal *who, struct fault *fault)
{
    if (take_behalf(metadata, arena, who, fault) < 0)
        return AM_EINVAL;
    return who->roles & needed ? AM_OK : forbid(fault, needed, who, "this call");
}
