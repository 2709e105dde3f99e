/* SPDX-License-Identifier: Apache-2.0 */
#include "contract/check.h"

#include <inttypes.h>
#include <string.h>

#include "contract/money.h"
#include "contract/timestamp.h"

#define DIGITS "0123456789"
#define SMALL "abcdefghijklmnopqrstuvwxyz"
#define LARGE "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define LANGUAGE_MAX_BYTES 35
#define SUBTAG_MAX_BYTES 8
#define NANOS_PER_S 1000000000
#define NANOS_PER_MICRO 1000
/* 9999-12-31T23:59:59Z: the last second a Timestamp may have. */
#define SECONDS_MAX 253402300799LL

static bool told_already(const struct fault *fault, const char *field)
{
    for (size_t i = 0; i < fault->n_violations; i++)
        if (strcmp(fault->violations[i].key, field) == 0)
            return true;
    return false;
}

static bool made_of(const char *text, const char *chars)
{
    return text[strspn(text, chars)] == '\0';
}

bool check_uuid(struct fault *fault, const char *field, const char *text, struct uuid *out)
{
    struct uuid id;
    if (uuid_parse(text, &id) == AM_OK && !uuid_is_zero(&id)) {
        if (out)
            *out = id;
        return true;
    }
    if (told_already(fault, field))
        return false;
    if (!text || text[0] == '\0')
        fault_violation(fault, field, "is required");
    else
        fault_violation(fault, field, "is not a UUID");
    return false;
}

void check_text(struct fault *fault, const char *field, const char *text, size_t max_bytes,
                bool required)
{
    size_t len = strlen(text);
    if (told_already(fault, field))
        return;
    if (len > max_bytes)
        fault_violation(fault, field, "has %zu bytes, more than %zu", len, max_bytes);
    else if (required && made_of(text, " \t\r\n"))
        fault_violation(fault, field, "is required");
}

void check_code(struct fault *fault, const char *field, const char *text, size_t max_bytes,
                bool required)
{
    check_text(fault, field, text, max_bytes, required);
    if (!told_already(fault, field) && !made_of(text, SMALL DIGITS "._-"))
        fault_violation(fault, field, "is not a code: only a-z, 0-9, dot, dash and underscore");
}

bool check_name(const char *text, size_t len, size_t max)
{
    static const char chars[] = SMALL LARGE DIGITS "._@:-";
    if (len == 0 || len > max)
        return false;
    for (size_t i = 0; i < len; i++)
        if (!memchr(chars, text[i], sizeof chars - 1))
            return false;
    return true;
}

bool check_is_customer(const char *text, size_t len)
{
    const size_t n = sizeof(CHECK_CUSTOMER_PREFIX) - 1;
    return len >= n && memcmp(text, CHECK_CUSTOMER_PREFIX, n) == 0;
}

void check_principal(struct fault *fault, const char *field, const char *text)
{
    check_text(fault, field, text, CHECK_PRINCIPAL_BYTES_MAX, true);
    if (!told_already(fault, field) && !check_name(text, strlen(text), CHECK_PRINCIPAL_BYTES_MAX))
        fault_violation(fault, field, "is not an id: only A-Z, a-z, 0-9 and . _ @ : -");
}

static bool is_language(const char *text)
{
    size_t first = strspn(text, SMALL LARGE);
    if (first < 2 || first > SUBTAG_MAX_BYTES)
        return false;
    for (text += first; *text == '-';) {
        size_t len = strspn(++text, SMALL LARGE DIGITS);
        if (len < 1 || len > SUBTAG_MAX_BYTES)
            return false;
        text += len;
    }
    return *text == '\0';
}

bool check_is_language(const char *text)
{
    return strlen(text) <= LANGUAGE_MAX_BYTES && is_language(text);
}

/* -- addresses --------------------------------------------------------------------------------- */

static bool is_address_char(char c)
{
    return c > ' ' && c < 0x7f && !strchr("\"(),:;<>[\\]", c);
}

bool check_is_email(const char *text)
{
    const char *at = strchr(text, '@');
    const size_t len = strlen(text);
    if (!at || at == text || at[1] == '\0' || at - text > 64 || len > CHECK_EMAIL_BYTES_MAX ||
        strchr(at + 1, '@'))
        return false;
    for (const char *c = text; *c; c++)
        if (!is_address_char(*c))
            return false;
    return at[1] != '.' && text[len - 1] != '.' && !strstr(at, "..");
}

