/* SPDX-License-Identifier: Apache-2.0 */

#include "amendsctl/out.h"

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "amendsctl/text.h"
#include "base/assert.h"
#include "rpc/json.h"

#define LINE_BYTES (256u << 20)

static int lost; /* errno of the first write that failed */

void out_begin(void)
{
    (void)signal(SIGPIPE, SIG_IGN);
}

struct view out_view(bool wide)
{
    struct winsize size = {0};
    struct view view = {.now_s = (int64_t)time(NULL)};
    if (wide || !isatty(STDOUT_FILENO))
        return view;
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0)
        view.columns = size.ws_col;
    view.relative = true;
    return view;
}

static void put(FILE *to, const char *text)
{
    if (fputs(text, to) == EOF && to == stdout && !lost)
        lost = errno;
}

static AM_PRINTF(2, 0) void put_line(FILE *to, const char *fmt, va_list args)
{
    struct arena arena;
    arena_init(&arena, LINE_BYTES);
    const char *line = arena_vprintf(&arena, fmt, args);
    AM_ASSERT(line != NULL);
    put(to, text_visible(line, TEXT_LINE, &arena));
    put(to, "\n");
    arena_free(&arena);
}

void out_line(const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    put_line(stdout, fmt, args);
    va_end(args);
}

void out_error(const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    put_line(stderr, fmt, args);
    va_end(args);
}

void out_progress(bool last, const char *fmt, ...)
{
    va_list args;
    if (!isatty(STDERR_FILENO))
        return;
    put(stderr, "\r");
    va_start(args, fmt);
    (void)vfprintf(stderr, fmt, args);
    va_end(args);
    if (last)
        put(stderr, "\n");
    (void)fflush(stderr);
}

void out_text(const char *text)
{
    struct arena arena;
    arena_init(&arena, LINE_BYTES);
    put(stdout, isatty(STDOUT_FILENO) ? text_visible(text, TEXT_LINES, &arena) : text);
    arena_free(&arena);
}

void out_json(const ProtobufCMessage *message)
{
    struct arena arena;
    json_t *value = json_from_message(message);
    char *text = json_dumps(value, JSON_COMPACT);
    AM_ASSERT(text != NULL);
    arena_init(&arena, LINE_BYTES);
    put(stdout, text_visible(text, TEXT_JSON, &arena));
    put(stdout, "\n");
    (void)out_flush();
    arena_free(&arena);
    free(text);
    json_decref(value);
}

bool out_flush(void)
{
    if (fflush(stdout) == EOF && !lost)
        lost = errno;
    return lost == 0;
}

int out_end(int code)
{
    if (out_flush())
        return code;
    if (lost != EPIPE) /* who closes a pipe knows that the rest is lost */
        out_error("amendsctl: the output could not be written: %s", strerror(lost));
    return code == 0 ? OUT_LOST : code;
}
