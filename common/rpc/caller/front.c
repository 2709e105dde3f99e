/* SPDX-License-Identifier: Apache-2.0 */
#include "rpc/caller/front.h"

#include <arpa/inet.h>
#include <string.h>
#include <strings.h>

#include "base/log.h"
#include "contract/reasons.h"
#include "rpc/address.h"
#include "rpc/internal.h"
#include "rpc/caller/principal.h"

#define WARN_US (60 * US_PER_S)
#define PEER_BYTES_MAX 64 /* the longest address with brackets and a port has 53 */

static const char *const kinds[TLS_NAME_KINDS] = {
    [TLS_NAME_DNS] = "dns:",
    [TLS_NAME_URI] = "uri:",
    [TLS_NAME_EMAIL] = "email:",
    [TLS_NAME_IP] = "ip:",
};

static bool is_key(const grpc_metadata *pair, const char *key)
{
    return grpc_slice_str_cmp(pair->key, key) == 0;
}

bool front_speaks(const grpc_metadata_array *metadata)
{
    for (size_t i = 0; i < metadata->count; i++)
        if (is_key(&metadata->metadata[i], FRONT_PEER_KEY) ||
            is_key(&metadata->metadata[i], FRONT_SAN_KEY))
            return true;
    return false;
}

/* -- what it says ------------------------------------------------------------------------------ */

static int malformed(struct fault *fault, const char *key, const char *what)
{
    fault_set(fault, FAULT_INVALID_ARGUMENT, ERROR_REASON_FRONT_METADATA_INVALID,
              "metadata %s of the trusted front %s", key, what);
    fault_meta(fault, "key", "%s", key);
    return AM_EINVAL;
}

static const char *copy(const grpc_metadata *pair, size_t most, struct arena *arena)
{
    const char *text = (const char *)GRPC_SLICE_START_PTR(pair->value);
    const size_t len = GRPC_SLICE_LENGTH(pair->value);
    return len > 0 && len <= most ? arena_strndup(arena, text, len) : NULL;
}

/* As gRPC itself names a peer, so that nobody who compares or cuts peers need know of fronts. */
static const char *peer_of(const char *text, struct arena *arena)
{
    struct address a;
    struct in6_addr v6;
    struct in_addr v4;
    if (!text || address_parse(text, &a) < 0 || a.is_unix)
        return NULL;
    if (inet_pton(AF_INET, a.host, &v4) == 1)
        return arena_printf(arena, "ipv4:%s:%d", a.host, a.port);
    if (inet_pton(AF_INET6, a.host, &v6) == 1)
        return arena_printf(arena, "ipv6:%%5B%s%%5D:%d", a.host, a.port);
    return NULL;
}

static int read_peer(const grpc_metadata *pair, struct arena *arena, struct front_told *out,
                     struct fault *fault)
{
    if (out->peer)
        return malformed(fault, FRONT_PEER_KEY, "is given twice");
    out->peer = peer_of(copy(pair, PEER_BYTES_MAX, arena), arena);
    return out->peer ? AM_OK
                     : malformed(fault, FRONT_PEER_KEY, "is no address such as 192.0.2.7:51234");
}

static int read_name(const grpc_metadata *pair, struct arena *arena, struct front_told *out,
                     struct fault *fault)
{
    const char *text = copy(pair, TLS_PEER_NAME_BYTES_MAX, arena);
    if (out->n_names == TLS_PEER_NAMES_MAX)
        return malformed(fault, FRONT_SAN_KEY, "is given too often");
    for (int kind = 0; text && kind < TLS_NAME_KINDS; kind++) {
        const size_t len = strlen(kinds[kind]);
        if (strncmp(text, kinds[kind], len) != 0 || text[len] == '\0')
            continue;
        out->names[out->n_names++] =
            (struct tls_name){.kind = (enum tls_name_kind)kind, .text = text + len};
        return AM_OK;
    }
    return malformed(fault, FRONT_SAN_KEY, "is no name such as dns:crm.example.com");
}

int front_read(const grpc_metadata_array *metadata, struct arena *arena, struct front_told *out,
               struct fault *fault)
{
    int err = AM_OK;
    *out = (struct front_told){.names = ARENA_ARRAY(arena, struct tls_name, TLS_PEER_NAMES_MAX)};
    for (size_t i = 0; !err && i < metadata->count; i++) {
        const grpc_metadata *pair = &metadata->metadata[i];
        if (is_key(pair, FRONT_PEER_KEY))
            err = read_peer(pair, arena, out, fault);
        else if (is_key(pair, FRONT_SAN_KEY))
            err = read_name(pair, arena, out, fault);
    }
    if (!err && !out->peer)
        err = malformed(fault, FRONT_PEER_KEY, "is missing");
    return err;
}

/* -- whether it is believed -------------------------------------------------------------------- */

bool front_has_name(const struct tls_peer *peer, const char *san)
{
    for (size_t i = 0; i < peer->n_names; i++) {
        const struct tls_name *name = &peer->names[i];
        if (name->kind == TLS_NAME_DNS ? strcasecmp(name->text, san) == 0
                                       : strcmp(name->text, san) == 0)
            return true;
    }
    return false;
}

static bool is_trusted(struct rpc_call *call, const char *peer)
{
    const struct rpc_server_config *config = &call->server->config;
    struct tls_peer names;
    if (config->trusted_front_loopback && principal_peer_is_local(peer))
        return true;
    if (!config->trusted_front_san)
        return false;
    tls_peer_read(call->grpc, &call->arena, &names);
    return front_has_name(&names, config->trusted_front_san);
}

/* Once a minute, because a client may do it with every call. */
static void warn(struct rpc_call *call, const char *peer)
{
    struct rpc_server *s = call->server;
    if (s->front_warned_us != 0 && call->taken_us - s->front_warned_us < WARN_US)
        return;
    s->front_warned_us = call->taken_us;
    log_warn("rpc", "front_not_trusted", LOG_STR("peer", peer),
             LOG_STR("why", "it sent " FRONT_PEER_KEY " or " FRONT_SAN_KEY
                            ", which only the trusted front may send"),
             LOG_STR("do", "if it is your front, name it: --trusted-front-san, or "
                           "--trusted-front-loopback on the same machine"));
}

int front_hear(struct rpc_call *call, struct fault *fault)
{
    if (!front_speaks(&call->metadata))
        return AM_OK;
    const char *peer = rpc_call_peer(call);
    if (is_trusted(call, peer))
        return front_read(&call->metadata, &call->arena, &call->told, fault);
    warn(call, peer);
    fault_set(fault, FAULT_PERMISSION_DENIED, ERROR_REASON_FRONT_NOT_TRUSTED,
              "metadata " FRONT_PEER_KEY " and " FRONT_SAN_KEY
              " are taken from the trusted front only; whoever is no front leaves them out");
    return AM_EINVAL;
}
