/* SPDX-License-Identifier: Apache-2.0 */
#include "rpc/status.h"

#include <string.h>

#include <google/rpc/error_details.pb-c.h>
#include <google/rpc/status.pb-c.h>

#include "base/assert.h"
#include "contract/reasons.h"
#include "contract/word.h"
#include "rpc/wire.h"

#define TYPE_PREFIX "type.googleapis.com/google.rpc."
#define TEXT_BYTES_MAX 500
#define METADATA_MAX (sizeof(((struct fault *)NULL)->metadata) / sizeof(struct fault_item))
#define DETAILS_MAX 3
/* Enough for all strings: cut, copied, and packed twice, once inside their Any and once outside. */
#define SCRATCH_BYTES (256 * 1024)

/* Which parts of a fault go into one encoding of it. */
struct selection {
    size_t violations;
    size_t metadata;
};

/* At most `max` bytes of `s`, never half a character. */
static char *cut(struct arena *a, const char *s, size_t max)
{
    size_t len = strnlen(s ? s : "", max + 1);
    if (len > max) {
        len = max;
        while (len > 0 && ((unsigned char)s[len] & 0xc0) == 0x80)
            len--;
    }
    char *out = arena_strndup(a, s, len);
    AM_ASSERT(out != NULL);
    return out;
}

static Google__Protobuf__Any *any_of(struct arena *a, const char *type,
                                     const ProtobufCMessage *body)
{
    Google__Protobuf__Any *any = ARENA_NEW(a, Google__Protobuf__Any);
    struct slice bytes = wire_pack(body, a);
    AM_ASSERT(bytes.data != NULL);
    google__protobuf__any__init(any);
    any->type_url = arena_printf(a, TYPE_PREFIX "%s", type);
    AM_ASSERT(any->type_url != NULL);
    any->value.len = bytes.len;
    any->value.data = arena_dup(a, bytes.data, bytes.len);
    AM_ASSERT(any->value.data != NULL);
    return any;
}

static Google__Protobuf__Any *error_info(struct arena *a, const struct fault *f, size_t n_metadata)
{
    Google__Rpc__ErrorInfo info = GOOGLE__RPC__ERROR_INFO__INIT;
    static char domain[] = STATUS_DOMAIN;
    info.reason = cut(a, contract_reason(f->reason), TEXT_BYTES_MAX);
    info.domain = domain;
    info.n_metadata = n_metadata;
    info.metadata = ARENA_ARRAY(a, Google__Rpc__ErrorInfo__MetadataEntry *, n_metadata + 1);
    for (size_t i = 0; i < n_metadata; i++) {
        info.metadata[i] = ARENA_NEW(a, Google__Rpc__ErrorInfo__MetadataEntry);
        google__rpc__error_info__metadata_entry__init(info.metadata[i]);
        info.metadata[i]->key = cut(a, f->metadata[i].key, TEXT_BYTES_MAX);
        info.metadata[i]->value = cut(a, f->metadata[i].text, TEXT_BYTES_MAX);
    }
    return any_of(a, "ErrorInfo", &info.base);
}

static Google__Protobuf__Any *bad_request(struct arena *a, const struct fault *f, size_t n)
{
    Google__Rpc__BadRequest bad = GOOGLE__RPC__BAD_REQUEST__INIT;
    bad.n_field_violations = n;
    bad.field_violations = ARENA_ARRAY(a, Google__Rpc__BadRequest__FieldViolation *, n);
    for (size_t i = 0; i < n; i++) {
        bad.field_violations[i] = ARENA_NEW(a, Google__Rpc__BadRequest__FieldViolation);
        google__rpc__bad_request__field_violation__init(bad.field_violations[i]);
        bad.field_violations[i]->field = cut(a, f->violations[i].key, TEXT_BYTES_MAX);
        bad.field_violations[i]->description = cut(a, f->violations[i].text, TEXT_BYTES_MAX);
    }
    return any_of(a, "BadRequest", &bad.base);
}

