/* SPDX-License-Identifier: Apache-2.0 */
#include "rpc/internal.h"

#include <stdlib.h>
#include <string.h>

#include <grpc/reflection/v1/reflection.pb-c.h>
#include <grpc/reflection/v1alpha/reflection.pb-c.h>

#include "base/assert.h"
#include "contract/reasons.h"
#include "contract/schema.h"

/*
 * Server reflection: tells clients such as grpcurl what the server's services are. v1 and v1alpha
 * differ in their names alone, so both are served with the messages of v1.
 *
 * Anybody may ask, without a principal, so the number of its streams is bounded apart from those of
 * tenants. The newest one is always served: one that is too many ends the oldest.
 */

#define STREAMS_MAX 32
#define ARENA_BYTES (32u << 10)
#define SERVICES_MAX 32

typedef Grpc__Reflection__V1__ServerReflectionRequest reflection_request;
typedef Grpc__Reflection__V1__ServerReflectionResponse reflection_response;
#define ASKED(what) GRPC__REFLECTION__V1__SERVER_REFLECTION_REQUEST__MESSAGE_REQUEST_##what
#define TOLD(what) GRPC__REFLECTION__V1__SERVER_REFLECTION_RESPONSE__MESSAGE_RESPONSE_##what
#define STATUS_INVALID_ARGUMENT 3
#define STATUS_NOT_FOUND 5
/* protobuf-c's fields are not const; packing only reads them. */
#define TEXT(s) ((char *)(uintptr_t)(s))

struct rpc_reflection {
    struct rpc_server *server;
    struct list streams; /* oldest first, without those that were ended for being too many */
    size_t n_streams;
};

/* One client's stream: a question, its answer, the next question. */
struct asking {
    struct list node;
    struct rpc_reflection *reflection;
    struct rpc_call *call;
    bool superseded;
    struct arena arena; /* of the present question and its answer */
};

/* -- answers ----------------------------------------------------------------------------------- */

static void answer_error(struct asking *a, reflection_response *r, int code, const char *text)
{
    Grpc__Reflection__V1__ErrorResponse *error =
        ARENA_NEW(&a->arena, Grpc__Reflection__V1__ErrorResponse);
    grpc__reflection__v1__error_response__init(error);
    error->error_code = code;
    error->error_message = TEXT(text);
    r->message_response_case = TOLD(ERROR_RESPONSE);
    r->error_response = error;
}

static void answer_file(struct asking *a, reflection_response *r, const struct schema_file *file)
{
    const struct schema_file *files[SCHEMA_FILES_MAX];
    Grpc__Reflection__V1__FileDescriptorResponse *told =
        ARENA_NEW(&a->arena, Grpc__Reflection__V1__FileDescriptorResponse);
    if (!file) {
        answer_error(a, r, STATUS_NOT_FOUND, "this server has no such file or symbol");
        return;
    }
    grpc__reflection__v1__file_descriptor_response__init(told);
    const size_t n = schema_with_imports(file, files);
    told->file_descriptor_proto = ARENA_ARRAY(&a->arena, ProtobufCBinaryData, n);
    for (size_t i = n; i-- > 0;)
        told->file_descriptor_proto[told->n_file_descriptor_proto++] = (ProtobufCBinaryData){
            .len = files[i]->len, .data = (uint8_t *)(uintptr_t)files[i]->bytes};
    r->message_response_case = TOLD(FILE_DESCRIPTOR_RESPONSE);
    r->file_descriptor_response = told;
}

/* The contract is proto3: no message has extensions. */
static void answer_extensions(struct asking *a, reflection_response *r, const char *type)
{
    Grpc__Reflection__V1__ExtensionNumberResponse *told =
        ARENA_NEW(&a->arena, Grpc__Reflection__V1__ExtensionNumberResponse);
    if (!schema_file_of_symbol(type)) {
        answer_error(a, r, STATUS_NOT_FOUND, "this server has no such type");
        return;
    }
    grpc__reflection__v1__extension_number_response__init(told);
    told->base_type_name = TEXT(type);
    r->message_response_case = TOLD(ALL_EXTENSION_NUMBERS_RESPONSE);
    r->all_extension_numbers_response = told;
}

static void add_service(struct asking *a, Grpc__Reflection__V1__ListServiceResponse *told,
                        const char *path)
{
    const char *name = path + 1; /* "/package.Service/Method" */
    const size_t len = strcspn(name, "/");
    for (size_t i = 0; i < told->n_service; i++)
        if (strncmp(told->service[i]->name, name, len) == 0 && !told->service[i]->name[len])
            return;
    AM_ASSERT(told->n_service < SERVICES_MAX);
    Grpc__Reflection__V1__ServiceResponse *service =
        ARENA_NEW(&a->arena, Grpc__Reflection__V1__ServiceResponse);
    grpc__reflection__v1__service_response__init(service);
    service->name = arena_strndup(&a->arena, name, len);
    AM_ASSERT(service->name != NULL);
    told->service[told->n_service++] = service;
}

