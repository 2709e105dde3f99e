/* SPDX-License-Identifier: Apache-2.0 */
#include "outbound/smtp.h"

#include <curl/curl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "base/assert.h"
#include "base/list.h"
#include "base/metrics.h"

/* The loop and gRPC go first where processors are few, as for loop_work(). */
#define NICE 10
/* A connection without mail is left after so long. */
#define REST_US (5 * US_PER_S)
/* How long threads may take once their connections are cut. */
#define CUT_PATIENCE_US (2 * US_PER_S)

static const char *const outcome_words[] = {[SMTP_DELIVERED] = "delivered",
                                            [SMTP_LATER] = "later",
                                            [SMTP_REFUSED] = "refused",
                                            [SMTP_CUT] = "cut",
                                            NULL};
static METRIC_DEFINE_LABEL(ends, METRIC_COUNTER, "amends_mail_sent_total",
                           "Mails handed to the SMTP server, by what became of them: delivered, "
                           "later (tried again), refused (for good), cut (this process ended).",
                           "outcome", outcome_words);
static METRIC_DEFINE(durations, METRIC_HISTOGRAM, "amends_mail_seconds",
                     "How long the SMTP server takes for one mail.");
static METRIC_DEFINE(waiting, METRIC_GAUGE, "amends_mail_queue",
                     "Mails that wait for a thread or are being sent.");

struct job {
    struct list link;
    struct loop_job told;
    struct smtp *smtp;
    struct smtp_mail mail;
    struct smtp_result result;
    void (*done)(void *ctx, const struct smtp_result *result);
    void *ctx;
    char text[]; /* the address, then the message */
};

struct worker {
    struct smtp *smtp;
    struct smtp_session *session;
    pthread_t thread;
};

struct smtp {
    struct loop *loop;
    /* The loop's thread only. */
    size_t held; /* jobs that were handed over and not answered */
    bool cut;
    struct loop_timer *patience;
    void (*ended)(void *ctx);
    void *ended_ctx;
    /* Under the lock. */
    pthread_mutex_t lock;
    /* A mail goes to a thread that has a connection, if one is free. */
    pthread_cond_t wake_connected, wake_other;
    size_t n_connected; /* that wait */
    struct list queue;
    size_t n_queued;
    bool stopping, abandoned; /* abandoned: the loop may be gone, so nothing is told to it */
    size_t running;           /* threads */
    struct loop_job all_ended;
    struct worker workers[SMTP_THREADS];
};

static void take_lock(struct smtp *s)
{
    AM_ASSERT(pthread_mutex_lock(&s->lock) == 0);
}

static void give_lock(struct smtp *s)
{
    AM_ASSERT(pthread_mutex_unlock(&s->lock) == 0);
}

/* -- the threads ------------------------------------------------------------------------------- */

/* On the loop. */
static void tell(struct loop_job *told)
{
    struct job *j = CONTAINER_OF(told, struct job, told);
    struct smtp *s = j->smtp;
    s->held--;
    metric_set(&waiting, 0, (int64_t)s->held);
    metric_add(&ends, j->result.outcome, 1);
    j->done(j->ctx, &j->result);
    free(j);
}

/* With the lock, which keeps the loop from being given up between the look and the post. */
static void hand_back(struct smtp *s, struct job *j)
{
    if (s->abandoned)
        free(j);
    else
        loop_post(s->loop, &j->told);
}

static void work_on(struct worker *w, struct job *j)
{
    const int64_t began = time_mono_us();
    smtp_session_send(w->session, &j->mail, &j->result);
    metric_observe_us(&durations, 0, time_mono_us() - began);
    take_lock(w->smtp);
    hand_back(w->smtp, j);
    give_lock(w->smtp);
}

