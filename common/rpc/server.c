/* SPDX-License-Identifier: Apache-2.0 */
#include "rpc/internal.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <grpc/grpc_posix.h>
#include <grpc/grpc_security.h>

#include "auth/failures.h"
#include "auth/san_file.h"
#include "base/assert.h"
#include "base/log.h"
#include "contract/prices.h"
#include "contract/roles.h"
#include "rpc/args.h"
#include "rpc/core.h"
#include "rpc/meter.h"
#include "rpc/wire.h"

#define SLOTS_DEFAULT 8
#define SLOTS_MAX 4096

static void set_defaults(struct rpc_server_config *config)
{
    struct rpc_limits *l = &config->limits;
    if (l->live_calls == 0)
        l->live_calls = 4096;
    if (l->unsent_bytes == 0)
        l->unsent_bytes = 64 << 20;
    if (l->send_ms == 0)
        l->send_ms = 10000;
    if (l->live_calls_tenant == 0)
        l->live_calls_tenant = (l->live_calls + 1) / 2;
    if (l->streams == 0)
        l->streams = 10000;
    if (l->streams_tenant == 0)
        l->streams_tenant = (l->streams + 1) / 2;
    if (l->streams_principal == 0)
        l->streams_principal = 8;
    if (l->message_bytes == 0)
        l->message_bytes = 256 * 1024;
    if (l->arena_bytes == 0)
        l->arena_bytes = 16 * l->message_bytes;
    if (l->max_deadline_ms == 0)
        l->max_deadline_ms = 60000;
}

bool rpc_has_front(const struct rpc_server_config *config)
{
    return config->trusted_front_loopback || config->trusted_front_san;
}

static void set_default_times(struct rpc_server_config *config)
{
    const int64_t usual_age_ms = 90000;
    if (config->max_connection_age_ms == 0)
        config->max_connection_age_ms = rpc_has_front(config) ? INT_MAX : usual_age_ms;
    if (config->max_stream_life_ms == 0)
        config->max_stream_life_ms = 900000;
    if (config->drain_timeout_ms == 0)
        config->drain_timeout_ms =
            (config->max_connection_age_ms < INT_MAX ? config->max_connection_age_ms
                                                     : usual_age_ms) *
                11 / 10 +
            5000;
    if (config->drain_grace_ms == 0)
        config->drain_grace_ms = 10000;
}

static void make_core_server(struct rpc_server *s)
{
    struct args args;
    args_server(&args, &s->config);
    s->cq = grpc_completion_queue_create_for_next(NULL);
    s->grpc = grpc_server_create(&args.list, NULL);
    AM_ASSERT(s->cq != NULL && s->grpc != NULL);
    grpc_server_register_completion_queue(s->grpc, s->cq, NULL);
}

static char *address_copy(const char *address)
{
    return address && *address ? strdup(address) : NULL;
}

struct rpc_server *rpc_server_new(const struct rpc_server_config *config, struct loop *loop)
{
    struct rpc_server *s = calloc(1, sizeof(*s));
    AM_ASSERT(s != NULL);
    core_init();
    s->config = *config;
    set_defaults(&s->config);
    set_default_times(&s->config);
    s->listen = address_copy(config->listen);
    s->tls_listen = address_copy(config->tls_listen);
    s->loop = loop;
    list_init(&s->methods);
    list_init(&s->streams);
    list_init(&s->ended_calls);
    list_init(&s->under_way);
    list_init(&s->asking);
    s->rules.auth = config->auth;
    s->failures = failures_new();
    s->admission = admission_new(&s->config.limits);
    make_core_server(s);
    s->health = rpc_health_new(s);
    s->reflection = config->no_reflection ? NULL : rpc_reflection_new(s);
    return s;
}

/* -- services ---------------------------------------------------------------------------------- */

static const ProtobufCMethodDescriptor *find_method(const ProtobufCServiceDescriptor *d,
                                                    const char *name)
{
    for (unsigned i = 0; i < d->n_methods; i++)
        if (strcmp(d->methods[i].name, name) == 0)
            return &d->methods[i];
    return NULL;
}

static bool has_path(struct rpc_server *s, const char *path)
{
    LIST_FOR_EACH (it, &s->methods) {
        if (strcmp(CONTAINER_OF(it, struct method, node)->path, path) == 0)
            return true;
    }
    return false;
}

static unsigned slots_of(const struct rpc_method *m)
{
    if (m->slots == 0)
        return SLOTS_DEFAULT;
    return m->slots < SLOTS_MAX ? m->slots : SLOTS_MAX;
}

static size_t metric_of(const ProtobufCServiceDescriptor *d, const char *method)
{
    char label[128];
    (void)snprintf(label, sizeof(label), "%s/%s", d->short_name, method);
    return meter_method(label);
}

/* The repeated field of the request whose items are paid for. */
static const ProtobufCFieldDescriptor *items_of(const ProtobufCMessageDescriptor *input,
                                                const char *path)
{
    const char *name = price_items(path);
    const ProtobufCFieldDescriptor *field =
        name ? protobuf_c_message_descriptor_get_field_by_name(input, name) : NULL;
    AM_ASSERT(!name || (field && field->label == PROTOBUF_C_LABEL_REPEATED));
    return field;
}

