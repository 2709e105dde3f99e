/* SPDX-License-Identifier: Apache-2.0 */
#include "outbound/mail_text.h"

#include <openssl/evp.h>
#include <string.h>

#include "base/minmax.h"
#include "base/utf8.h"

#define LINE_CHARS 76
/* What stands around the base64 of an encoded word. */
#define WORD_BEGIN "=?utf-8?B?"
#define WORD_END "?="
#define WORD_AROUND (sizeof(WORD_BEGIN) + sizeof(WORD_END) - 2)
/* Of a line that begins with a blank. */
#define WORD_BYTES_MAX ((LINE_CHARS - 1 - WORD_AROUND) / 4 * 3)

void mail_out_init(struct mail_out *o, struct arena *arena)
{
    *o = (struct mail_out){.arena = arena};
}

/* Room for `len` more bytes; what was written moves. */
static bool grow(struct mail_out *o, size_t len)
{
    if (o->full || o->len + len <= o->room)
        return !o->full;
    const size_t room = 2 * (o->len + len) + 1024;
    char *text = arena_alloc(o->arena, room);
    o->full = text == NULL;
    if (!text)
        return false;
    if (o->len)
        memcpy(text, o->text, o->len);
    o->text = text;
    o->room = room;
    return true;
}

void mail_put(struct mail_out *o, const char *text, size_t len)
{
    if (!grow(o, len))
        return;
    memcpy(o->text + o->len, text, len);
    o->len += len;
}

void mail_puts(struct mail_out *o, const char *text)
{
    mail_put(o, text, strlen(text));
}

/* -- headers ----------------------------------------------------------------------------------- */

/* C0, DEL, C1 and the separators of lines and paragraphs. */
static bool is_control(const unsigned char *at, size_t n)
{
    if (n == 1)
        return *at < 0x20 || *at == 0x7f;
    if (n == 2)
        return at[0] == 0xc2 && at[1] < 0xa0;
    return n == 3 && at[0] == 0xe2 && at[1] == 0x80 && (at[2] == 0xa8 || at[2] == 0xa9);
}

bool mail_is_header_text(const char *text)
{
    const size_t len = strlen(text);
    for (size_t i = 0, n; i < len; i += n) {
        n = utf8_next(text + i, len - i);
        if (n == 0 || is_control((const unsigned char *)text + i, n))
            return false;
    }
    return true;
}

/* In a name only letters, digits and what has no meaning there; one line; no blank that a reader of
 * the header would take away. */
static bool stands_as_it_is(const char *name, const char *text, bool is_name)
{
    static const char plain[] = " !#$%&'*+-/=?^_`{|}~";
    const size_t len = strlen(text);
    for (const char *c = text; *c; c++) {
        const bool alnum =
            (*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z') || (*c >= '0' && *c <= '9');
        if (is_name ? !alnum && !strchr(plain, *c) : *c < ' ' || *c >= 0x7f)
            return false;
    }
    return len > 0 && text[0] != ' ' && text[len - 1] != ' ' && !strstr(text, "=?") &&
           strlen(name) + 2 + len <= LINE_CHARS;
}

static void put_word(struct mail_out *o, const char *text, size_t len)
{
    unsigned char base64[4 * (WORD_BYTES_MAX / 3) + 1];
    const int n = EVP_EncodeBlock(base64, (const unsigned char *)text, (int)len);
    mail_puts(o, WORD_BEGIN);
    mail_put(o, (const char *)base64, (size_t)n);
    mail_puts(o, WORD_END);
}

/* As many whole characters as a word of `most` bytes can have. */
static size_t word_bytes(const char *text, size_t len, size_t most)
{
    size_t took = 0;
    for (size_t n = 0; took < len && took + (n = utf8_next(text + took, len - took)) <= most;)
        took += n;
    return took;
}

static void put_words(struct mail_out *o, const char *name, const char *text)
{
    const size_t len = strlen(text);
    size_t most = (LINE_CHARS - strlen(name) - 2 - WORD_AROUND) / 4 * 3;
    for (size_t i = 0, n; i < len; i += n) {
        n = word_bytes(text + i, len - i, most);
        mail_puts(o, i ? "\r\n " : "");
        put_word(o, text + i, n);
        most = WORD_BYTES_MAX;
    }
}

void mail_put_header(struct mail_out *o, const char *name, const char *text, bool is_name)
{
    mail_puts(o, name);
    mail_puts(o, ": ");
    if (stands_as_it_is(name, text, is_name))
        mail_puts(o, text);
    else
        put_words(o, name, text);
}

/* -- the body ---------------------------------------------------------------------------------- */

/* What a byte becomes; a blank at the end of a line would be lost on the way. */
static size_t quote(unsigned char c, bool ends_line, char out[3])
{
    static const char hex[] = "0123456789ABCDEF";
    if ((c > ' ' && c < 0x7f && c != '=') || ((c == ' ' || c == '\t') && !ends_line)) {
        out[0] = (char)c;
        return 1;
    }
    out[0] = '=';
    out[1] = hex[c >> 4];
    out[2] = hex[c & 15];
    return 3;
}

static void put_line(struct mail_out *o, const char *line, size_t len)
{
    size_t column = 0;
    for (size_t i = 0; i < len; i++) {
        char quoted[3];
        const size_t n = quote((unsigned char)line[i], i + 1 == len, quoted);
        if (column + n > LINE_CHARS - 1) {
            mail_puts(o, "=\r\n");
            column = 0;
        }
        mail_put(o, quoted, n);
        column += n;
    }
    mail_puts(o, "\r\n");
}

void mail_put_body(struct mail_out *o, const char *text)
{
    while (*text) {
        const size_t len = strcspn(text, "\n");
        put_line(o, text, len - (len > 0 && text[len - 1] == '\r'));
        text += len + (text[len] == '\n');
    }
}
