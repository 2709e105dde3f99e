/* SPDX-License-Identifier: Apache-2.0 */
#include "io/tls_files.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/assert.h"
#include "base/log.h"
#include "base/metrics.h"

#define LOOK_US US_PER_S
#define TRIES 2 /* files that are replaced one after the other fit together at the second */
#define FILES 3

/* What tells that a file is another one. */
struct stamp {
    dev_t device;
    ino_t inode;
    off_t size;
    struct timespec changed;
};

/* A file in memory under a name that stays. */
struct published {
    int fd; /* -1 = none */
    char name[32];
};

struct tls_files {
    struct loop *loop;
    enum tls_use use;
    struct tls_paths paths;
    struct stamp stamps[FILES];
    struct published identity, ca;
    int64_t not_after_s;
    bool expired_told;
    unsigned generation;
    unsigned tries; /* left for files that have changed */
    struct loop_timer *look;
};

static const char *const uses[] = {
    [TLS_USE_SERVER] = "server", [TLS_USE_CLIENT] = "client", [TLS_USE_REDIS] = "redis", NULL};

static struct metric expires = {
    .name = "amends_tls_certificate_expires_seconds",
    .help = "UNIX time at which the certificate in use expires; 0 = there is none.",
    .kind = METRIC_GAUGE,
    .label = "use",
    .label_values = uses};
static struct metric reloads = {.name = "amends_tls_reloads_total",
                                .help = "How often changed TLS files were taken over.",
                                .kind = METRIC_COUNTER,
                                .label = "use",
                                .label_values = uses};
static struct metric refused = {
    .name = "amends_tls_reloads_refused_total",
    .help = "How often changed TLS files could not be used; the old ones stay in use.",
    .kind = METRIC_COUNTER,
    .label = "use",
    .label_values = uses};

/* -- publishing -------------------------------------------------------------------------------- */

static int memory_file(void)
{
#ifdef MFD_NOEXEC_SEAL
    int fd = memfd_create("amends-tls", MFD_CLOEXEC | MFD_NOEXEC_SEAL);
    if (fd >= 0)
        return fd;
#endif
    return memfd_create("amends-tls", MFD_CLOEXEC);
}

static void write_all(int fd, const char *text)
{
    size_t left = text ? strlen(text) : 0;
    while (left > 0) {
        const ssize_t n = write(fd, text, left);
        AM_ASSERT(n > 0); /* into memory */
        text += n;
        left -= (size_t)n;
    }
}

/* Two texts become the file's content. A reader has either the old file or the new one: the name
 * leads to a descriptor, which dup3() moves at once. */
static void publish(struct published *p, const char *first, const char *second)
{
    if (!first)
        return;
    int fd = memory_file();
    AM_ASSERT(fd >= 0);
    write_all(fd, first);
    write_all(fd, second ? "\n" : NULL);
    write_all(fd, second);
    if (p->fd < 0) {
        p->fd = fd;
        (void)snprintf(p->name, sizeof(p->name), "/proc/self/fd/%d", fd);
        return;
    }
    AM_ASSERT(dup3(fd, p->fd, O_CLOEXEC) == p->fd);
    (void)close(fd);
}

/* -- looking ----------------------------------------------------------------------------------- */

/* A file that is not there has a stamp of zeros. */
static struct stamp stamp_of(const char *path)
{
    struct stat info;
    if (!path || !*path || stat(path, &info) != 0)
        return (struct stamp){0};
    return (struct stamp){info.st_dev, info.st_ino, info.st_size, info.st_mtim};
}

static bool same_stamp(const struct stamp *a, const struct stamp *b)
{
    return a->device == b->device && a->inode == b->inode && a->size == b->size &&
           a->changed.tv_sec == b->changed.tv_sec && a->changed.tv_nsec == b->changed.tv_nsec;
}

