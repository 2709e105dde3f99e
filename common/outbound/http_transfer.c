/* SPDX-License-Identifier: Apache-2.0 */
#include "outbound/http_transfer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/assert.h"
#include "base/time.h"

#define IDLE_S 60L /* a connection is used again within that time */

/* -- callbacks --------------------------------------------------------------------------------- */

/* The one place where a connection begins: the address is that of the socket, not of a name. */
static curl_socket_t open_socket(void *ctx, curlsocktype purpose, struct curl_sockaddr *address)
{
    struct transfer *t = ctx;
    const enum reach_verdict verdict = reach_look(&t->config->reach, &address->addr);
    if (purpose != CURLSOCKTYPE_IPCXN || verdict == REACH_REFUSED ||
        (t->plaintext && verdict != REACH_ALLOWED)) {
        t->forbidden = true;
        return CURL_SOCKET_BAD;
    }
    return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

static size_t on_body(char *data, size_t size, size_t n, void *ctx)
{
    struct transfer *t = ctx;
    struct http_request *r = t->request;
    const size_t bytes = size * n;
    const size_t room = HTTP_TEXT_BYTES - t->kept;
    const size_t keep = bytes < room ? bytes : room;
    memcpy(r->text + t->kept, data, keep);
    t->kept += keep;
    t->answered += bytes;
    t->cut = t->answered > HTTP_ANSWER_BYTES;
    return t->cut ? 0 : bytes;
}

/* -- setting up -------------------------------------------------------------------------------- */

static bool set_limits(struct transfer *t)
{
    CURL *c = t->easy;
    CURLcode bad = curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "http,https");
    bad |= curl_easy_setopt(c, CURLOPT_FOLLOWLOCATION, 0L);
    bad |= curl_easy_setopt(c, CURLOPT_PROXY, "");
    bad |= curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
    /* Whoever gives up a name does not wait for the thread that asks for it: all would wait. */
    bad |= curl_easy_setopt(c, CURLOPT_QUICK_EXIT, 1L);
    bad |= curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT_MS, (long)t->config->connect_timeout_ms);
    bad |= curl_easy_setopt(c, CURLOPT_TIMEOUT_MS, (long)t->config->timeout_ms);
    bad |= curl_easy_setopt(c, CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2);
    bad |= curl_easy_setopt(c, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1);
    bad |= curl_easy_setopt(c, CURLOPT_MAXAGE_CONN, IDLE_S);
    bad |= curl_easy_setopt(c, CURLOPT_OPENSOCKETFUNCTION, open_socket);
    bad |= curl_easy_setopt(c, CURLOPT_OPENSOCKETDATA, t);
    if (*t->config->ca_file)
        bad |= curl_easy_setopt(c, CURLOPT_CAINFO, t->config->ca_file);
    return bad == CURLE_OK;
}

static bool set_request(struct transfer *t)
{
    CURL *c = t->easy;
    const struct http_request *r = t->request;
    CURLcode bad = curl_easy_setopt(c, CURLOPT_URL, r->url);
    bad |= curl_easy_setopt(c, CURLOPT_USERAGENT, "amends");
    bad |= curl_easy_setopt(c, CURLOPT_POST, 1L);
    bad |= curl_easy_setopt(c, CURLOPT_POSTFIELDS, r->body.data);
    bad |= curl_easy_setopt(c, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)r->body.len);
    bad |= curl_easy_setopt(c, CURLOPT_HTTPHEADER, t->headers);
    bad |= curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, on_body);
    bad |= curl_easy_setopt(c, CURLOPT_WRITEDATA, t);
    bad |= curl_easy_setopt(c, CURLOPT_ERRORBUFFER, t->error);
    bad |= curl_easy_setopt(c, CURLOPT_PRIVATE, t);
    return bad == CURLE_OK;
}

static void add_headers(struct transfer *t)
{
    /* Without it curl waits a second for "100 Continue" before it sends a long body. */
    t->headers = curl_slist_append(NULL, "Expect:");
    for (size_t i = 0; i < t->request->n_headers; i++) {
        struct curl_slist *more = curl_slist_append(t->headers, t->request->headers[i]);
        AM_ASSERT(more != NULL);
        t->headers = more;
    }
}

struct transfer *transfer_begin(const struct http_config *config, struct http_request *r)
{
    struct transfer *t = calloc(1, sizeof *t);
    AM_ASSERT(t != NULL && r->n_headers <= HTTP_HEADERS_MAX);
    t->easy = curl_easy_init();
    AM_ASSERT(t->easy != NULL);
    t->config = config;
    t->request = r;
    t->plaintext = strncasecmp(r->url, "http:", 5) == 0;
    r->status = 0;
    r->retry_after_us = 0;
    r->text[0] = '\0';
    add_headers(t);
    if (set_limits(t) && set_request(t))
        return t;
    transfer_end(t, CURLE_URL_MALFORMAT);
    return NULL;
}

/* -- the end ----------------------------------------------------------------------------------- */

void transfer_drop(struct transfer *t)
{
    curl_easy_cleanup(t->easy);
    curl_slist_free_all(t->headers);
    free(t);
}

static void say_why(struct http_request *r, const struct transfer *t, CURLcode code)
{
    if (t->forbidden && t->plaintext)
        (void)snprintf(r->text, sizeof r->text,
                       "the address may not be reached by http:// without TLS");
    else if (t->forbidden)
        (void)snprintf(r->text, sizeof r->text,
                       "the name leads to an address that is not public and not allowed");
    else
        (void)snprintf(r->text, sizeof r->text, "%s",
                       *t->error ? t->error : curl_easy_strerror(code));
}

void transfer_end(struct transfer *t, CURLcode code)
{
    struct http_request *r = t->request;
    long status = 0;
    curl_off_t after_s = 0;
    (void)curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &status);
    (void)curl_easy_getinfo(t->easy, CURLINFO_RETRY_AFTER, &after_s);
    r->text[t->kept] = '\0';
    r->end = HTTP_ANSWERED;
    r->status = (int32_t)status;
    r->retry_after_us = after_s > 0 ? (int64_t)after_s * US_PER_S : 0;
    if (code != CURLE_OK && !(t->cut && status > 0)) {
        r->end = t->forbidden ? HTTP_FORBIDDEN : HTTP_FAILED;
        r->status = 0;
        say_why(r, t, code);
    }
    transfer_drop(t);
}
