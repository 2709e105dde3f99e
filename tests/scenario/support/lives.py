# SPDX-License-Identifier: Apache-2.0
"""A few cases, each at another point of its life."""

from harness.api import v1

from . import sample, steps

LIVES = 6


def live(world):
    """A few cases at as many points of their lives; calls go to all replicas in turn."""
    ann = world.principal("ann")
    cases = [world.crm.OpenCase(**sample.claim()).case for _ in range(LIVES)]
    world.settle()
    for number, case in enumerate(cases):
        if number == 0 or world.pending(case) is None:
            continue  # nobody takes it up
        ann.accept(case)
        for step in (reached, promised, caused, remedied, resolved)[:number]:
            step(world, ann, case)
    return cases


def reached(world, ann, case):
    steps.reach(ann, case)
    steps.say(ann, case)


def promised(world, ann, case):
    when = sample.seconds(world.get(case).update_time) + 2 * sample.DAY_S
    ann.MakePromise(case_id=case.case_id, kind=v1.PROMISE_KIND_CALL_BACK, description="We call again.",
                    promise_time=sample.timestamp(when))


def caused(world, ann, case):
    steps.find_cause(ann, case)


def remedied(world, ann, case):
    steps.give(ann, case)


def resolved(world, ann, case):
    for promise in world.get(case).promises:
        ann.SettlePromise(case_id=case.case_id, promise_id=promise.promise_id,
                          outcome=v1.PROMISE_OUTCOME_KEPT)
    ann.ResolveCase(case_id=case.case_id, expected_version=world.get(case).version)
