/* SPDX-License-Identifier: Apache-2.0 */

#include "amendsctl/call.h"

#include <inttypes.h>
#include <string.h>

#include "amendsctl/out.h"
#include "amendsctl/token.h"
#include "auth/key_file.h"
#include "base/assert.h"
#include "contract/reasons.h"
#include "contract/word.h"
#include "rpc/address.h"

#define TIMEOUT_MS 10000

/* -- failures ---------------------------------------------------------------------------------- */

/* "--failure-code, --failure-product": the flags of a message whose fields have flags. */
static const char *group_flags(const struct flags *f, const char *group, struct arena *arena)
{
    const char *all = "";
    for (size_t i = 0; i < f->n && all; i++) {
        if (f->items[i].depth > 1 && strcmp(f->items[i].path[0]->name, group) == 0)
            all = arena_printf(arena, "%s%s--%s", all, *all ? ", " : "", f->items[i].name);
    }
    AM_ASSERT(all != NULL);
    return all;
}

/* A field that is wrong is named as the flag that sets it. */
static void print_violation(const struct ctl *c, const struct fault_item *item)
{
    const char *rest = "";
    const struct flag *flag = flags_of_path(c->line->flags, item->key, &rest);
    const char *group = flag ? "" : group_flags(c->line->flags, item->key, c->arena);
    if (flag)
        out_error("  --%s%s: %s", flag->name, rest, item->text);
    else
        out_error("  %s%s%s%s: %s", item->key, *group ? " (" : "", group, *group ? ")" : "",
                  item->text);
}

static void print_items(const struct ctl *c, const struct fault *fault)
{
    for (size_t i = 0; i < fault->n_violations; i++)
        print_violation(c, &fault->violations[i]);
    if (fault->n_left_out)
        out_error("  and %zu more", fault->n_left_out);
    for (size_t i = 0; i < fault->n_metadata; i++)
        out_error("  %s: %s", fault->metadata[i].key, fault->metadata[i].text);
    if (fault->retry_ms)
        out_error("  try again after %" PRIu32 " ms", fault->retry_ms);
}

static int exit_code(enum fault_code code)
{
    switch (code) {
    case FAULT_OK:
        return 0;
    case FAULT_INVALID_ARGUMENT:
    case FAULT_OUT_OF_RANGE:
        return 1;
    case FAULT_NOT_FOUND:
        return 3;
    case FAULT_FAILED_PRECONDITION:
    case FAULT_ABORTED:
    case FAULT_ALREADY_EXISTS:
        return 4;
    case FAULT_PERMISSION_DENIED:
    case FAULT_UNAUTHENTICATED:
        return 5;
    case FAULT_RESOURCE_EXHAUSTED:
        return 6;
    case FAULT_UNAVAILABLE:
    case FAULT_DEADLINE_EXCEEDED:
    case FAULT_CANCELLED:
        return 7;
    default:
        return 2;
    }
}

/* What the library says of a connection, in plain words. A reason of ours tells itself. */
static const char *plain(const struct rpc_sync_result *result)
{
    const char *text = result->message;
    if (result->fault.reason)
        return text;
    if (strstr(text, "DNS resolution"))
        return "the name of the server cannot be resolved";
    if (strstr(text, "Connection refused"))
        return "nobody answers: connection refused; is the service running?";
    if (strstr(text, "http1"))
        return "what answers there is no gRPC server; is it another port of the service?";
    if (result->code == FAULT_UNIMPLEMENTED)
        return "the server does not know this call; is it another service, or an older one?";
    if (result->code == FAULT_UNAVAILABLE)
        return "the connection cannot be made, or was lost";
    if (result->code == FAULT_DEADLINE_EXCEEDED)
        return "no answer in time (--timeout-ms)";
    return text;
}

/* The outcome of a write is unknown, or another attempt may do better. */
static void tell_request_id(const struct line *line, int code)
{
    if (line->request_id && (code == 2 || code == 6 || code == 7))
        out_error("  to repeat it safely, give the same command --request-id %s", line->request_id);
}

/* Why there is no connection, when TLS has to do with it; else what the library says. */
static const char *explain(const struct ctl *c, const struct rpc_sync_result *result)
{
    const struct line *line = c->line;
    if (result->code == FAULT_UNAVAILABLE && !result->fault.reason) {
        const char *why = secure_why(&line->secure, line->target[line->command->server], c->arena);
        if (why)
            return why;
    }
    return plain(result);
}

/* The metadata amends-principal and amends-tenant are options of ours. */
static void tell_disagreement(const struct ctl *c, const struct fault *fault)
{
    const struct global_values *given = &c->line->values;
    const bool key = globals_get(given, GLOBAL_API_KEY_FILE) != NULL;
    const bool token = globals_get(given, GLOBAL_TOKEN_FILE) != NULL;
    const char *metadata = NULL;
    for (size_t i = 0; i < fault->n_metadata; i++)
        if (strcmp(fault->metadata[i].key, "key") == 0)
            metadata = fault->metadata[i].text;
    if (fault->reason != ERROR_REASON_PRINCIPAL_INVALID || !metadata)
        return;
    const enum global_id option =
        strcmp(metadata, "amends-tenant") == 0 ? GLOBAL_TENANT : GLOBAL_AS;
    const char *said = globals_get(given, option);
    if (!said)
        return;
    out_error("  --%s %s is not whom %s belongs to; leave --%s out, or, for a gateway, give "
              "--on-behalf-of agent:NAME",
              globals[option].name, said,
              key     ? "the key of --api-key-file"
              : token ? "the token of --token-file"
                      : "the certificate of --tls-cert",
              globals[option].name);
}

