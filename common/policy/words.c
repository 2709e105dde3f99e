/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/words.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "contract/word.h"
#include "policy/policy.h"

#define MINUTE_S 60
#define HOUR_S 3600
#define DAY_S 86400
#define DIGITS_MAX 15
#define AMOUNT_MAX 999999999999LL

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Reads the digits at the beginning. Returns how many there are; 0 for none, and for more than
 * DIGITS_MAX. */
static size_t read_digits(const char *text, int64_t *value)
{
    size_t n = 0;
    *value = 0;
    for (; is_digit(text[n]); n++) {
        if (n == DIGITS_MAX)
            return 0;
        *value = *value * 10 + (text[n] - '0');
    }
    return n;
}

/* -- durations --------------------------------------------------------------------------------- */

static const struct unit {
    char letter;
    int64_t ms;
} units[] = {{'w', 7 * 86400000LL}, {'d', 86400000}, {'h', 3600000}, {'m', 60000}, {'s', 1000}};
#define UNITS (sizeof(units) / sizeof(units[0]))

/* The place of a unit in the table, UNITS for none. */
static size_t unit_of(char letter)
{
    size_t u = 0;
    while (u < UNITS && units[u].letter != letter)
        u++;
    return u;
}

const char *word_duration(const char *text, int64_t *ms)
{
    static const char *const right =
        "needs a number and a unit, as in 90s, 30m, 8h, 1h30m, 5d or 2w";
    int64_t total = 0;
    size_t at = 0, next_unit = 0;
    if (!*text)
        return right;
    while (text[at]) {
        int64_t value;
        size_t digits = read_digits(text + at, &value);
        size_t unit = digits > 0 ? unit_of(text[at + digits]) : UNITS;
        if (unit == UNITS)
            return right;
        if (unit < next_unit)
            return "has its units in another order than w, d, h, m, s, or one twice";
        if (value > POLICY_DURATION_MAX_MS / units[unit].ms)
            return "is longer than ten years";
        total += value * units[unit].ms;
        next_unit = unit + 1;
        at += digits + 1;
    }
    *ms = total;
    return total > POLICY_DURATION_MAX_MS ? "is longer than ten years" : NULL;
}

/* -- amounts, per cents, numbers --------------------------------------------------------------- */

const char *word_micros(const char *text, bool may_be_unlimited, int64_t *micros)
{
    int64_t whole, fraction = 0;
    if (may_be_unlimited && strcmp(text, "unlimited") == 0) {
        *micros = MONEY_UNLIMITED;
        return NULL;
    }
    size_t n = read_digits(text, &whole), decimals = 0;
    if (n > 0 && text[n] == '.') {
        decimals = read_digits(text + n + 1, &fraction);
        n = decimals > 0 && decimals <= 6 ? n + 1 + decimals : 0;
    }
    if (n == 0 || text[n] || whole > AMOUNT_MAX)
        return may_be_unlimited ? "is not an amount such as 100 or 12.50, nor `unlimited`"
                                : "is not an amount such as 100 or 12.50";
    for (size_t i = decimals; i < 6; i++)
        fraction *= 10;
    *micros = whole * MONEY_MICROS + fraction;
    return NULL;
}

const char *word_percent(const char *text, int32_t *percent)
{
    int64_t value;
    size_t n = read_digits(text, &value);
    if (n == 0 || strcmp(text + n, "%") != 0 || value < 1 || value > POLICY_PERCENT_MAX)
        return "is not a share of the target from 1% to 1000%, as in 75%";
    *percent = (int32_t)value;
    return NULL;
}

int word_whole(const char *text, int min, int max, int *value)
{
    int64_t number;
    size_t n = read_digits(text, &number);
    if (n == 0 || text[n] || number < min || number > max)
        return AM_EINVAL;
    *value = (int)number;
    return AM_OK;
}

const char *word_range(const char *text, int min, int max, uint32_t *bits)
{
    int64_t from, until;
    size_t n = read_digits(text, &from), more;
    until = from;
    if (n > 0 && text[n] == '+') {
        until = max;
        n++;
    } else if (n > 0 && text[n] == '-') {
        more = read_digits(text + n + 1, &until);
        n = more > 0 ? n + 1 + more : 0;
    }
    if (n == 0 || text[n] || from < min || until > max || from > until)
        return "is not a number such as 4, a range such as 3-5 or an open one such as 4+";
    *bits = 0;
    for (int64_t v = from; v <= until; v++)
        *bits |= 1u << v;
    return NULL;
}

/* -- times of day, weekdays -------------------------------------------------------------------- */

/* Reads "9:05" or "17:30:15". Returns how many bytes it has; 0 when it is no time. */
static size_t read_time(const char *text, int32_t *seconds)
{
    int64_t part[3] = {0};
    size_t at = 0;
    for (int i = 0; i < 3; i++) {
        size_t n = read_digits(text + at, &part[i]);
        if (n == 0 || n > 2 || (i > 0 && n != 2))
            return 0;
        at += n;
        if (i == 2 || text[at] != ':')
            break;
        at++;
        if (i == 0 && !is_digit(text[at]))
            return 0;
    }
    bool colon = memchr(text, ':', at) != NULL;
    if (!colon || part[0] > 24 || part[1] > 59 || part[2] > 59)
        return 0;
    *seconds = (int32_t)(part[0] * HOUR_S + part[1] * MINUTE_S + part[2]);
    return *seconds <= DAY_S ? at : 0;
}

