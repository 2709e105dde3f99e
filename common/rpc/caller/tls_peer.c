/* SPDX-License-Identifier: Apache-2.0 */
#include "rpc/caller/tls_peer.h"

#include <string.h>

#include <grpc/grpc_security.h>

#include "rpc/internal.h"

static const char *const properties[TLS_NAME_KINDS] = {
    [TLS_NAME_DNS] = GRPC_PEER_DNS_PROPERTY_NAME,
    [TLS_NAME_URI] = GRPC_PEER_URI_PROPERTY_NAME,
    [TLS_NAME_EMAIL] = GRPC_PEER_EMAIL_PROPERTY_NAME,
    [TLS_NAME_IP] = GRPC_PEER_IP_PROPERTY_NAME,
};

static const grpc_auth_property *first_property(const grpc_auth_context *context, const char *name)
{
    grpc_auth_property_iterator it = grpc_auth_context_find_properties_by_name(context, name);
    return grpc_auth_property_iterator_next(&it);
}

/* A name with a NUL inside would be read as a shorter one. */
static bool is_text(const grpc_auth_property *p)
{
    return p->value && p->value_length > 0 && p->value_length <= TLS_PEER_NAME_BYTES_MAX &&
           strlen(p->value) == p->value_length;
}

static void add_names(const grpc_auth_context *context, enum tls_name_kind kind,
                      struct arena *arena, struct tls_peer *out)
{
    const grpc_auth_property *p;
    grpc_auth_property_iterator it =
        grpc_auth_context_find_properties_by_name(context, properties[kind]);
    while ((p = grpc_auth_property_iterator_next(&it)) && out->n_names < TLS_PEER_NAMES_MAX) {
        const char *text = is_text(p) ? arena_strndup(arena, p->value, p->value_length) : NULL;
        if (text)
            out->names[out->n_names++] = (struct tls_name){.kind = kind, .text = text};
    }
}

void tls_peer_read(struct grpc_call *call, struct arena *arena, struct tls_peer *out)
{
    *out = (struct tls_peer){0};
    grpc_auth_context *context = grpc_call_auth_context(call);
    if (!context)
        return;
    const grpc_auth_property *type =
        first_property(context, GRPC_TRANSPORT_SECURITY_TYPE_PROPERTY_NAME);
    out->secure = type && type->value &&
                  (strcmp(type->value, GRPC_TLS_TRANSPORT_SECURITY_TYPE) == 0 ||
                   strcmp(type->value, GRPC_SSL_TRANSPORT_SECURITY_TYPE) == 0);
    out->certified =
        out->secure && first_property(context, GRPC_X509_PEM_CERT_PROPERTY_NAME) != NULL;
    for (int kind = 0; out->certified && kind < TLS_NAME_KINDS; kind++)
        add_names(context, (enum tls_name_kind)kind, arena, out);
    grpc_auth_context_release(context);
}

void rpc_call_tls_peer(struct rpc_call *call, struct tls_peer *out)
{
    rpc_call_check(call);
    if (!call->told.peer) {
        tls_peer_read(call->grpc, &call->arena, out);
        return;
    }
    *out = (struct tls_peer){
        .secure = true, .certified = call->told.n_names > 0, .n_names = call->told.n_names};
    if (out->n_names > 0)
        memcpy(out->names, call->told.names, out->n_names * sizeof(out->names[0]));
}
