# SPDX-License-Identifier: Apache-2.0
"""From where to where the clocks of a definition ran in a round, told from the views of the case."""

import dataclasses

from .history import Resolved, Restarted, Returned
from .names import ClockKind, Status
from .rules import FINAL

MET, CALLED_OFF, BEGUN_AGAIN, RESTARTED = "met", "called off", "begun again", "restarted"


@dataclasses.dataclass(frozen=True)
class Run:
    """An instance: the index of the view that shows it first, and from which views on it may end and be
    asked to pause."""

    number: int
    started_at: int
    born: int
    may_end: int
    may_pause: int


@dataclasses.dataclass(frozen=True)
class End:
    seen: int  # index of the view
    at: int
    how: str


@dataclasses.dataclass(frozen=True)
class Rest:
    """The case was resolved, and went back to work: indices of the moments, and when."""

    began: int
    since: int
    went_on: int
    until: int


class Lane:
    """The runs of one definition in one round. `views` are those of the round; `over` is the first view
    after it, None = the round goes on."""

    def __init__(self, definition, views, over):
        self.definition, self._over = definition, over
        self._first, self._views = views[0].index, views
        self.key = definition.name, definition.kind, views[0].round, ""
        self._rests = {}
        self._restarts = {row.fact.instance: row.index for row in views[-1].told(Restarted)
                          if row.fact.clock == self.key}

    def views(self, since, until=None):
        """By their indices."""
        return self._views[max(since - self._first, 0):until and until - self._first]

    def runs(self):
        """[(run, its end or None)]"""
        out, run = [], self._first_run()
        while run:
            end = self._end(run)
            out.append((run, end))
            run = self._next_run(run, end) if end else None
        return out

    # --- begins ---

    def _start(self, view):
        """Since when it may start; None = it may not."""
        keeps_out = (view.since(self.definition, what) is not None for what in ("cancel", "stop"))
        if view.status in FINAL or any(keeps_out):
            return None
        return view.since(self.definition, "start")

    def _first_run(self):
        found = next((view for view in self._views if self._start(view) is not None), None)
        return found and self._started(1, self._start(found), found)

    def _started(self, number, at, view):
        return Run(number, at, view.index, view.index + 1, view.index)

    def _next_run(self, run, end):
        number = run.number + 1
        if end.how == RESTARTED:
            return Run(number, end.at, end.seen, end.seen, end.seen)
        if end.how == BEGUN_AGAIN:
            return Run(number, end.at, end.seen, end.seen + 1, end.seen + 1)
        found = next((view for view in self.views(end.seen)
                      if self._start(view) is not None and self._may_start_again(run, view)), None)
        if found is None:
            return None
        stops = [end.at, *self.told_late(run, end, found.index)]
        return self._started(number, max(self._start(found), min(stops)), found)

    def _may_start_again(self, run, view):
        """A follow-up does each time the case is resolved."""
        anew = self.definition.kind == ClockKind.FOLLOW_UP and view.status == Status.RESOLVED
        return self.definition.again or (anew and run.started_at < view.resolved_at)

    # --- ends ---

    def _end(self, run):
        since = run.may_end
        while since is not None:
            ends = (self._ended(run, view) for view in self.views(since))
            end = next((one for one in ends if one), None)
            if end is None:
                return End(self._over.index, self._over.at, CALLED_OFF) if self._over else None
            rest = self._rest_at(end)
            if rest is None:
                return end
            self._rests.setdefault(run.number, []).append(rest)
            since = rest.went_on
        return None

    def rests(self, run):
        """The stretches in which the instance rested, because it had ended with a resolution; see _end."""
        return self._rests.get(run.number, [])

    def _rest_at(self, end):
        """What ended with the resolution goes on when the case goes back to work. The law does not wait for
        that, and a follow-up begins with each resolution."""
        if self.definition.kind in (ClockKind.FOLLOW_UP, ClockKind.STATUTORY):
            return None
        return next((one for one in self._all_rests() if one.began == end.seen), None)

    def _all_rests(self):
        last = self._views[-1]
        back = [row for row in last.told(Returned) if row.index >= self._first]
        for row in last.told(Resolved):
            later = next((one for one in back if one.index > row.index), None)
            if row.index >= self._first and later:
                yield Rest(row.index, row.at, later.index, later.at)

    def _ended(self, run, view):
        """What comes first ends it. Of a case that has ended, what stopped the clock counts first."""
        if self._restarted(run, view):
            return End(view.index, view.at, RESTARTED)
        stop = self._stop(run, view)
        met = None if stop is None else End(view.index, self._at_least(run, stop), MET)
        if view.status in FINAL:
            return met or End(view.index, view.at, CALLED_OFF)
        if view.since(self.definition, "cancel") is not None:
            return End(view.index, view.at, CALLED_OFF)
        return met or self._begun_again(run, view)

    def _restarted(self, run, view):
        return self._restarts.get(run.number) == view.index

    def _stop(self, run, view):
        return view.since(self.definition, "stop", run.started_at)

    def _at_least(self, run, at):
        return max(at, run.started_at)

    def _begun_again(self, run, view):
        since = view.since(self.definition, "reset", run.started_at)
        if since is None or since <= run.started_at or view.since(self.definition, "start") is None:
            return None
        return End(view.index, since, BEGUN_AGAIN)

    def told_late(self, run, end, index):
        """Stops that views after the end, up to one of them, know of."""
        stops = [self._stop(run, view) for view in self.views(end.seen + 1, index + 1)
                 if view.status not in FINAL]
        return [self._at_least(run, one) for one in stops if one is not None]
