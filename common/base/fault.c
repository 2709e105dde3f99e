/* SPDX-License-Identifier: Apache-2.0 */
#include "base/fault.h"

#include <stdarg.h>

void fault_init(struct fault *f, struct arena *arena)
{
    *f = (struct fault){.arena = arena, .message = ""};
}

/* A refusal must not fail for want of room: with the arena full the text is left out, code and
 * reason stay. */
static const char *AM_PRINTF(2, 0) text_of(struct arena *arena, const char *fmt, va_list args)
{
    const char *text = arena_vprintf(arena, fmt, args);
    return text ? text : "";
}

void fault_set(struct fault *f, enum fault_code code, int reason, const char *fmt, ...)
{
    if (f->code != FAULT_OK)
        return;
    va_list args;
    va_start(args, fmt);
    f->message = text_of(f->arena, fmt, args);
    va_end(args);
    f->code = code;
    f->reason = reason;
}

/* Returns the item that was added, or NULL when the list is full. */
static const struct fault_item *AM_PRINTF(3, 0)
    add_violation(struct fault *f, const char *key, const char *fmt, va_list args)
{
    if (f->n_violations == FAULT_ITEMS_MAX) {
        f->n_left_out++;
        return NULL;
    }
    struct fault_item *item = &f->violations[f->n_violations++];
    item->key = key;
    item->text = text_of(f->arena, fmt, args);
    return item;
}

/* Says in the message that the list is not complete. */
static void tell_left_out(struct fault *f)
{
    const char *text =
        arena_printf(f->arena, "%zu violations, the first: %s: %s", f->n_violations + f->n_left_out,
                     f->violations[0].key, f->violations[0].text);
    if (text)
        f->message = text;
}

void fault_violation(struct fault *f, const char *field, const char *fmt, ...)
{
    if (f->code != FAULT_OK && f->code != FAULT_INVALID_ARGUMENT)
        return;
    va_list args;
    va_start(args, fmt);
    const struct fault_item *item = add_violation(f, field, fmt, args);
    va_end(args);
    if (item)
        fault_set(f, FAULT_INVALID_ARGUMENT, FAULT_REASON_INVALID_ARGUMENT, "%s: %s", item->key,
                  item->text);
    else
        tell_left_out(f);
}

void fault_missing(struct fault *f, const char *key, const char *fmt, ...)
{
    if (f->code != FAULT_OK && f->code != FAULT_FAILED_PRECONDITION)
        return;
    va_list args;
    va_start(args, fmt);
    (void)add_violation(f, key, fmt, args);
    va_end(args);
}

void fault_meta(struct fault *f, const char *key, const char *fmt, ...)
{
    if (f->n_metadata == sizeof(f->metadata) / sizeof(f->metadata[0]))
        return;
    va_list args;
    va_start(args, fmt);
    struct fault_item *item = &f->metadata[f->n_metadata++];
    item->key = key;
    item->text = text_of(f->arena, fmt, args);
    va_end(args);
}

bool fault_is_set(const struct fault *f)
{
    return f->code != FAULT_OK;
}
