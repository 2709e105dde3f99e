/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Requests to addresses that others gave us: POST over https, by a thread of its own (libcurl), so
 * that no name look-up, no handshake and no silent peer holds the io loop up.
 *
 * The address of the socket is looked at when it is opened (outbound/reach.h), whatever the name
 * had meant before; that of a connection that is used again was. Nothing is followed to another
 * address, no certificate goes unchecked, no proxy of the environment is used. http:// without TLS
 * goes to networks that the operator allows, and nowhere else. Of an answer the status and some
 * bytes are kept, and no more is read than HTTP_ANSWER_BYTES.
 *
 * Threading: http_new() before other threads start, because curl is set up; http_send() and
 * `done` on the io loop's thread; http_free() after the loop has ended. Ownership: a request and
 * all that it points to is borrowed from http_send() to `done`, which is called once. A request
 * that is under way when the thread ends is dropped without it.
 */

#include <stdbool.h>

#include "base/slice.h"
#include "io/loop.h"
#include "outbound/reach.h"

#define HTTP_HEADERS_MAX 16
#define HTTP_TEXT_BYTES 512
#define HTTP_ANSWER_BYTES (64u << 10)

struct http;

struct http_config {
    struct loop *loop;
    const char *ca_file; /* CAs (PEM) that are trusted; "" = those of the system */
    struct reach reach;  /* networks that are allowed though they are not public */
    unsigned at_once;    /* requests under way; http_send() takes no more */
    int64_t connect_timeout_ms, timeout_ms; /* of the connection; of all */
};

enum http_end {
    HTTP_ANSWERED,  /* there is a status */
    HTTP_FAILED,    /* no answer: `text` says why */
    HTTP_FORBIDDEN, /* the address is none that may be reached: `text` says so */
};

struct http_request {
    /* What is asked for. */
    const char *url;
    const char *headers[HTTP_HEADERS_MAX]; /* "name: value" */
    size_t n_headers;
    struct slice body;
    void (*done)(struct http_request *r);
    void *ctx;
    /* What came of it. */
    enum http_end end;
    int32_t status;
    int64_t retry_after_us;         /* what the answer asks for; 0 = nothing */
    char text[HTTP_TEXT_BYTES + 1]; /* the beginning of the answer's body, or why there is none */
    /* The thread's own. */
    struct mpsc_node node;
    struct loop_job job;
    struct http *http;
    void *transfer;
};

/* Never NULL. Copies `config`; ca_file is borrowed. */
struct http *http_new(const struct http_config *config);
/* NULL is allowed. Waits for the thread, which drops what it has. */
void http_free(struct http *h);

/* False: as many requests are under way as may be; the request is not taken then. */
bool http_send(struct http *h, struct http_request *r) AM_MUSTCHECK;

/* How many more it takes now. */
unsigned http_room(const struct http *h);