static Google__Protobuf__Any *precondition_failure(struct arena *a, const struct fault *f, size_t n)
{
    Google__Rpc__PreconditionFailure failure = GOOGLE__RPC__PRECONDITION_FAILURE__INIT;
    failure.n_violations = n;
    failure.violations = ARENA_ARRAY(a, Google__Rpc__PreconditionFailure__Violation *, n);
    for (size_t i = 0; i < n; i++) {
        failure.violations[i] = ARENA_NEW(a, Google__Rpc__PreconditionFailure__Violation);
        google__rpc__precondition_failure__violation__init(failure.violations[i]);
        failure.violations[i]->type = cut(a, f->violations[i].key, TEXT_BYTES_MAX);
        failure.violations[i]->description = cut(a, f->violations[i].text, TEXT_BYTES_MAX);
    }
    return any_of(a, "PreconditionFailure", &failure.base);
}

static Google__Protobuf__Any *retry_info(struct arena *a, uint32_t retry_ms)
{
    Google__Rpc__RetryInfo info = GOOGLE__RPC__RETRY_INFO__INIT;
    Google__Protobuf__Duration delay = GOOGLE__PROTOBUF__DURATION__INIT;
    delay.seconds = retry_ms / 1000;
    delay.nanos = (int32_t)(retry_ms % 1000) * 1000000;
    info.retry_delay = &delay;
    return any_of(a, "RetryInfo", &info.base);
}

/* The message, with the number of violations that `take` leaves out. */
static char *message_of(struct arena *a, const struct fault *f, struct selection take)
{
    size_t left_out = f->n_violations - take.violations;
    if (left_out == 0)
        return cut(a, f->message, STATUS_MESSAGE_MAX);
    const char *text = cut(a, f->message, STATUS_MESSAGE_MAX - 64);
    char *out = arena_printf(a, "%s (%zu more not listed here)", text, left_out);
    AM_ASSERT(out != NULL);
    return out;
}

/* Encodes the selection if it fits. */
static bool try_pack(const struct fault *f, struct selection take, struct arena *a,
                     struct status_bytes *out)
{
    Google__Rpc__Status status = GOOGLE__RPC__STATUS__INIT;
    Google__Protobuf__Any *details[DETAILS_MAX];
    status.code = f->code;
    status.message = message_of(a, f, take);
    status.details = details;
    details[status.n_details++] = error_info(a, f, take.metadata);
    if (take.violations > 0 && f->code == FAULT_INVALID_ARGUMENT)
        details[status.n_details++] = bad_request(a, f, take.violations);
    if (take.violations > 0 && f->code == FAULT_FAILED_PRECONDITION)
        details[status.n_details++] = precondition_failure(a, f, take.violations);
    if (f->retry_ms > 0)
        details[status.n_details++] = retry_info(a, f->retry_ms);
    if (google__rpc__status__get_packed_size(&status) > STATUS_BYTES_MAX)
        return false;
    out->len = google__rpc__status__pack(&status, out->data);
    memcpy(out->message, status.message, strlen(status.message) + 1);
    return true;
}

void status_pack(const struct fault *fault, struct status_bytes *out)
{
    struct arena scratch;
    struct selection take = {fault->n_violations, fault->n_metadata};
    AM_ASSERT(take.violations <= FAULT_ITEMS_MAX && take.metadata <= METADATA_MAX);
    arena_init(&scratch, SCRATCH_BYTES);
    while (!try_pack(fault, take, &scratch, out)) {
        AM_ASSERT(take.violations + take.metadata > 0);
        if (take.violations > 0)
            take.violations--;
        else
            take.metadata--;
        arena_reset(&scratch);
    }
    arena_free(&scratch);
}

enum fault_code status_code(int number)
{
    switch (number) {
    case 2:
    case 15:
        return FAULT_INTERNAL;
    default:
        return number >= FAULT_OK && number <= FAULT_UNAUTHENTICATED ? (enum fault_code)number
                                                                     : FAULT_INTERNAL;
    }
}

/* -- decoding --------------------------------------------------------------------------------- */