void check_email(struct fault *fault, const char *field, const char *text, bool required)
{
    check_text(fault, field, text, CHECK_EMAIL_BYTES_MAX, required);
    if (!told_already(fault, field) && text[0] != '\0' && !check_is_email(text))
        fault_violation(fault, field, "is no address for mail such as ann@example.com");
}

void check_language(struct fault *fault, const char *field, const char *text, bool required)
{
    check_text(fault, field, text, LANGUAGE_MAX_BYTES, required);
    if (!told_already(fault, field) && text[0] != '\0' && !is_language(text))
        fault_violation(fault, field, "is not a BCP 47 language tag such as en or de-AT");
}

void check_enum(struct fault *fault, const char *field, const ProtobufCEnumDescriptor *words,
                int value, bool required)
{
    if (told_already(fault, field))
        return;
    if (value == 0 && required)
        fault_violation(fault, field, "is required");
    else if (!protobuf_c_enum_descriptor_get_value(words, value))
        fault_violation(fault, field, "is %d, which is no %s", value, words->short_name);
}

void check_range(struct fault *fault, const char *field, int64_t value, int64_t low, int64_t high)
{
    if ((value < low || value > high) && !told_already(fault, field))
        fault_violation(fault, field, "is %" PRId64 ", not %" PRId64 " to %" PRId64, value, low,
                        high);
}

/* False when there is nothing more to say: it is missing, or no time at all. */
static bool check_time(struct fault *fault, const char *field,
                       const Google__Protobuf__Timestamp *time, bool required)
{
    if (told_already(fault, field))
        return false;
    if (!time) {
        if (required)
            fault_violation(fault, field, "is required");
        return false;
    }
    if (time->nanos < 0 || time->nanos >= NANOS_PER_S || time->seconds > SECONDS_MAX) {
        fault_violation(fault, field, "is not a time");
        return false;
    }
    return true;
}

void check_past_time(struct fault *fault, const char *field,
                     const Google__Protobuf__Timestamp *time, int64_t now_us, bool required)
{
    if (!check_time(fault, field, time, required))
        return;
    if (time->seconds < 0 || timestamp_us(time) == 0)
        fault_violation(fault, field, "is before 1970");
    else if (now_us != CHECK_FORM_ONLY && timestamp_us(time) > now_us + CHECK_SKEW_US)
        fault_violation(fault, field, "is in the future");
}

void check_future_time(struct fault *fault, const char *field,
                       const Google__Protobuf__Timestamp *time, int64_t now_us, bool required)
{
    if (!check_time(fault, field, time, required))
        return;
    if (now_us != CHECK_FORM_ONLY && (time->seconds < 0 || timestamp_us(time) <= now_us))
        fault_violation(fault, field, "is not in the future");
}

int64_t check_past_time_us(const Google__Protobuf__Timestamp *time, int64_t now_us)
{
    int64_t us = timestamp_us(time);
    return us < now_us ? us : now_us;
}

static bool is_currency(const char *code)
{
    return strlen(code) == 3 && made_of(code, LARGE);
}

static const char *money_problem(const Google__Type__Money *m)
{
    if (!is_currency(m->currency_code))
        return "needs a currency code of three capital letters";
    if (m->nanos <= -NANOS_PER_S || m->nanos >= NANOS_PER_S)
        return "has nanos beyond one unit";
    if ((m->units > 0 && m->nanos < 0) || (m->units < 0 && m->nanos > 0))
        return "has units and nanos of different sign";
    if (m->units < 0 || m->nanos < 0)
        return "is negative";
    if (m->units > MONEY_UNITS_MAX || (m->units == MONEY_UNITS_MAX && m->nanos > 0))
        return "is more than 1,000,000,000 units";
    if (m->nanos % NANOS_PER_MICRO != 0)
        return "is finer than a millionth of a unit";
    return NULL;
}

void check_money(struct fault *fault, const char *field, const Google__Type__Money *money,
                 enum check_amount amount)
{
    if (told_already(fault, field))
        return;
    if (!money) {
        if (amount == AMOUNT_REQUIRED)
            fault_violation(fault, field, "is required");
        return;
    }
    const char *problem = money_problem(money);
    if (!problem && amount != AMOUNT_ANY && money_micros(money) == 0)
        problem = "has to be more than zero";
    if (problem)
        fault_violation(fault, field, "%s", problem);
}
