/* SPDX-License-Identifier: Apache-2.0 */

#include "amendsctl/token.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <time.h>

#include "amendsctl/out.h"
#include "auth/jwt_token.h"
#include "auth/text_file.h"
#include "base/assert.h"

#define BLANKS " \t\r\n"
#define TEXT_BYTES (2 * JWT_BYTES_MAX + 1)
#define TIME_BYTES 32
#define SECONDS_MAX 253402300800.0 /* the year 10000 */

/* One line, whatever blanks stand around it. */
static const char *only_word(char *text)
{
    char *at = text + strspn(text, BLANKS);
    char *end = at + strcspn(at, BLANKS);
    const bool alone = end[strspn(end, BLANKS)] == '\0';
    *end = '\0';
    return alone ? at : "";
}

/* The token of the file, in `text`; or why there is none. */
static const char *read_word(const char *path, char text[TEXT_BYTES], char why[TEXT_FILE_WHY_BYTES],
                             const char **problem)
{
    struct stat was;
    size_t len = 0;
    *problem = why;
    if (text_file_read(path, text, TEXT_BYTES - 1, &len, &was, why))
        return NULL;
    text[len] = '\0';
    const char *word = strlen(text) == len ? only_word(text) : "";
    *problem = "the file holds no JSON Web Token, which is one line that begins with eyJ";
    if (!jwt_token_looks_like(word, strlen(word)))
        return NULL;
    *problem = "the token is longer than 4,096 bytes, which no service takes";
    return strlen(word) > JWT_BYTES_MAX ? NULL : word;
}

int token_read(const char *path, const char **out, struct arena *arena)
{
    char text[TEXT_BYTES], why[TEXT_FILE_WHY_BYTES];
    const char *problem = NULL;
    const char *word = read_word(path, text, why, &problem);
    if (!word) {
        out_error("amendsctl: --token-file %s: %s", path, problem);
        return AM_EINVAL;
    }
    *out = arena_strdup(arena, word);
    AM_ASSERT(*out != NULL);
    return AM_OK;
}

/* `exp` of the file's token, in seconds since 1970; 0 when it does not say. */
static int64_t ends_s(const char *path)
{
    char text[TEXT_BYTES], why[TEXT_FILE_WHY_BYTES];
    const char *reason = NULL;
    const char *word = read_word(path, text, why, &reason);
    struct jwt_token t;
    if (!word || jwt_token_read(word, strlen(word), &t, &reason))
        return 0;
    const double ends = json_number_value(json_object_get(t.payload, "exp"));
    jwt_token_free(&t);
    return ends > 0 && ends < SECONDS_MAX ? (int64_t)ends : 0;
}

bool token_is_fresh(const char *path)
{
    return ends_s(path) > time(NULL);
}

void token_tell_end(const char *path)
{
    char text[TIME_BYTES];
    struct tm utc;
    const time_t ends = (time_t)ends_s(path);
    if (ends == 0 || ends > time(NULL) || !gmtime_r(&ends, &utc))
        return;
    (void)strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &utc);
    out_error("  the token in %s ended at %s: get a new one", path, text);
}
