/* SPDX-License-Identifier: Apache-2.0 */

/* How messages are made in an arena that may be full. */

#include "case/message/impl.h"

#include <string.h>

#include "base/time.h"
#include "case/message/message.h"
#include "contract/money.h"

void *make_alloc(struct make *m, size_t size)
{
    void *p = m->full ? NULL : arena_alloc(m->arena, size);
    m->full = m->full || !p;
    return p;
}

/* Into a text field, which holds the library's shared empty text until then. */
void make_text(struct make *m, char **field, const char *text)
{
    if (!text || text[0] == '\0')
        return;
    size_t size = strlen(text) + 1;
    char *copy = make_alloc(m, size);
    if (copy)
        *field = memcpy(copy, text, size);
}

void make_uuid(struct make *m, char **field, const struct uuid *id)
{
    if (uuid_is_zero(id))
        return;
    char *copy = make_alloc(m, UUID_TEXT_LEN + 1);
    if (copy)
        *field = uuid_format(id, copy);
}

void make_time(struct make *m, Google__Protobuf__Timestamp **field, int64_t us)
{
    if (us == 0)
        return;
    Google__Protobuf__Timestamp *t = make_alloc(m, sizeof(*t));
    if (!t)
        return;
    google__protobuf__timestamp__init(t);
    t->seconds = us / US_PER_S;
    t->nanos = (int32_t)(us % US_PER_S * 1000);
    *field = t;
}

void make_duration(struct make *m, Google__Protobuf__Duration **field, int64_t s)
{
    Google__Protobuf__Duration *d = s != 0 ? make_alloc(m, sizeof(*d)) : NULL;
    if (!d)
        return;
    google__protobuf__duration__init(d);
    d->seconds = s;
    *field = d;
}

void make_money(struct make *m, Google__Type__Money **field, const char *currency, int64_t micros)
{
    if (!currency || currency[0] == '\0')
        return;
    Google__Type__Money *money = make_alloc(m, sizeof(*money));
    if (!money)
        return;
    google__type__money__init(money);
    make_text(m, &money->currency_code, currency);
    money->units = micros / MONEY_MICROS;
    money->nanos = (int32_t)(micros % MONEY_MICROS * 1000);
    *field = money;
}

Google__Protobuf__Timestamp *message_time(int64_t us, struct arena *arena)
{
    struct make m = {.arena = arena};
    Google__Protobuf__Timestamp *t = NULL;
    make_time(&m, &t, us);
    return t;
}
