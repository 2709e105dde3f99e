/* SPDX-License-Identifier: Apache-2.0 */

/* The denials of a case: the present one stands in its row, those before it in a packed list. */

#include <string.h>
#include <strings.h>

#include "base/assert.h"
#include "case/message/impl.h"
#include "case/message/message.h"

/* -- the list in the row ----------------------------------------------------------------------- */

static void *from_arena(void *arena, size_t size)
{
    return arena_alloc(arena, size);
}

static void to_arena(void *arena, void *p)
{
    (void)arena;
    (void)p;
}

/* NULL = the arena is full. */
static Amends__V1__DenialList *unpack(struct slice packed, struct arena *arena)
{
    ProtobufCAllocator a = {.alloc = from_arena, .free = to_arena, .allocator_data = arena};
    return amends__v1__denial_list__unpack(&a, packed.len, packed.data);
}

Amends__V1__Denial *message_denial(const struct case_row *row, struct arena *arena)
{
    struct make m = {.arena = arena};
    Amends__V1__Denial *d = row->denial_disclosed_at != 0 ? make_alloc(&m, sizeof(*d)) : NULL;
    if (!d)
        return NULL;
    amends__v1__denial__init(d);
    make_text(&m, &d->reason, row->denial_reason);
    d->disclosure_channel = (Amends__V1__Channel)row->denial_channel;
    make_time(&m, &d->disclosure_time, row->denial_disclosed_at);
    make_text(&m, &d->actor, row->denial_actor);
    return m.full ? NULL : d;
}

Amends__V1__DenialList *message_denials(const struct case_row *row, struct arena *arena)
{
    struct make m = {.arena = arena};
    Amends__V1__DenialList *list = unpack(row->earlier_denials, arena);
    Amends__V1__Denial *last = message_denial(row, arena);
    if (!list || !last)
        return row->denial_disclosed_at == 0 ? list : NULL;
    Amends__V1__Denial **all = make_alloc(&m, (list->n_denials + 1) * sizeof(*all));
    if (!all)
        return NULL;
    if (list->n_denials > 0)
        memcpy(all, list->denials, list->n_denials * sizeof(*all));
    all[list->n_denials++] = last;
    list->denials = all;
    return list;
}

struct slice denials_pack(const Amends__V1__DenialList *list, struct arena *arena)
{
    size_t size = amends__v1__denial_list__get_packed_size(list);
    uint8_t *bytes = arena_must(arena, size + 1);
    return slice_of(bytes, amends__v1__denial_list__pack(list, bytes));
}

/* -- the same words ---------------------------------------------------------------------------- */

static const char *trim(const char *text, size_t *len)
{
    text += strspn(text, " \t\r\n");
    *len = strlen(text);
    while (*len > 0 && strchr(" \t\r\n", text[*len - 1]))
        (*len)--;
    return text;
}

static bool same_words(const char *a, const char *b)
{
    size_t a_len, b_len;
    a = trim(a, &a_len);
    b = trim(b, &b_len);
    return a_len == b_len && strncasecmp(a, b, a_len) == 0;
}

bool denials_say(const Amends__V1__DenialList *list, const char *reason)
{
    for (size_t i = 0; i < list->n_denials; i++)
        if (same_words(list->denials[i]->reason, reason))
            return true;
    return false;
}
