/* SPDX-License-Identifier: Apache-2.0 */

/* What is shown of a name or a contact: too little to find the person by it. */

#include <ctype.h>
#include <string.h>

#include "base/utf8.h"
#include "case/message/private.h"

#define HIDDEN "***"
#define INITIALS_MAX 3
#define SHORT_CHARACTERS 3 /* of such a text nothing is shown */
#define PHONE_DIGITS 8     /* of a shorter number nothing is shown */

/* The length of the character at `text`; a byte that begins none counts as one. */
static size_t step(const char *text)
{
    const size_t n = utf8_next(text, strlen(text));
    return n ? n : 1;
}

static size_t characters(const char *text)
{
    size_t n = 0;
    for (; *text; text += step(text))
        n++;
    return n;
}

/* -- names ------------------------------------------------------------------------------------- */

static const char *skip_blanks(const char *text)
{
    return text + strspn(text, " \t\r\n");
}

/* Where the next word begins; NULL = there is none. */
static const char *next_word(const char *text)
{
    text = skip_blanks(text + strcspn(text, " \t\r\n"));
    return *text ? text : NULL;
}

char *private_mask_name(const char *name, struct arena *arena)
{
    const char *word = skip_blanks(name);
    char out[INITIALS_MAX * 8] = "";
    size_t used = 0;
    if (characters(word) <= SHORT_CHARACTERS)
        return arena_strdup(arena, *name ? HIDDEN : "");
    for (int n = 0; word && n < INITIALS_MAX; n++, word = next_word(word)) {
        const size_t len = step(word);
        memcpy(out + used, word, len);
        memcpy(out + used + len, ". ", sizeof(". "));
        used += len + 2;
    }
    out[used - 1] = '\0';
    return arena_strdup(arena, out);
}

/* -- contacts ---------------------------------------------------------------------------------- */

/* "j***@e***.com": the first characters, and what is behind the last dot. */
static char *mask_mail(const char *mail, const char *at, struct arena *arena)
{
    const char *host = at + 1;
    const char *dot = strrchr(host, '.');
    if (at == mail || !*host || !dot || dot == host)
        return arena_strdup(arena, HIDDEN "@" HIDDEN);
    const int first = at - mail > SHORT_CHARACTERS - 1 ? (int)step(mail) : 0;
    const int second = dot - host > SHORT_CHARACTERS - 1 ? (int)step(host) : 0;
    return arena_printf(arena, "%.*s" HIDDEN "@%.*s" HIDDEN "%s", first, mail, second, host, dot);
}

static size_t count_digits(const char *text)
{
    size_t n = 0;
    for (; *text; text++)
        n += isdigit((unsigned char)*text) != 0;
    return n;
}

static bool is_phone(const char *text)
{
    return text[strspn(text, "0123456789+-/.() \t")] == '\0' && count_digits(text) >= PHONE_DIGITS;
}

static void last_digits(const char *text, char out[3])
{
    size_t n = 2;
    for (const char *p = text + strlen(text); p > text && n > 0; p--)
        if (isdigit((unsigned char)p[-1]))
            out[--n] = p[-1];
    out[2] = '\0';
}

/* "+49 *** 12": the country, where it is given, and the last two digits. */
static char *mask_phone(const char *phone, struct arena *arena)
{
    char last[3];
    const char *first = skip_blanks(phone);
    last_digits(phone, last);
    if (*first == '+' && isdigit((unsigned char)first[1]))
        return arena_printf(arena, "%.*s " HIDDEN " %s", isdigit((unsigned char)first[2]) ? 3 : 2,
                            first, last);
    return arena_printf(arena, HIDDEN " %s", last);
}

char *private_mask_contact(const char *contact, struct arena *arena)
{
    const char *at = strrchr(contact, '@');
    if (at)
        return mask_mail(contact, at, arena);
    if (is_phone(contact))
        return mask_phone(contact, arena);
    return arena_strdup(arena, *contact ? HIDDEN : "");
}
