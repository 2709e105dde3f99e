# SPDX-License-Identifier: Apache-2.0
"""ExplainDeadline of every clock: its parts join, add up to the share of the target, end where the model
says, and those that count are the model's."""

import itertools

from harness.api import v1

from . import compare
from .deadlines import share, working
from .records import stamp

MILLISECOND = 1000


def explain_all(world, lives):
    """How many were explained."""
    explained, others = 0, itertools.cycle((1, 50, -900, 170, -5400, 310, -7200))
    for life in lives:
        ours = {one.key: one for one in life.case.clocks}
        for shown in world.crm.GetCase(case_id=life.case_id).case.clocks:
            clock = ours[compare.shown_key(shown)]
            for percent in (100, next(others)):
                which = {"percent": percent} if percent > 0 else {"before": {"seconds": -percent}}
                answer = world.crm.ExplainDeadline(case_id=life.case_id, clock_id=shown.clock_id, **which)
                _check(life, clock, percent, answer)
                explained += 1
    return explained


def _check(life, clock, percent, answer):
    due = clock.by_target(percent)
    if stamp(answer.due_time) != due:
        compare.differ(life, f"{percent} % of {clock.key}", compare.clock_time(stamp(answer.due_time)),
                       compare.clock_time(due))
    parts = [(one.kind, stamp(one.start_time), stamp(one.end_time), one.counted_ms) for one in answer.parts]
    joints = [clock.started_at, *(end for _, _, end, _ in parts)]
    if [begin for _, begin, _, _ in parts] != joints[:-1] or (joints[-1] != due and not answer.truncated):
        compare.differ(life, f"the parts of {clock.key}", parts, "parts that join")
    counted = [(begin, end) for kind, begin, end, _ in parts if kind == v1.DEADLINE_PART_KIND_WORKING]
    if clock.target[0] == "time":
        _same_work(life, clock, counted, working(clock.started_at, joints[-1], clock.calendar, clock.stood))
        used = share(clock.target, percent)
        if due == clock.not_before:
            used = sum(end - begin for begin, end in working(clock.started_at, due, clock.calendar, clock.stood))
        if abs(answer.counted_ms * MILLISECOND - used) >= MILLISECOND:
            compare.differ(life, f"the work in {percent} % of {clock.key}", answer.counted_ms, used)


def _same_work(life, clock, theirs, ours):
    """As sets of instants: both may cut a stretch in two."""
    if _merged(theirs) != _merged(ours):
        compare.differ(life, f"the working parts of {clock.key}", theirs, ours)


def _merged(stretches):
    out = []
    for begin, end in stretches:
        if out and out[-1][1] == begin:
            out[-1] = (out[-1][0], end)
        elif end > begin:
            out.append((begin, end))
    return out
