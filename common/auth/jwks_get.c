/* SPDX-License-Identifier: Apache-2.0 */
#include "auth/jwks_get.h"

#include <curl/curl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "auth/text_file.h"
#include "base/assert.h"

_Static_assert(JWK_WHY_BYTES >= TEXT_FILE_WHY_BYTES, "a reason fits");

#define CONNECT_TIMEOUT_MS 5000L
#define TIMEOUT_MS 10000L
/* The first time a program waits for the answer before it serves. */
#define FIRST_TIMEOUT_MS 3000L
#define STATUS_OK 200

struct jwks_get {
    const char *place, *ca;
    bool remote;
    long timeout_ms;
    _Atomic bool stopped;
    struct stat last; /* of the file as it was read */
    size_t len;
    bool overflow;
    char text[JWK_SET_BYTES_MAX];
};

struct jwks_get *jwks_get_new(const char *place, const char *ca, bool remote)
{
    struct jwks_get *g = calloc(1, sizeof *g);
    AM_ASSERT(g != NULL);
    g->place = place;
    g->ca = ca;
    g->remote = remote;
    g->timeout_ms = FIRST_TIMEOUT_MS;
    if (remote)
        AM_ASSERT(curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK);
    return g;
}

void jwks_get_free(struct jwks_get *g)
{
    if (g && g->remote)
        curl_global_cleanup();
    free(g);
}

void jwks_get_stop(struct jwks_get *g)
{
    atomic_store(&g->stopped, true);
}

/* -- https ------------------------------------------------------------------------------------- */

static size_t on_bytes(char *data, size_t size, size_t n, void *ctx)
{
    struct jwks_get *g = ctx;
    const size_t bytes = size * n;
    if (bytes > sizeof g->text - g->len) {
        g->overflow = true;
        return 0;
    }
    memcpy(g->text + g->len, data, bytes);
    g->len += bytes;
    return bytes;
}

static int on_progress(void *ctx, curl_off_t down_total, curl_off_t down, curl_off_t up_total,
                       curl_off_t up)
{
    (void)down_total;
    (void)down;
    (void)up_total;
    (void)up;
    return atomic_load(&((struct jwks_get *)ctx)->stopped);
}

static bool set_transfer(CURL *curl, struct jwks_get *g, char *error)
{
    CURLcode bad = curl_easy_setopt(curl, CURLOPT_URL, g->place);
    bad |= curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "https");
    bad |= curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
    bad |= curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    bad |= curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, CONNECT_TIMEOUT_MS);
    bad |= curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, g->timeout_ms);
    bad |= curl_easy_setopt(curl, CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2);
    bad |= curl_easy_setopt(curl, CURLOPT_USERAGENT, "amends");
    bad |= curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, error);
    if (*g->ca)
        bad |= curl_easy_setopt(curl, CURLOPT_CAINFO, g->ca);
    return bad == CURLE_OK;
}

static bool set_callbacks(CURL *curl, struct jwks_get *g)
{
    CURLcode bad = curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_bytes);
    bad |= curl_easy_setopt(curl, CURLOPT_WRITEDATA, g);
    bad |= curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
    bad |= curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, on_progress);
    bad |= curl_easy_setopt(curl, CURLOPT_XFERINFODATA, g);
    return bad == CURLE_OK;
}

static int judge(const struct jwks_get *g, CURLcode end, long status, const char *error,
                 char why[JWK_WHY_BYTES])
{
    if (g->overflow)
        (void)snprintf(why, JWK_WHY_BYTES, "the answer is longer than 262,144 bytes");
    else if (end != CURLE_OK)
        (void)snprintf(why, JWK_WHY_BYTES, "%.200s", *error ? error : curl_easy_strerror(end));
    else if (status / 100 == 3)
        (void)snprintf(why, JWK_WHY_BYTES,
                       "the address redirects (HTTP %ld), which is not followed: give the address "
                       "that it leads to",
                       status);
    else if (status != STATUS_OK)
        (void)snprintf(why, JWK_WHY_BYTES, "the address answers with HTTP %ld", status);
    else
        return AM_OK;
    return AM_EIO;
}

static int get_address(struct jwks_get *g, char why[JWK_WHY_BYTES])
{
    char error[CURL_ERROR_SIZE] = "";
    long status = 0;
    CURL *curl = curl_easy_init();
    AM_ASSERT(curl != NULL);
    AM_ASSERT(set_transfer(curl, g, error) && set_callbacks(curl, g));
    const CURLcode end = curl_easy_perform(curl);
    (void)curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_cleanup(curl);
    return judge(g, end, status, error, why);
}

/* -- either ------------------------------------------------------------------------------------ */

bool jwks_get_changed(const struct jwks_get *g)
{
    return !g->remote && text_file_changed(g->place, &g->last);
}

int jwks_get(struct jwks_get *g, const char **text, size_t *len, char why[JWK_WHY_BYTES])
{
    g->len = 0;
    g->overflow = false;
    int err = g->remote ? get_address(g, why)
                        : text_file_read(g->place, g->text, sizeof g->text, &g->len, &g->last, why);
    g->timeout_ms = TIMEOUT_MS;
    *text = g->text;
    *len = g->len;
    return err;
}