/* Waits for a job or the end, with the lock; with a connection, not for long. */
static void wait_for_job(struct worker *w)
{
    struct smtp *s = w->smtp;
    const int64_t until_us = time_mono_us() + REST_US;
    const struct timespec until = {.tv_sec = until_us / US_PER_S,
                                   .tv_nsec = until_us % US_PER_S * 1000};
    const bool connected = smtp_session_connected(w->session);
    int late = 0;
    s->n_connected += connected;
    while (!s->stopping && list_empty(&s->queue) && late == 0)
        late = connected ? pthread_cond_timedwait(&s->wake_connected, &s->lock, &until)
                         : pthread_cond_wait(&s->wake_other, &s->lock);
    s->n_connected -= connected;
}

/* The next job, with the lock; NULL when the connection is to be left. */
static struct job *next_job(struct worker *w)
{
    struct smtp *s = w->smtp;
    wait_for_job(w);
    struct list *first = s->stopping ? NULL : list_pop_front(&s->queue);
    if (!first)
        return NULL;
    s->n_queued--;
    return CONTAINER_OF(first, struct job, link);
}

static void end_thread(struct smtp *s)
{
    take_lock(s);
    s->running--;
    if (s->running == 0 && !s->abandoned)
        loop_post(s->loop, &s->all_ended);
    give_lock(s);
}

static void *run(void *arg)
{
    struct worker *w = arg;
    struct smtp *s = w->smtp;
    (void)pthread_setname_np(pthread_self(), "smtp");
    (void)setpriority(PRIO_PROCESS, 0, NICE);
    for (bool goes_on = true; goes_on;) {
        take_lock(s);
        struct job *j = next_job(w);
        goes_on = !s->stopping;
        give_lock(s);
        if (j)
            work_on(w, j);
        else
            smtp_session_rest(w->session);
    }
    end_thread(s);
    return NULL;
}

/* The threads take no signals. */
static void start_threads(struct smtp *s)
{
    sigset_t all, before;
    (void)sigfillset(&all);
    AM_ASSERT(pthread_sigmask(SIG_SETMASK, &all, &before) == 0);
    for (size_t i = 0; i < SMTP_THREADS; i++) {
        s->running++;
        AM_ASSERT(pthread_create(&s->workers[i].thread, NULL, run, &s->workers[i]) == 0);
    }
    AM_ASSERT(pthread_sigmask(SIG_SETMASK, &before, NULL) == 0);
}

/* -- the loop's side --------------------------------------------------------------------------- */

static void say_ended(struct smtp *s)
{
    void (*ended)(void *ctx) = s->ended;
    s->ended = NULL;
    loop_timer_stop(s->patience);
    if (ended)
        ended(s->ended_ctx);
}

static void on_all_ended(struct loop_job *job)
{
    say_ended(CONTAINER_OF(job, struct smtp, all_ended));
}

/* The threads hang where no socket is: they are left to themselves. */
static void abandon(struct smtp *s)
{
    take_lock(s);
    s->abandoned = s->running > 0;
    const bool gone = s->abandoned;
    give_lock(s);
    if (gone)
        say_ended(s);
}

static void out_of_patience(void *ctx)
{
    struct smtp *s = ctx;
    if (s->cut) {
        abandon(s);
        return;
    }
    s->cut = true;
    for (size_t i = 0; i < SMTP_THREADS; i++)
        smtp_session_cut(s->workers[i].session);
    loop_timer_start(s->patience, CUT_PATIENCE_US);
}

static void set_up_lock(struct smtp *s)
{
    pthread_condattr_t monotonic;
    AM_ASSERT(pthread_mutex_init(&s->lock, NULL) == 0);
    AM_ASSERT(pthread_condattr_init(&monotonic) == 0);
    AM_ASSERT(pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC) == 0);
    AM_ASSERT(pthread_cond_init(&s->wake_connected, &monotonic) == 0);
    AM_ASSERT(pthread_cond_init(&s->wake_other, &monotonic) == 0);
    AM_ASSERT(pthread_condattr_destroy(&monotonic) == 0);
}

