# SPDX-License-Identifier: Apache-2.0
"""All clocks of a case, worked out afresh from its views: a function of what was told and of when."""

import dataclasses
import itertools

from . import pauses, retargets, subjects
from .clocks import Clock, called_off, running, stopped
from .history import Fired, Looked
from .rules import DUE, OF_A_SUBJECT
from .runs import CALLED_OFF, RESTARTED, Lane


def every(views):
    """The instances that matter: by round, by definition in the policy's order, by number; then those of
    offers, promises and remedies."""
    marks = Marks(views[-1])
    rounds = [list(group) for _, group in itertools.groupby(views, key=lambda view: view.round)]
    out = []
    for here, later in itertools.zip_longest(rounds, rounds[1:]):
        for definition in views[-1].policy.clocks:
            if definition.kind not in OF_A_SUBJECT:
                out += _lane(Lane(definition, here, later and later[0]), marks, views)
    return out + subjects.every(views, marks)


def shown(instances):
    """The latest instance of each."""
    return list({one.key: one for one in instances}.values())


class Marks:
    """What was noted of each instance: what has fired, and when its timer came."""

    def __init__(self, view):
        self._fired, self._looked = {}, {}
        for row in view.told(Fired):
            self._fired.setdefault((row.fact.clock, row.fact.instance), []).append(row)
        for row in view.told(Looked):
            self._looked.setdefault(row.fact.clock, []).append(row)

    def fired(self, key, number):
        return next((row.fact.percent for row in reversed(self._fired.get((key, number), ()))), 0)

    def late_from(self, key, number):
        """The moment that told it was late; None = none has."""
        return next((row.index for row in self._fired.get((key, number), ()) if row.fact.percent >= DUE), None)

    def looked_at(self, key, since):
        """After the moment of its begin."""
        return [row.at for row in self._looked.get(key, ()) if row.index > since]


def _lane(lane, marks, views):
    """The last instance, and those that ended at the instant of the last view: what has come of them is to be
    carried out yet. Of all others the rows are gone."""
    runs = lane.runs()
    now = views[-1].at
    recent = [(run, end) for run, end in runs[:-1] if views[end.seen].at == now]
    out = [_instance(lane, marks, views, run, end) for run, end in recent]
    return out + [_instance(lane, marks, views, *runs[-1], is_last=True)] if runs else out


def _instance(lane, marks, views, run, end, is_last=False):
    definition, born = lane.definition, views[run.born]
    goal, calendar = born.target(definition)
    clock = Clock(definition.name, definition.kind, born.round, "", run.number, definition, calendar, goal,
                  run.started_at, marks.fired(lane.key, run.number),
                  rests=frozenset((one.since, one.until) for one in lane.rests(run)))
    stretches = _stretches(lane, run, end)
    late = marks.late_from(lane.key, run.number)
    clock = retargets.follow(
        clock, [view for view in lane.views(run.born + 1, end and end.seen) if not _rests(lane, run, view)],
        lambda so_far, view: _stood(so_far, _up_to(stretches, view.index), late)[0])
    stood, too_late = _stood(clock, stretches, late)
    if end is None:
        # What came before a pause comes before it, even if that leaves nothing to pause.
        looked_at = [*marks.looked_at(lane.key, run.born), 0 if clock.closes() else too_late]
        return running(clock, stood, views[-1].at, looked_at)
    return _ended(clock, stood, end, lane.told_late(run, end, views[-1].index) if is_last else [])


def _rests(lane, run, view):
    """The case is resolved then: the clock has ended so far and goes on later."""
    return any(rest.began <= view.index < rest.went_on for rest in lane.rests(run))


def _stretches(lane, run, end):
    """[(looks, the rest after them or None)]: while the case is resolved it is not looked at."""
    begun, out = run.may_pause, []
    for rest in lane.rests(run):
        out.append((lane.views(begun, rest.began), rest))
        begun = rest.went_on
    return [*out, (lane.views(begun, end and end.seen), None)]


def _up_to(stretches, index):
    """What was known of them at that view."""
    return [([one for one in looks if one.index <= index], rest if rest and rest.went_on <= index else None)
            for looks, rest in stretches]


def _stood(clock, stretches, late_from):
    """See within_caps()."""
    definition, asked = clock.definition, []
    for looks, rest in stretches:
        if pauses.may_pause(definition, clock.target):
            asks = [pauses.ask(view, definition) for view in looks
                    if late_from is None or view.index < late_from]
            asked += pauses.spans(asks, rest and rest.since)
        asked += [pauses.rest(rest.since, rest.until)] if rest else []
    return pauses.within_caps(asked, definition, clock.started_at,
                              lambda so_far: dataclasses.replace(clock, pauses=so_far).due_at)


def _ended(clock, stood, end, told_late):
    if end.how == CALLED_OFF:
        return called_off(clock, stood, end.at, told_late)
    out = stopped(clock, stood, min([end.at, *told_late]))
    return dataclasses.replace(out, come_by=0) if end.how == RESTARTED else out