/* True when a file is another one than at the last look. */
static bool take_stamps(struct tls_files *f)
{
    const char *const paths[FILES] = {f->paths.cert, f->paths.key, f->paths.ca};
    bool changed = false;
    for (size_t i = 0; i < FILES; i++) {
        const struct stamp now = stamp_of(paths[i]);
        changed |= !same_stamp(&now, &f->stamps[i]);
        f->stamps[i] = now;
    }
    return changed;
}

/* Reads what the stamps were taken of. AM_EINVAL when it cannot be used; nothing has changed. */
static int load(struct tls_files *f, char *why)
{
    struct tls_text text;
    int err = tls_text_read(&f->paths, &text, why);
    if (err)
        return err;
    publish(&f->identity, text.key, text.cert);
    publish(&f->ca, text.ca, NULL);
    f->not_after_s = text.not_after_s;
    f->expired_told = false;
    f->generation++;
    metric_set(&expires, f->use, text.not_after_s);
    tls_text_free(&text);
    return AM_OK;
}

static void tell_refusal(const struct tls_files *f, const char *why)
{
    metric_add(&refused, f->use, 1);
    log_error("tls", "reload_refused", LOG_STR("use", uses[f->use]), LOG_STR("why", why),
              LOG_STR("so", "what was read before stays in use"));
}

static void reload(struct tls_files *f)
{
    char why[TLS_WHY_BYTES];
    if (load(f, why) == AM_OK) {
        f->tries = 0;
        metric_add(&reloads, f->use, 1);
        log_info("tls", "reloaded", LOG_STR("use", uses[f->use]),
                 LOG_INT("expires_s", f->not_after_s));
    } else if (--f->tries == 0) {
        tell_refusal(f, why);
    }
}

/* Certificates expire by the world's clock, whatever the time of cases is. */
static void tell_expired(struct tls_files *f)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_REALTIME, &now);
    if (f->expired_told || f->not_after_s == 0 || now.tv_sec < f->not_after_s)
        return;
    f->expired_told = true;
    log_error("tls", "certificate_expired", LOG_STR("use", uses[f->use]),
              LOG_STR("file", f->paths.cert), LOG_INT("expired_s", f->not_after_s),
              LOG_STR("so", "who checks it makes no new connections"));
}

static void look(void *ctx)
{
    struct tls_files *f = ctx;
    if (take_stamps(f))
        f->tries = TRIES;
    if (f->tries > 0)
        reload(f);
    tell_expired(f);
    loop_timer_start(f->look, LOOK_US);
}

/* -- life -------------------------------------------------------------------------------------- */

int tls_files_new(struct loop *loop, enum tls_use use, const struct tls_paths *paths,
                  struct tls_files **out)
{
    char why[TLS_WHY_BYTES];
    struct tls_files *f = calloc(1, sizeof(*f));
    AM_ASSERT(f != NULL);
    metric_register(&expires);
    metric_register(&reloads);
    metric_register(&refused);
    *f = (struct tls_files){
        .loop = loop, .use = use, .paths = *paths, .identity.fd = -1, .ca.fd = -1};
    (void)take_stamps(f);
    if (load(f, why) != AM_OK) {
        log_error("tls", "cannot_be_used", LOG_STR("use", uses[use]), LOG_STR("why", why));
        tls_files_free(f);
        return AM_EINVAL;
    }
    f->look = loop_timer_new(loop, look, f);
    loop_timer_start(f->look, 0);
    *out = f;
    return AM_OK;
}

void tls_files_free(struct tls_files *f)
{
    if (!f)
        return;
    loop_timer_free(f->look);
    if (f->identity.fd >= 0)
        (void)close(f->identity.fd);
    if (f->ca.fd >= 0)
        (void)close(f->ca.fd);
    free(f);
}

const char *tls_files_identity(const struct tls_files *f)
{
    return f->identity.fd < 0 ? NULL : f->identity.name;
}

const char *tls_files_ca(const struct tls_files *f)
{
    return f->ca.fd < 0 ? NULL : f->ca.name;
}

unsigned tls_files_generation(const struct tls_files *f)
{
    return f->generation;
}
