/* SPDX-License-Identifier: Apache-2.0 */

/* Prints OpenCase a second through the store, without gRPC, with 1 and with 128 in flight; not a
 * test, run by hand. */

#include <stdio.h>
#include <stdlib.h>

#include "base/metrics.h"
#include "calls.h"
#include "pg/metrics.h"

#define IN_FLIGHT 128

struct lane {
    struct call call;
    struct rig *rig;
};

static struct lane lanes[IN_FLIGHT];
static int64_t next, done, until_us;
static int in_flight;
static bool quiet;

static void submit(struct lane *lane);

static void finished(struct submission *sub)
{
    struct lane *lane = CONTAINER_OF(CONTAINER_OF(sub, struct call, sub), struct lane, call);
    if (fault_is_set(&sub->cmd.fault))
        fail_msg("%s", sub->cmd.fault.message);
    done++;
    call_free(&lane->call);
    if (time_mono_us() < until_us)
        submit(lane);
    else
        quiet = --in_flight == 0;
}

static void submit(struct lane *lane)
{
    char who[32];
    (void)snprintf(who, sizeof(who), "c%lld", (long long)next++);
    call_open(lane->rig, &lane->call, (struct opening){NULL, who, "delivery.late", "1"});
    lane->call.sub.finished = finished;
    store_submit(lane->rig->store, &lane->call.sub);
}

static void run(struct rig *r, int n, int seconds)
{
    int64_t members = metric_get(&pg_metric_members, 0);
    int64_t segments = metric_get(&pg_metric_segments, PG_SEGMENT_COMMITTED);
    int64_t start = time_mono_us();
    done = 0;
    in_flight = n;
    quiet = false;
    until_us = start + seconds * US_PER_S;
    for (int i = 0; i < n; i++) {
        lanes[i].rig = r;
        submit(&lanes[i]);
    }
    while (!quiet)
        rig_wait(r);
    double took = (double)(time_mono_us() - start) / US_PER_S;
    segments = metric_get(&pg_metric_segments, PG_SEGMENT_COMMITTED) - segments;
    printf("%3d in flight: %.0f cases/s, %.1f a segment, %.0f us each segment\n", n,
           (double)done / took,
           (double)(metric_get(&pg_metric_members, 0) - members) / (double)segments,
           took * 1e6 / (double)segments);
}

/* Arguments: numbers in flight, one run each; 1 128 1 128 when there are none. */
int main(int argc, char **argv)
{
    static const int usual[] = {1, IN_FLIGHT, 1, IN_FLIGHT};
    struct rig *r = rig_new("bench", NULL, 0);
    rig_connect(r, NULL);
    for (int i = 1; i < argc; i++) {
        int n = (int)strtol(argv[i], NULL, 10);
        run(r, n > 0 && n <= IN_FLIGHT ? n : 1, 5);
    }
    for (int i = 0; argc == 1 && i < 4; i++)
        run(r, usual[i], 5);
    assert_sound(r);
    rig_free(r);
    return 0;
}