struct smtp *smtp_new(struct loop *loop, const struct smtp_settings *settings)
{
    struct smtp *s = calloc(1, sizeof *s);
    AM_ASSERT(s != NULL);
    AM_ASSERT(curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK);
    s->loop = loop;
    s->all_ended.run = on_all_ended;
    s->patience = loop_timer_new(loop, out_of_patience, s);
    list_init(&s->queue);
    set_up_lock(s);
    for (size_t i = 0; i < SMTP_THREADS; i++)
        s->workers[i] = (struct worker){.smtp = s, .session = smtp_session_new(settings)};
    metric_register(&ends);
    metric_register(&durations);
    metric_register(&waiting);
    start_threads(s);
    return s;
}

static struct job *new_job(struct smtp *s, const struct smtp_mail *mail)
{
    const size_t to_bytes = strlen(mail->to) + 1;
    struct job *j = calloc(1, sizeof *j + to_bytes + mail->len);
    AM_ASSERT(j != NULL);
    memcpy(j->text, mail->to, to_bytes);
    memcpy(j->text + to_bytes, mail->message, mail->len);
    j->smtp = s;
    j->told.run = tell;
    j->mail = (struct smtp_mail){.to = j->text, .message = j->text + to_bytes, .len = mail->len};
    return j;
}

/* False when there is no room for it. */
static bool queue_up(struct smtp *s, struct job *j)
{
    take_lock(s);
    const bool room = !s->stopping && s->n_queued < SMTP_QUEUE_MAX;
    if (room) {
        list_push_back(&s->queue, &j->link);
        s->n_queued++;
        const bool kept = s->n_connected >= s->n_queued;
        AM_ASSERT(pthread_cond_signal(kept ? &s->wake_connected : &s->wake_other) == 0);
    }
    give_lock(s);
    return room;
}

int smtp_send(struct smtp *s, const struct smtp_mail *mail,
              void (*done)(void *ctx, const struct smtp_result *result), void *ctx)
{
    struct job *j = new_job(s, mail);
    j->done = done;
    j->ctx = ctx;
    s->held++;
    if (!queue_up(s, j)) {
        s->held--;
        free(j);
        return AM_EAGAIN;
    }
    metric_set(&waiting, 0, (int64_t)s->held);
    return AM_OK;
}

size_t smtp_room(struct smtp *s)
{
    take_lock(s);
    const size_t room = s->stopping ? 0 : SMTP_QUEUE_MAX - s->n_queued;
    give_lock(s);
    return room;
}

bool smtp_quiet(const struct smtp *s)
{
    return s->held == 0;
}

static void cut_queued(struct smtp *s)
{
    for (struct list *first = list_pop_front(&s->queue); first; first = list_pop_front(&s->queue)) {
        struct job *j = CONTAINER_OF(first, struct job, link);
        j->result = (struct smtp_result){.outcome = SMTP_CUT, .text = "this process ends"};
        s->n_queued--;
        hand_back(s, j);
    }
}

void smtp_stop(struct smtp *s, int64_t patience_us, void (*ended)(void *ctx), void *ctx)
{
    AM_ASSERT(!s->ended);
    s->ended = ended;
    s->ended_ctx = ctx;
    take_lock(s);
    s->stopping = true;
    cut_queued(s);
    AM_ASSERT(pthread_cond_broadcast(&s->wake_connected) == 0);
    AM_ASSERT(pthread_cond_broadcast(&s->wake_other) == 0);
    give_lock(s);
    loop_timer_start(s->patience, patience_us);
}

void smtp_free(struct smtp *s)
{
    if (!s)
        return;
    loop_timer_free(s->patience);
    if (s->abandoned)
        return; /* a thread that hangs still looks at it */
    for (size_t i = 0; i < SMTP_THREADS; i++) {
        AM_ASSERT(pthread_join(s->workers[i].thread, NULL) == 0);
        smtp_session_free(s->workers[i].session);
    }
    AM_ASSERT(pthread_cond_destroy(&s->wake_connected) == 0);
    AM_ASSERT(pthread_cond_destroy(&s->wake_other) == 0);
    AM_ASSERT(pthread_mutex_destroy(&s->lock) == 0);
    curl_global_cleanup();
    free(s);
}