static int add_method(struct rpc_server *s, const ProtobufCServiceDescriptor *d,
                      const struct rpc_method *spec, void *service, unsigned flags)
{
    const ProtobufCMethodDescriptor *described = find_method(d, spec->name);
    char path[256];
    if (!described || !spec->handle)
        return AM_ENOENT;
    AM_ASSERT(spec->message_bytes <= RPC_MESSAGE_MOST);
    (void)snprintf(path, sizeof(path), "/%s/%s", d->name, spec->name);
    const uint32_t roles = spec->roles ? spec->roles : contract_call_roles(path);
    AM_ASSERT(spec->without_principal == (roles == ROLES_NO_CREDENTIAL));
    if (has_path(s, path))
        return AM_EEXIST;
    struct method *m = calloc(1, sizeof(*m));
    AM_ASSERT(m != NULL);
    *m = (struct method){.server = s,
                         .path = strdup(path),
                         .input = described->input,
                         .spec = *spec,
                         .service = service,
                         .flags = flags,
                         .roles = roles,
                         .metric = metric_of(d, spec->name),
                         .price = price_of(path),
                         .items = items_of(described->input, path),
                         .n_slots = slots_of(spec)};
    m->registered = grpc_server_register_method(s->grpc, m->path, NULL,
                                                GRPC_SRM_PAYLOAD_READ_INITIAL_BYTE_BUFFER, 0);
    AM_ASSERT(m->path != NULL && m->registered != NULL);
    list_push_back(&s->methods, &m->node);
    return 0;
}

int rpc_server_add_with_flags(struct rpc_server *s, const ProtobufCServiceDescriptor *descriptor,
                              const struct rpc_method *methods, size_t n, void *service,
                              unsigned flags)
{
    AM_ASSERT(!s->started);
    for (size_t i = 0; i < n; i++) {
        int err = add_method(s, descriptor, &methods[i], service, flags);
        if (err < 0) {
            log_error("rpc", "method_refused", LOG_STR("service", descriptor->name),
                      LOG_STR("method", methods[i].name), LOG_STR("why", err_text(err)));
            return err;
        }
    }
    return 0;
}

int rpc_server_add(struct rpc_server *s, const ProtobufCServiceDescriptor *descriptor,
                   const struct rpc_method *methods, size_t n, void *service)
{
    rpc_health_add(s->health, descriptor->name);
    return rpc_server_add_with_flags(s, descriptor, methods, n, service, 0);
}

void rpc_server_add_checker(struct rpc_server *s, const struct auth_checker *checker)
{
    AM_ASSERT(!s->started && s->rules.n_checkers < CALLER_CHECKERS_MAX);
    s->rules.checkers[s->rules.n_checkers++] = checker;
    meter_caller_kind(checker->name);
}

void rpc_server_use_certificates(struct rpc_server *s, struct san_file *file)
{
    AM_ASSERT(!s->started);
    s->certificates = file;
    meter_caller_kind(san_file_checker(file)->name);
}

/* -- start ------------------------------------------------------------------------------------- */

int rpc_server_start(struct rpc_server *s)
{
    int err = rpc_listen(s);
    if (err < 0)
        return err;
    meter_register();
    grpc_server_start(s->grpc);
    rpc_slots_post_all(s);
    if (s->rules.auth != RPC_AUTH_OFF)
        rpc_credentials_watch(s);
    err = rpc_pump_start(s);
    s->started = err == 0;
    return err;
}

int rpc_server_port(const struct rpc_server *s)
{
    return s->port;
}

int rpc_server_tls_port(const struct rpc_server *s)
{
    return s->tls_port;
}

int rpc_server_add_fd(struct rpc_server *s, int fd)
{
    int flags = fcntl(fd, F_GETFL);
    if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0) {
        (void)close(fd);
        return AM_EINVAL;
    }
    grpc_server_credentials *creds = grpc_insecure_server_credentials_create();
    grpc_server_add_channel_from_fd(s->grpc, fd, creds);
    grpc_server_credentials_release(creds);
    return 0;
}

void rpc_server_set_serving(struct rpc_server *s, bool serving)
{
    rpc_health_set(s->health, serving);
}

/* -- end --------------------------------------------------------------------------------------- */

static void on_nothing(struct tag *tag, bool ok)
{
    (void)tag;
    (void)ok;
}

/* Empties the queue of a server whose thread was never started. */
static void stop_queue(struct rpc_server *s)
{
    if (s->started) {
        AM_ASSERT(s->drained);
        grpc_completion_queue_shutdown(s->cq);
        rpc_pump_join(s);
        return;
    }
    atomic_store(&s->shutting, true);
    s->shutdown_tag.fn = on_nothing;
    grpc_server_shutdown_and_notify(s->grpc, s->cq, tag_arm(&s->shutdown_tag));
    grpc_server_cancel_all_calls(s->grpc);
    grpc_completion_queue_shutdown(s->cq);
    rpc_pump_drain_queue(s);
}

static void methods_free(struct rpc_server *s)
{
    LIST_FOR_EACH_SAFE (it, &s->methods) {
        struct method *m = CONTAINER_OF(it, struct method, node);
        free(m->path);
        free(m);
    }
}

void rpc_server_free(struct rpc_server *s)
{
    AM_ASSERT(s->n_clients == 0);
    stop_queue(s);
    AM_ASSERT(list_empty(&s->streams));
    rpc_calls_free(s);
    rpc_client_calls_free(s);
    rpc_slots_free(s);
    grpc_server_destroy(s->grpc);
    grpc_completion_queue_destroy(s->cq);
    admission_free(s->admission);
    failures_free(s->failures);
    rpc_health_free(s->health);
    rpc_reflection_free(s->reflection);
    methods_free(s);
    free(s->listen);
    free(s->tls_listen);
    free(s);
    core_shutdown();
}
