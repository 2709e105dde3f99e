/* SPDX-License-Identifier: Apache-2.0 */

/* A benchmark, run by hand, that prints the commands a second of the toy business with 128 and with
 * 1 in flight. */

#include <stdio.h>
#include <stdlib.h>

#include "base/metrics.h"
#include "pg/metrics.h"
#include "toy.h"

struct load {
    struct toy *toy;
    int64_t next, done, until_us;
};

static struct load load;

static void answered(struct pg_seg_cmd *cmd, const struct fault *fault)
{
    struct toy_cmd *c = CONTAINER_OF(cmd, struct toy_cmd, cmd);
    if (fault)
        fail_msg("%s", fault->message);
    load.toy->world->waiting--;
    load.done++;
    if (time_mono_us() >= load.until_us)
        return;
    c->request = ++load.next;
    c->account = load.next;
    toy_submit(c);
}

static void run(struct toy *t, int in_flight, unsigned seconds)
{
    struct world *w = t->world;
    int64_t members = metric_get(&pg_metric_members, 0);
    int64_t segments = (int64_t)t->segments, start = time_mono_us();
    load.toy = t;
    load.done = 0;
    load.until_us = start + seconds * US_PER_S;
    for (int i = 0; i < in_flight; i++) {
        load.next++;
        struct toy_cmd *c = toy_cmd(t, load.next, load.next, 1);
        c->cmd.done = answered;
        toy_submit(c);
    }
    world_settle(w, (int)seconds * 1000 + 5000);
    double took = (double)(time_mono_us() - start) / US_PER_S;
    printf("%3d in flight: %.0f commands/s, %.1f a segment, %.0f us each segment\n", in_flight,
           (double)load.done / took,
           (double)(metric_get(&pg_metric_members, 0) - members) /
               (double)((int64_t)t->segments - segments),
           took * 1e6 / (double)((int64_t)t->segments - segments));
}

int main(int argc, char **argv)
{
    struct world *w = world_new("bench");
    unsigned segments = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : 2;
    struct toy *t = toy_new(w, segments, 1, NULL);
    run(t, 1, 3);
    run(t, 128, 5);
    run(t, 1, 3);
    run(t, 128, 5);
    world_check(w);
    toy_free(t);
    world_free(w);
    return 0;
}