int ctl_report(const struct ctl *c, const struct rpc_sync_result *result)
{
    const struct line *line = c->line;
    const int code = exit_code(result->code);
    const char *token_file = globals_get(&line->values, GLOBAL_TOKEN_FILE);
    if (result->code != FAULT_OK) {
        const char *reason = contract_reason(result->fault.reason);
        out_error("amendsctl: %s%s%s (at %s)", reason, *reason ? ": " : "", explain(c, result),
                  line->address[line->command->server]);
        print_items(c, &result->fault);
        tell_disagreement(c, &result->fault);
        if (result->code == FAULT_UNAUTHENTICATED && token_file)
            token_tell_end(token_file);
        tell_request_id(line, code);
    }
    return code;
}

/* AM_EINVAL comes before anything was sent. */
int ctl_cannot_call(const struct line *line, int err)
{
    if (err == AM_EIO)
        return 1; /* ctl_connect() has told it */
    if (err == AM_EINVAL) {
        out_error("amendsctl: --tenant \"%s\" or --as \"%s\" is not well formed", line->tenant,
                  line->as);
        return 1;
    }
    out_error("amendsctl: the answer is too large for this program: %s", err_text(err));
    tell_request_id(line, 2);
    return 2;
}

int ctl_connect(const struct line *line, struct rpc_sync **out)
{
    *out = secure_connect(&line->secure, line->target[line->command->server]);
    return *out ? 0 : AM_EIO;
}

/* -- calls ------------------------------------------------------------------------------------- */

static int read_key(const char *file, const char **out, struct arena *arena)
{
    struct api_key key;
    char why[KEY_FILE_WHY];
    if (key_file_read(file, &key, why)) {
        out_error("amendsctl: --api-key-file %s", why);
        return AM_EINVAL;
    }
    *out = arena_strdup(arena, key.text);
    AM_ASSERT(*out != NULL);
    api_key_forget(&key);
    return AM_OK;
}

static int refuse_both(void)
{
    out_error("amendsctl: --api-key-file and --token-file are both given: leave one of them out");
    return AM_EINVAL;
}

/* Whoever reads a credential on its way can call with it, so it goes in plaintext only where nobody
 * is on the way, or when somebody says so. */
static int refuse_plaintext(const struct ctl *c, enum global_id option)
{
    const struct line *line = c->line;
    const enum command_server server = line->command->server;
    if (line->secure.on || address_is_local(line->target[server]) ||
        globals_get(&line->values, GLOBAL_TLS))
        return AM_OK;
    out_error("amendsctl: --%s: without TLS everybody on the way to %s could read it; give --tls "
              "or --tls-ca, or --tls=false where the network itself encrypts",
              globals[option].name, line->address[server]);
    return AM_EINVAL;
}

/* A credential says the names itself, and so may a certificate. Those that were given besides must
 * agree, which the server sees. */
int ctl_caller(const struct ctl *c, struct rpc_principal *out)
{
    const struct global_values *given = &c->line->values;
    const char *file = globals_get(given, GLOBAL_TOKEN_FILE);
    const char *key_file = globals_get(given, GLOBAL_API_KEY_FILE);
    *out = (struct rpc_principal){.tenant = globals_get(given, GLOBAL_TENANT),
                                  .id = globals_get(given, GLOBAL_AS),
                                  .by_certificate = globals_get(given, GLOBAL_TLS_CERT) != NULL,
                                  .behalf = globals_get(given, GLOBAL_ON_BEHALF_OF)};
    if (file && key_file)
        return refuse_both();
    if (!file && !key_file) {
        if (!out->by_certificate)
            *out = (struct rpc_principal){
                .tenant = c->line->tenant, .id = c->line->as, .behalf = out->behalf};
        return AM_OK;
    }
    if (refuse_plaintext(c, file ? GLOBAL_TOKEN_FILE : GLOBAL_API_KEY_FILE))
        return AM_EINVAL;
    return key_file ? read_key(key_file, &out->credential, c->arena)
                    : token_read(file, &out->credential, c->arena);
}

static int64_t timeout_ms(const struct ctl *c, int64_t usual)
{
    return c->line->timeout_ms < 0 ? usual : c->line->timeout_ms;
}

int ctl_call(const struct ctl *c, const char *method, const ProtobufCMessage *request,
             const ProtobufCMessage **reply)
{
    struct rpc_sync_result result = {0};
    struct rpc_principal as;
    const enum command_server server = c->line->command->server;
    if (ctl_caller(c, &as))
        return 1;
    int err = rpc_sync_call(c->client, ctl_service(server), ctl_method_index(server, method), &as,
                            request, timeout_ms(c, TIMEOUT_MS), c->arena, &result);
    *reply = result.reply;
    return err ? ctl_cannot_call(c->line, err) : ctl_report(c, &result);
}