static void answer_services(struct asking *a, reflection_response *r)
{
    Grpc__Reflection__V1__ListServiceResponse *told =
        ARENA_NEW(&a->arena, Grpc__Reflection__V1__ListServiceResponse);
    grpc__reflection__v1__list_service_response__init(told);
    told->service = ARENA_ARRAY(&a->arena, Grpc__Reflection__V1__ServiceResponse *, SERVICES_MAX);
    LIST_FOR_EACH (it, &a->reflection->server->methods) {
        add_service(a, told, CONTAINER_OF(it, struct method, node)->path);
    }
    r->message_response_case = TOLD(LIST_SERVICES_RESPONSE);
    r->list_services_response = told;
}

static void answer(struct asking *a, const reflection_request *q)
{
    reflection_response r = GRPC__REFLECTION__V1__SERVER_REFLECTION_RESPONSE__INIT;
    r.valid_host = q->host;
    r.original_request = (reflection_request *)(uintptr_t)q;
    if (q->message_request_case == ASKED(FILE_BY_FILENAME))
        answer_file(a, &r, schema_file_named(q->file_by_filename));
    else if (q->message_request_case == ASKED(FILE_CONTAINING_SYMBOL))
        answer_file(a, &r, schema_file_of_symbol(q->file_containing_symbol));
    else if (q->message_request_case == ASKED(FILE_CONTAINING_EXTENSION))
        answer_error(a, &r, STATUS_NOT_FOUND, "the contract has no extensions");
    else if (q->message_request_case == ASKED(ALL_EXTENSION_NUMBERS_OF_TYPE))
        answer_extensions(a, &r, q->all_extension_numbers_of_type);
    else if (q->message_request_case == ASKED(LIST_SERVICES))
        answer_services(a, &r);
    else
        answer_error(a, &r, STATUS_INVALID_ARGUMENT, "the request asks for nothing");
    rpc_stream_send(a->call, &r.base);
}

/* -- streams ----------------------------------------------------------------------------------- */

static void on_sent(struct rpc_call *call, void *ctx)
{
    struct asking *a = ctx;
    arena_reset(&a->arena);
    rpc_stream_receive(call, &a->arena);
}

static void on_received(struct rpc_call *call, void *ctx, const ProtobufCMessage *message)
{
    if (message)
        answer(ctx, (const reflection_request *)message);
    else
        rpc_stream_finish(call);
}

static void leave(struct asking *a)
{
    if (a->superseded)
        return;
    list_remove(&a->node);
    a->reflection->n_streams--;
}

static void on_closed(struct rpc_call *call, void *ctx)
{
    struct asking *a = ctx;
    (void)call;
    leave(a);
    arena_free(&a->arena);
}

static void end_oldest(struct rpc_reflection *reflection)
{
    struct fault fault;
    struct asking *oldest = CONTAINER_OF(reflection->streams.next, struct asking, node);
    leave(oldest);
    oldest->superseded = true;
    fault_init(&fault, rpc_call_arena(oldest->call));
    fault_set(&fault, FAULT_RESOURCE_EXHAUSTED, ERROR_REASON_OVERLOADED,
              "too many reflection streams: this one was the oldest");
    rpc_stream_fail(oldest->call, &fault);
}

static void reflect(struct rpc_call *call, void *ctx)
{
    static const struct rpc_stream_ops ops = {
        .sent = on_sent, .closed = on_closed, .received = on_received};
    struct rpc_reflection *reflection = ctx;
    struct asking *a = ARENA_NEW(rpc_call_arena(call), struct asking);
    *a = (struct asking){.reflection = reflection, .call = call};
    arena_init(&a->arena, ARENA_BYTES);
    if (reflection->n_streams >= STREAMS_MAX)
        end_oldest(reflection);
    list_push_back(&reflection->streams, &a->node);
    reflection->n_streams++;
    rpc_stream_open(call, &ops, a);
    if (!rpc_stream_busy(call)) /* a server on its way down ends it at once */
        answer(a, (const reflection_request *)rpc_call_request(call));
}

/* -- life -------------------------------------------------------------------------------------- */

/* The service of v1alpha with the messages of v1. */
static const ProtobufCServiceDescriptor *alpha_with_messages_of_v1(void)
{
    static ProtobufCMethodDescriptor method;
    static ProtobufCServiceDescriptor service;
    service = grpc__reflection__v1alpha__server_reflection__descriptor;
    method = grpc__reflection__v1__server_reflection__descriptor.methods[0];
    service.methods = &method;
    return &service;
}

struct rpc_reflection *rpc_reflection_new(struct rpc_server *s)
{
    static const struct rpc_method methods[] = {{.name = "ServerReflectionInfo",
                                                 .kind = RPC_BOTH_STREAM,
                                                 .handle = reflect,
                                                 .slots = 4,
                                                 .without_principal = true}};
    struct rpc_reflection *reflection = calloc(1, sizeof *reflection);
    AM_ASSERT(reflection != NULL);
    reflection->server = s;
    list_init(&reflection->streams);
    const ProtobufCServiceDescriptor *const services[] = {
        &grpc__reflection__v1__server_reflection__descriptor, alpha_with_messages_of_v1()};
    for (size_t i = 0; i < sizeof services / sizeof *services; i++)
        AM_ASSERT(rpc_server_add_with_flags(s, services[i], methods, 1, reflection, 0) == 0);
    return reflection;
}

void rpc_reflection_free(struct rpc_reflection *reflection)
{
    AM_ASSERT(!reflection || list_empty(&reflection->streams));
    free(reflection);
}