/* The body of a detail, checked and unpacked; NULL when it is not sound. */
static ProtobufCMessage *body_of(const Google__Protobuf__Any *any,
                                 const ProtobufCMessageDescriptor *type, struct arena *arena)
{
    struct slice bytes = slice_of(any->value.data, any->value.len);
    struct fault ignored;
    fault_init(&ignored, arena);
    return wire_check(type, bytes, NULL, &ignored) == 0 ? wire_unpack(type, bytes, arena) : NULL;
}

static void add_violation(struct fault *f, const char *key, const char *text)
{
    if (f->n_violations < FAULT_ITEMS_MAX)
        f->violations[f->n_violations++] = (struct fault_item){key, text};
    else
        f->n_left_out++;
}

static void take_error_info(struct fault *f, const ProtobufCMessage *body)
{
    const Google__Rpc__ErrorInfo *info = (const void *)body;
    const int reason = contract_number(ERROR_REASON_WORDS, info->reason);
    f->reason = reason > 0 ? reason : 0;
    for (size_t i = 0; i < info->n_metadata && f->n_metadata < METADATA_MAX; i++)
        f->metadata[f->n_metadata++] =
            (struct fault_item){info->metadata[i]->key, info->metadata[i]->value};
    /* A newer server may give a reason that this program does not know. */
    if (f->reason == 0 && info->reason[0] != '\0')
        fault_meta(f, "reason", "%s", info->reason);
}

static void take_bad_request(struct fault *f, const ProtobufCMessage *body)
{
    const Google__Rpc__BadRequest *bad = (const void *)body;
    for (size_t i = 0; i < bad->n_field_violations; i++)
        add_violation(f, bad->field_violations[i]->field, bad->field_violations[i]->description);
}

static void take_precondition_failure(struct fault *f, const ProtobufCMessage *body)
{
    const Google__Rpc__PreconditionFailure *failure = (const void *)body;
    for (size_t i = 0; i < failure->n_violations; i++)
        add_violation(f, failure->violations[i]->type, failure->violations[i]->description);
}

static void take_retry_info(struct fault *f, const ProtobufCMessage *body)
{
    const Google__Rpc__RetryInfo *info = (const void *)body;
    const Google__Protobuf__Duration *delay = info->retry_delay;
    if (delay && delay->seconds >= 0 && delay->seconds < UINT32_MAX / 1000 - 1 && delay->nanos >= 0)
        f->retry_ms = (uint32_t)delay->seconds * 1000 + (uint32_t)delay->nanos / 1000000;
}

/* Takes one detail; details of a kind that is not known here are skipped. */
static void take_detail(struct fault *f, const Google__Protobuf__Any *any)
{
    const struct {
        const char *type;
        const ProtobufCMessageDescriptor *descriptor;
        void (*take)(struct fault *f, const ProtobufCMessage *body);
    } kinds[] = {
        {"ErrorInfo", &google__rpc__error_info__descriptor, take_error_info},
        {"BadRequest", &google__rpc__bad_request__descriptor, take_bad_request},
        {"PreconditionFailure", &google__rpc__precondition_failure__descriptor,
         take_precondition_failure},
        {"RetryInfo", &google__rpc__retry_info__descriptor, take_retry_info},
    };
    if (strncmp(any->type_url, TYPE_PREFIX, strlen(TYPE_PREFIX)) != 0)
        return;
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        if (strcmp(any->type_url + strlen(TYPE_PREFIX), kinds[i].type) != 0)
            continue;
        const ProtobufCMessage *body = body_of(any, kinds[i].descriptor, f->arena);
        if (body)
            kinds[i].take(f, body);
    }
}

int status_unpack(struct slice bytes, struct fault *fault)
{
    const ProtobufCMessageDescriptor *type = &google__rpc__status__descriptor;
    struct fault ignored;
    fault_init(&ignored, fault->arena);
    if (wire_check(type, bytes, NULL, &ignored) < 0)
        return AM_EINVAL;
    const Google__Rpc__Status *status = (const void *)wire_unpack(type, bytes, fault->arena);
    if (!status)
        return AM_ENOMEM;
    fault->code = status_code(status->code);
    fault->message = status->message;
    for (size_t i = 0; i < status->n_details; i++)
        take_detail(fault, status->details[i]);
    return 0;
}
