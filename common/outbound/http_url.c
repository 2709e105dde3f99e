/* SPDX-License-Identifier: Apache-2.0 */
#include "outbound/http_url.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <stdio.h>
#include <string.h>

#include "base/assert.h"

static int refuse(char why[REACH_WHY_BYTES], const char *what)
{
    (void)snprintf(why, REACH_WHY_BYTES, "%s", what);
    return AM_EINVAL;
}

static bool has_part(CURLU *u, CURLUPart part)
{
    char *text = NULL;
    const bool has = curl_url_get(u, part, &text, 0) == CURLUE_OK;
    curl_free(text);
    return has;
}

static bool part_is(CURLU *u, CURLUPart part, const char *value)
{
    char *text = NULL;
    const bool is = curl_url_get(u, part, &text, 0) == CURLUE_OK && strcmp(text, value) == 0;
    curl_free(text);
    return is;
}

/* True for a name, too. */
static bool may_reach(CURLU *u, const struct reach *reach)
{
    struct sockaddr_in v4 = {.sin_family = AF_INET};
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6};
    char *host = NULL;
    bool may = true;
    AM_ASSERT(curl_url_get(u, CURLUPART_HOST, &host, 0) == CURLUE_OK);
    const size_t len = strlen(host);
    if (host[0] == '[' && len > 2) {
        host[len - 1] = '\0';
        may = inet_pton(AF_INET6, host + 1, &v6.sin6_addr) != 1 ||
              reach_look(reach, (const struct sockaddr *)&v6) != REACH_REFUSED;
    } else if (inet_pton(AF_INET, host, &v4.sin_addr) == 1) {
        may = reach_look(reach, (const struct sockaddr *)&v4) != REACH_REFUSED;
    }
    curl_free(host);
    return may;
}

static int judge(CURLU *u, const char *url, const struct reach *reach, char why[REACH_WHY_BYTES])
{
    if (curl_url_set(u, CURLUPART_URL, url, 0) != CURLUE_OK || !has_part(u, CURLUPART_HOST))
        return refuse(why, "is no URL; it is like https://crm.example.org/hooks");
    if (!part_is(u, CURLUPART_SCHEME, "https") && !part_is(u, CURLUPART_SCHEME, "http"))
        return refuse(why, "does not begin with https://");
    if (part_is(u, CURLUPART_SCHEME, "http") && reach->n == 0)
        return refuse(why, "does not begin with https://, and the operator allows no networks "
                           "that http:// may go to (--webhook-networks)");
    if (has_part(u, CURLUPART_USER) || has_part(u, CURLUPART_PASSWORD))
        return refuse(why, "has a user or a password, which others would see; check the signature "
                           "instead");
    if (has_part(u, CURLUPART_FRAGMENT))
        return refuse(why, "has a fragment (#), which is never sent");
    if (!may_reach(u, reach))
        return refuse(why, "has an address that is not public, and not of a network that the "
                           "operator allows (--webhook-networks)");
    return AM_OK;
}

int http_url_check(const char *url, const struct reach *reach, char why[REACH_WHY_BYTES])
{
    CURLU *u = curl_url();
    AM_ASSERT(u != NULL);
    const int rc = judge(u, url, reach, why);
    curl_url_cleanup(u);
    return rc;
}
