/* SPDX-License-Identifier: Apache-2.0 */
#include "pg/target.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <stdio.h>
#include <string.h>

#include "base/assert.h"

static const char *option_value(const PQconninfoOption *options, const char *keyword)
{
    for (const PQconninfoOption *o = options; o && o->keyword; o++)
        if (strcmp(o->keyword, keyword) == 0 && o->val)
            return o->val;
    return "";
}

/* The setting of the connection string, else that of the environment. */
static const char *setting(const PQconninfoOption *given, const PQconninfoOption *defaults,
                           const char *keyword)
{
    const char *value = option_value(given, keyword);
    return *value ? value : option_value(defaults, keyword);
}

static size_t list_count(const char *list)
{
    size_t n = *list ? 1 : 0;
    for (; *list; list++)
        n += *list == ',';
    return n;
}

/* The i-th element of a list with commas. A list with one element holds for every i. */
static char *list_item(const char *list, size_t i)
{
    if (list_count(list) == 1)
        i = 0;
    while (i > 0 && *list)
        i -= *list++ == ',';
    char *copy = strndup(list, strcspn(list, ","));
    AM_ASSERT(copy != NULL);
    return copy;
}

static void split(struct target *t, const char *host, const char *hostaddr, const char *port)
{
    size_t n = list_count(*hostaddr ? hostaddr : host);
    t->n = n < TARGET_HOSTS ? n : TARGET_HOSTS;
    for (size_t i = 0; i < t->n; i++) {
        t->hosts[i].host = list_item(host, i);
        t->hosts[i].hostaddr = list_item(hostaddr, i);
        t->hosts[i].port = list_item(port, i);
    }
}

void target_parse(struct target *t, const char *conninfo)
{
    memset(t, 0, sizeof(*t));
    t->conninfo = strdup(conninfo ? conninfo : "");
    AM_ASSERT(t->conninfo != NULL);
    PQconninfoOption *given = PQconninfoParse(t->conninfo, NULL);
    PQconninfoOption *defaults = PQconndefaults();
    split(t, setting(given, defaults, "host"), setting(given, defaults, "hostaddr"),
          setting(given, defaults, "port"));
    PQconninfoFree(given);
    PQconninfoFree(defaults);
}

void target_free(struct target *t)
{
    for (size_t i = 0; i < t->n; i++) {
        free(t->hosts[i].host);
        free(t->hosts[i].hostaddr);
        free(t->hosts[i].port);
    }
    free(t->conninfo);
    memset(t, 0, sizeof(*t));
}

static bool is_numeric(const char *host)
{
    struct in6_addr addr;
    return inet_pton(AF_INET, host, &addr) == 1 || inet_pton(AF_INET6, host, &addr) == 1;
}

bool target_needs_lookup(const struct target_host *h)
{
    bool socket_path = h->host[0] == '/' || h->host[0] == '@';
    return !h->hostaddr[0] && h->host[0] && !socket_path && !is_numeric(h->host);
}

const char *pg_why(const PGconn *pq, char out[PG_WHY_LEN])
{
    const char *message = pq ? PQerrorMessage(pq) : "out of memory";
    (void)snprintf(out, PG_WHY_LEN, "%s", message);
    out[strcspn(out, "\n")] = '\0';
    return out;
}
