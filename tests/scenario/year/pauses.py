# SPDX-License-Identifier: Apache-2.0
"""The stretches for which an instance of a clock stands still: first what was asked for, then how much of it
the caps allow.

A clock is asked to stand by its definition (`pause` holds and `resume` does not) or by hand. What was asked
is known from the looks at the case, one after every change of it and one by every timer."""

import dataclasses

from .calendars import ENDLESS
from .rules import NEVER_PAUSE


@dataclasses.dataclass(frozen=True)
class Ask:
    """What a look found."""

    at: int
    own: int  # since when the definition asks; None = it does not
    over: int  # if it does not: since when
    hand: tuple  # (since, until) by hand; None = no such pause

    @property
    def since(self):
        return min((one for one in (self.own, self.hand and self.hand[0]) if one is not None), default=None)


@dataclasses.dataclass(frozen=True)
class Span:
    """One pause as it was asked for."""

    since: int
    until: int
    seen: int  # the last look that found it asked for
    hands: tuple  # the pauses by hand in it, (since, until)
    follows: bool  # it was asked for without a break since the span before
    rests: bool = False  # nobody asked: the case was resolved, which counts against no cap


def may_pause(definition, target):
    return (definition is not None and definition.kind not in NEVER_PAUSE and target[0] == "time"
            and definition.pause_single > 0)


def ask(view, definition):
    resumed, paused = view.since(definition, "resume"), view.since(definition, "pause")
    own = paused if resumed is None else None
    return Ask(view.at, own, view.at if resumed is None else resumed, view.stands(view.at))


def rest(since, until):
    """The case was resolved for so long."""
    return Span(since, until, until, (), False, True)


def spans(asks, over_at=None):
    """A span ends when nothing asks for it any more, at the set end of a pause by hand, and when the clock
    ends."""
    out, current, follows = [], None, False
    for one in asks:
        if current and current.until <= one.at:
            out.append(current)
            current, follows = None, True
        if one.since is None:
            out += [_ended(current, one)] if current else []
            current, follows = None, False
        else:
            current = _asked(current or Span(one.since, ENDLESS, one.at, (), follows), one)
    if current and over_at is not None:
        current = dataclasses.replace(current, until=min(current.until, over_at), seen=over_at)
    return [*out, current] if current else out


def _asked(span, one):
    hands = _let_go(span.hands, one.at)
    if one.hand:
        hands = (*(hand for hand in hands if hand[0] != one.hand[0]), one.hand)
    return dataclasses.replace(span, hands=hands, seen=one.at, until=one.hand[1] if one.hand else ENDLESS)


def _let_go(hands, at):
    """No pause by hand goes on, unless the look says so: somebody ended it."""
    return tuple((since, min(until, at)) for since, until in hands)


def _ended(span, one):
    """When the last of what asked for it ended."""
    by_hand = [until for _, until in _let_go(span.hands, one.at)]
    only_by_hand = by_hand and by_hand[-1] == one.at
    return dataclasses.replace(span, until=max(span.since, one.at if only_by_hand else one.over, *by_hand))


def within_caps(asked, definition, started_at, due):
    """(the pauses ((since, until), ...) of an instance, when it would have begun one more if it had not been late
    by then). `due` gives its deadline with the pauses so far: what is late does not pause, but it rests."""
    out, capped, rests, late, too_late = (), False, set(), False, 0
    for span in asked:
        if span.rests:
            out = (*out, (span.since, span.until))
            rests.add(out[-1])
            continue
        for since, anew in () if late else _begins(span, capped):
            last = out[-1][1] if out else started_at
            if anew and not (capped and since > last):
                continue
            since = max(since, last)
            most = since + _left([one for one in out if one not in rests], definition)
            if due(out) <= since:
                late, too_late = True, since if min(span.until, most) > since else 0
                break
            until = most if most <= span.seen else min(span.until, most)
            capped = until == most
            out = (*out, (since, until)) if until > since else out
    return out, too_late


def _begins(span, capped):
    """[(since, whether it is a pause anew)]. A cap ends the pause that reached it, not one by hand that
    began since."""
    by_hand = [(since, True) for since, _ in span.hands]
    return by_hand if capped and span.follows else [(span.since, False), *by_hand]


def _left(pauses, definition):
    used = sum(until - since for since, until in pauses)
    return max(min(definition.pause_single, definition.pause_total - used), 0)


def cut(pauses, at):
    """What came after an end that is told late was no pause of the clock."""
    return tuple((since, min(until, at)) for since, until in pauses if since < at)
