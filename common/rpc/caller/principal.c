/* SPDX-License-Identifier: Apache-2.0 */
#include "rpc/caller/principal.h"

#include <string.h>

#include "auth/role_set.h"
#include "contract/reasons.h"
#include "contract/words.h"
#include "rpc/address.h"

static int refuse(struct fault *fault, int reason, const char *key, const char *what)
{
    fault_set(fault, FAULT_UNAUTHENTICATED, reason, "metadata %s %s", key, what);
    fault_meta(fault, "key", "%s", key);
    return AM_EINVAL;
}

/* The only value of `key`, copied. */
static int take(const grpc_metadata_array *metadata, const char *key, size_t max,
                struct arena *arena, const char **out, struct fault *fault)
{
    const grpc_slice *found = NULL;
    for (size_t i = 0; i < metadata->count; i++) {
        if (grpc_slice_str_cmp(metadata->metadata[i].key, key) != 0)
            continue;
        if (found)
            return refuse(fault, ERROR_REASON_PRINCIPAL_INVALID, key, "is given twice");
        found = &metadata->metadata[i].value;
    }
    if (!found || GRPC_SLICE_LENGTH(*found) == 0)
        return refuse(fault, ERROR_REASON_PRINCIPAL_MISSING, key, "is missing");
    if (!check_name((const char *)GRPC_SLICE_START_PTR(*found), GRPC_SLICE_LENGTH(*found), max))
        return refuse(fault, ERROR_REASON_PRINCIPAL_INVALID, key, "is not well formed");
    *out =
        arena_strndup(arena, (const char *)GRPC_SLICE_START_PTR(*found), GRPC_SLICE_LENGTH(*found));
    return *out ? 0 : refuse(fault, ERROR_REASON_PRINCIPAL_INVALID, key, "is too large");
}

int principal_tenant(const grpc_metadata_array *metadata, struct arena *arena,
                     struct rpc_principal *out, struct fault *fault)
{
    return take(metadata, PRINCIPAL_TENANT_KEY, PRINCIPAL_TENANT_MAX, arena, &out->tenant, fault);
}

int principal_establish(const grpc_metadata_array *metadata, struct arena *arena,
                        struct rpc_principal *out, struct fault *fault)
{
    int err = principal_tenant(metadata, arena, out, fault);
    if (err < 0)
        return err;
    err = take(metadata, PRINCIPAL_ID_KEY, PRINCIPAL_ID_MAX, arena, &out->id, fault);
    out->via = out->id;
    out->roles = ROLES_ALL & ~ROLE_BIT(ROLE_INTERNAL);
    return err;
}

static bool text_ok(const char *s, size_t max)
{
    return s && check_name(s, strnlen(s, max + 1), max);
}

bool principal_valid(const struct rpc_principal *principal)
{
    return text_ok(principal->tenant, PRINCIPAL_TENANT_MAX) &&
           text_ok(principal->id, PRINCIPAL_ID_MAX);
}

/* Behind "ipv4:" or "ipv6:", with the brackets as gRPC writes them. */
static const char *const local_addresses[] = {
    "ipv4:127.", "ipv6:%5B::1%5D:", "ipv6:[::1]:", "ipv6:%5B::ffff:127.", "ipv6:[::ffff:127.",
};

bool principal_peer_is_local(const char *peer)
{
    if (strncmp(peer, "ipv", 3) != 0)
        return true; /* a UNIX socket, or one that this process was given */
    for (size_t i = 0; i < sizeof(local_addresses) / sizeof(local_addresses[0]); i++)
        if (strncmp(peer, local_addresses[i], strlen(local_addresses[i])) == 0)
            return true;
    return false;
}

bool principal_listen_is_local(const char *listen)
{
    struct address a;
    return address_parse(listen, &a) == 0 && address_is_local(listen);
}
