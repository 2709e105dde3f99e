/* SPDX-License-Identifier: Apache-2.0 */
#include "outbound/http.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "base/assert.h"
#include "base/list.h"
#include "outbound/http_transfer.h"

#define POLL_MS 1000
#define CONNECTIONS_MAX 512L /* kept open for the next requests */

struct http {
    struct http_config config;
    CURLM *multi;
    pthread_t thread;
    struct mpsc inbox; /* requests for the thread */
    _Atomic bool ending;
    unsigned n; /* requests under way; the loop's */
    size_t n_transfers;
    struct transfer **transfers; /* those of the multi handle; the thread's */
};

/* -- the thread -------------------------------------------------------------------------------- */

static void ended(struct loop_job *job)
{
    struct http_request *r = CONTAINER_OF(job, struct http_request, job);
    r->http->n--;
    r->done(r);
}

static void tell(struct http *h, struct http_request *r)
{
    r->job.run = ended;
    loop_post(h->config.loop, &r->job);
}

static void begin(struct http *h, struct http_request *r)
{
    struct transfer *t = transfer_begin(&h->config, r);
    if (!t) {
        tell(h, r);
        return;
    }
    AM_ASSERT(h->n_transfers < h->config.at_once);
    AM_ASSERT(curl_multi_add_handle(h->multi, t->easy) == CURLM_OK);
    h->transfers[h->n_transfers++] = t;
}

static void forget(struct http *h, const struct transfer *t)
{
    for (size_t i = 0; i < h->n_transfers; i++)
        if (h->transfers[i] == t)
            h->transfers[i] = h->transfers[--h->n_transfers];
}

static void end(struct http *h, CURL *easy, CURLcode code)
{
    char *private = NULL;
    AM_ASSERT(curl_easy_getinfo(easy, CURLINFO_PRIVATE, &private) == CURLE_OK);
    struct transfer *t = (struct transfer *)(void *)private;
    struct http_request *r = t->request;
    (void)curl_multi_remove_handle(h->multi, easy);
    forget(h, t);
    transfer_end(t, code);
    tell(h, r);
}

static void take_inbox(struct http *h)
{
    for (struct mpsc_node *node = mpsc_take(&h->inbox), *next; node; node = next) {
        next = node->next;
        begin(h, CONTAINER_OF(node, struct http_request, node));
    }
}

static void *run(void *ctx)
{
    struct http *h = ctx;
    int running, left;
    while (!atomic_load(&h->ending)) {
        take_inbox(h);
        (void)curl_multi_perform(h->multi, &running);
        for (CURLMsg *m; (m = curl_multi_info_read(h->multi, &left));)
            if (m->msg == CURLMSG_DONE)
                end(h, m->easy_handle, m->data.result);
        (void)curl_multi_poll(h->multi, NULL, 0, POLL_MS, NULL);
    }
    return NULL;
}

/* -- the loop's side --------------------------------------------------------------------------- */

unsigned http_room(const struct http *h)
{
    return h->config.at_once - h->n;
}

bool http_send(struct http *h, struct http_request *r)
{
    if (h->n >= h->config.at_once)
        return false;
    h->n++;
    r->http = h;
    mpsc_push(&h->inbox, &r->node);
    (void)curl_multi_wakeup(h->multi);
    return true;
}

struct http *http_new(const struct http_config *config)
{
    struct http *h = calloc(1, sizeof *h);
    AM_ASSERT(h != NULL && config->at_once > 0);
    AM_ASSERT(curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK);
    h->config = *config;
    h->transfers = calloc(config->at_once, sizeof(*h->transfers));
    h->multi = curl_multi_init();
    AM_ASSERT(h->transfers != NULL && h->multi != NULL);
    (void)curl_multi_setopt(h->multi, CURLMOPT_MAXCONNECTS, CONNECTIONS_MAX);
    AM_ASSERT(pthread_create(&h->thread, NULL, run, h) == 0);
    return h;
}

void http_free(struct http *h)
{
    if (!h)
        return;
    atomic_store(&h->ending, true);
    (void)curl_multi_wakeup(h->multi);
    AM_ASSERT(pthread_join(h->thread, NULL) == 0);
    for (size_t i = 0; i < h->n_transfers; i++) {
        (void)curl_multi_remove_handle(h->multi, h->transfers[i]->easy);
        transfer_drop(h->transfers[i]);
    }
    (void)curl_multi_cleanup(h->multi);
    curl_global_cleanup();
    free(h->transfers);
    free(h);
}