const char *word_window(const char *text, int32_t *from_s, int32_t *until_s)
{
    if (strcmp(text, "all day") == 0) {
        *from_s = 0;
        *until_s = DAY_S;
        return NULL;
    }
    size_t n = read_time(text, from_s);
    size_t more = n > 0 && text[n] == '-' ? read_time(text + n + 1, until_s) : 0;
    if (more == 0 || text[n + 1 + more])
        return "is not hours such as 09:00-17:30, 22:00-06:00 (over midnight) or `all day`";
    if (*from_s == *until_s || *from_s == DAY_S)
        return "has no length: for a whole day write 00:00-24:00 or `all day`";
    if (*until_s < *from_s)
        *until_s += DAY_S;
    return NULL;
}

const char *word_weekday(int day)
{
    static const char names[7][4] = {"mon", "tue", "wed", "thu", "fri", "sat", "sun"};
    return names[day];
}

static int read_weekday(const char **text)
{
    for (int day = 0; day < 7; day++) {
        if (strncasecmp(*text, word_weekday(day), 3) == 0) {
            *text += 3;
            return day;
        }
    }
    return -1;
}

const char *word_weekdays(const char *text, unsigned *days)
{
    static const char *const right = "is not weekdays such as mon, mon-fri or `sat, sun`";
    *days = 0;
    for (;;) {
        int from = read_weekday(&text);
        int until = from;
        if (from >= 0 && *text == '-') {
            text++;
            until = read_weekday(&text);
        }
        if (from < 0 || until < 0)
            return right;
        for (int day = from;; day = (day + 1) % 7) {
            *days |= 1u << day;
            if (day == until)
                break;
        }
        if (*text == '\0')
            return NULL;
        if (*text++ != ',')
            return right;
        while (*text == ' ')
            text++;
    }
}

/* -- words of the contract --------------------------------------------------------------------- */

int word_enum(const ProtobufCEnumDescriptor *d, const char *text)
{
    const int number = contract_number(d, text);
    return number > 0 ? number : 0;
}

static void lower(const char *name, char out[WORD_MAX])
{
    size_t n = 0;
    for (; n < WORD_MAX - 1 && name[n]; n++)
        out[n] = (char)tolower((unsigned char)name[n]);
    out[n] = '\0';
}

void word_enum_name(const ProtobufCEnumDescriptor *d, int value, char out[WORD_MAX])
{
    lower(value != 0 ? contract_word(d, value) : "?", out);
}

/* Appends a word to a list; what does not fit is left out. */
static void append(char out[WORD_LIST_MAX], const char *word)
{
    size_t at = strlen(out);
    (void)snprintf(out + at, WORD_LIST_MAX - at, "%s%s", at > 0 ? ", " : "", word);
}

const char *word_enum_list(const ProtobufCEnumDescriptor *d, char out[WORD_LIST_MAX])
{
    out[0] = '\0';
    for (unsigned i = 1; i < d->n_values; i++) {
        char name[WORD_MAX];
        lower(contract_without_prefix(d, d->values[i].name), name);
        append(out, name);
    }
    return out;
}

const char *word_list(const char *const *words, char out[WORD_LIST_MAX])
{
    out[0] = '\0';
    for (; *words; words++)
        append(out, *words);
    return out;
}

/* -- nearest ----------------------------------------------------------------------------------- */

/* How many letters two words differ by (Levenshtein), regardless of case. */
static size_t distance(const char *a, const char *b)
{
    size_t row[WORD_MAX + 1];
    size_t n = strnlen(b, WORD_MAX), m = strnlen(a, WORD_MAX);
    for (size_t j = 0; j <= n; j++)
        row[j] = j;
    for (size_t i = 1; i <= m; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= n; j++) {
            bool same = tolower((unsigned char)a[i - 1]) == tolower((unsigned char)b[j - 1]);
            size_t change = diagonal + !same;
            diagonal = row[j];
            size_t shift = (row[j] < row[j - 1] ? row[j] : row[j - 1]) + 1;
            row[j] = change < shift ? change : shift;
        }
    }
    return row[n];
}

const char *word_nearest(const char *text, const char *const *words, size_t n)
{
    size_t len = strnlen(text, WORD_MAX + 1);
    size_t least = len / 3 + 2;
    const char *found = NULL;
    if (len > WORD_MAX)
        return NULL;
    for (size_t i = 0; i < n; i++) {
        size_t d = distance(text, words[i]);
        if (d < least && d < strlen(words[i])) {
            least = d;
            found = words[i];
        }
    }
    return found;
}

const char *word_enum_nearest(const ProtobufCEnumDescriptor *d, const char *text,
                              char out[WORD_MAX])
{
    const char *words[64];
    size_t n = 0;
    for (unsigned i = 1; i < d->n_values && n < 64; i++)
        words[n++] = contract_without_prefix(d, d->values[i].name);
    const char *found = word_nearest(text, words, n);
    if (!found)
        return NULL;
    lower(found, out);
    return out;
}
