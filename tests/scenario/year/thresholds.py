# SPDX-License-Identifier: Apache-2.0
"""Thresholds that have come: found at once, recorded one by one after the event."""

import dataclasses

DUE = 100


@dataclasses.dataclass
class Found:
    """One of them, with its clock as it was then: it may have begun again since."""

    due: int
    clock: object
    instance: int
    started_at: int
    rule: object


def note(case, clock, rule, due):
    clock.fired = rule.percent
    if rule.percent >= DUE and clock.state == "RUNNING":
        clock.state, clock.breached_at = "BREACHED", clock.due_at
    case.found.append(Found(due, clock, clock.instance, clock.started_at, rule))


def find(case, clock, until):
    """Takes note of every one that has come by then."""
    rule = clock.next_threshold()
    while rule and clock.at(rule.percent) <= until:
        note(case, clock, rule, clock.at(rule.percent))
        rule = clock.next_threshold()
