/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Checks of request fields that all services share. Each adds at most one violation for a field, so
 * that a field which two places check is told once. `field` is the path in the request and a
 * constant. Texts are valid UTF-8 without NUL, because rpc/wire.h has refused all others.
 *
 * Threading: pure. Ownership: what is found is added to the fault, in its arena.
 */

#include "amends/v1/case.pb-c.h"
#include "base/time.h"
#include "base/fault.h"
#include "base/uuid.h"

/* What several requests may hold at most. */
#define CHECK_CODE_BYTES_MAX 64
#define CHECK_PRINCIPAL_BYTES_MAX 128
#define CHECK_TENANT_BYTES_MAX 64
#define CHECK_MINUTES_LOST_MAX 1000000

/* Reads a required UUID into `out`, which may be NULL. False when it is no UUID. */
bool check_uuid(struct fault *fault, const char *field, const char *text, struct uuid *out);

/* At most `max_bytes`; when `required`, more than white space. */
void check_text(struct fault *fault, const char *field, const char *text, size_t max_bytes,
                bool required);

/* [a-z0-9._-], 1 to `max_bytes` bytes; "" only when not required. */
void check_code(struct fault *fault, const char *field, const char *text, size_t max_bytes,
                bool required);

/* True for what may name a tenant or a principal: [A-Za-z0-9._@:-], 1 to `max` bytes. The text need
 * not end with NUL. */
bool check_name(const char *text, size_t len, size_t max);

/* What a gateway calls for without an agent begins so: "customer:email". It is nobody's name. */
#define CHECK_CUSTOMER_PREFIX "customer:"
bool check_is_customer(const char *text, size_t len);

/* A principal id: check_name() of at most CHECK_PRINCIPAL_BYTES_MAX bytes. */
void check_principal(struct fault *fault, const char *field, const char *text);

/* An address for mail: one @ with something before and after it, of visible ASCII without blanks,
 * quotes, commas, brackets or angles, so that it can stand in any header; at most
 * CHECK_EMAIL_BYTES_MAX bytes. */
#define CHECK_EMAIL_BYTES_MAX 254
bool check_is_email(const char *text);
/* The same as a violation; "" only when not required. */
void check_email(struct fault *fault, const char *field, const char *text, bool required);

/* Whether it is a tag as check_language() wants it. */
bool check_is_language(const char *text);

/* BCP 47: subtags of 1 to 8 letters and digits, the first of 2 to 8 letters, at most 35 bytes; ""
 * only when not required. */
void check_language(struct fault *fault, const char *field, const char *text, bool required);

/* A value the contract knows; 0 only when not required. */
void check_enum(struct fault *fault, const char *field, const ProtobufCEnumDescriptor *words,
                int value, bool required);

/* low <= value <= high. */
void check_range(struct fault *fault, const char *field, int64_t value, int64_t low, int64_t high);

/* How far a caller's clock may be ahead of ours; see check_past_time_us(). */
#define CHECK_SKEW_US (2 * US_PER_S)

/* In place of "now": a time is only looked at for its form. What was accepted once is accepted
 * whenever it is repeated, so what depends on the time of the call is checked when it is known that
 * the call is no replay. */
#define CHECK_FORM_ONLY 0

/* A well-formed time after 1970-01-01 and not after now, give or take CHECK_SKEW_US; NULL only when
 * not required. */
void check_past_time(struct fault *fault, const char *field,
                     const Google__Protobuf__Timestamp *time, int64_t now_us, bool required);

/* A well-formed time after now; NULL only when not required. */
void check_future_time(struct fault *fault, const char *field,
                       const Google__Protobuf__Timestamp *time, int64_t now_us, bool required);

/* What is stored of a past time: microseconds, never after now; 0 for NULL. */
int64_t check_past_time_us(const Google__Protobuf__Timestamp *time, int64_t now_us);

enum check_amount {
    AMOUNT_ANY,      /* may be missing or zero */
    AMOUNT_POSITIVE, /* may be missing, else more than zero */
    AMOUNT_REQUIRED, /* there, and more than zero */
};

/* Money: ISO 4217 code (three capital letters), units and nanos of one sign and not negative, no
 * finer than a millionth, at most 1,000,000,000 units. */
void check_money(struct fault *fault, const char *field, const Google__Type__Money *money,
                 enum check_amount amount);
