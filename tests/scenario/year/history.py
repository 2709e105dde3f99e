# SPDX-License-Identifier: Apache-2.0
"""The history of a case: what was told, moment after moment. Nothing is ever changed or taken away; how a
case stands follows from it."""

import bisect
import collections
import dataclasses

fact = dataclasses.dataclass(frozen=True)


@fact
class Opened:
    severity: int
    channel: int
    trigger: int
    tier: str
    zone: str


@fact
class Claimed:
    """The customer claims again."""

    severity: int


@fact
class Contact:
    """`at` is when it was, which may be long before it was told."""

    id: str
    at: int
    direction: int
    outcome: int
    channel: int = 0
    addressed: int = 0
    asks: int = 0  # Ask; of the customer's


@fact
class Corrected:
    """What a contact by the customer asks for."""

    id: str
    asks: int


@fact
class Acted:
    """An apology or an explanation."""


@fact
class CauseFound:
    pass


@fact
class RemedyIs:
    id: str
    state: int


@fact
class Denied:
    disclosed_at: int


@fact
class Promised:
    id: str
    kind: int
    due_at: int


@fact
class PromiseKept:
    id: str
    at: int


@fact
class PromiseBroken:
    """Admitted by people; else found by its clock."""

    id: str
    admitted: bool


@fact
class PromiseReplaced:
    id: str


@fact
class Offered:
    id: str
    agent: str
    expires_at: int


@fact
class OfferEnded:
    """Declined or expired. A new owner ends all others."""

    id: str
    state: int


@fact
class OwnerIs:
    kind: int
    id: str
    offer: str = ""  # the accepted one


@fact
class Paused:
    """By hand, until then at the latest."""

    until: int


@fact
class Resumed:
    pass


@fact
class LevelIs:
    number: int


@fact
class Acknowledged:
    pass


@fact
class SeverityRaised:
    pass


@fact
class Resolved:
    pass


@fact
class Closed:
    pass


@fact
class Reopened:
    pass


@fact
class Appealed:
    """The customer came back after a denial."""


@fact
class Returned:
    """A resolved case went back to work in the same round."""


@fact
class Looked:
    """The timer of a clock came."""

    clock: tuple


@fact
class Fired:
    """A threshold of an instance of a clock has been carried out."""

    clock: tuple
    instance: int
    percent: int


@fact
class Restarted:
    """The instance of a clock ended, because it began again."""

    clock: tuple
    instance: int


@dataclasses.dataclass(frozen=True)
class Step:
    """A row of escalation. `clock` is a Clock's key, or None; then the instance is none of the model's."""

    at: int
    due_at: int
    cause: int
    round: int
    clock: tuple
    instance: int
    threshold: int
    from_level: int
    to_level: int


@dataclasses.dataclass(frozen=True)
class Moment:
    """What was told at once. `event` is the kind of the event that shows it; None = no event does."""

    at: int
    event: int
    facts: tuple


@dataclasses.dataclass(frozen=True)
class Told:
    index: int  # of the moment
    at: int
    fact: object


class History:
    def __init__(self, moments=()):
        self.moments = []
        self._of_kind = collections.defaultdict(list)
        for moment in moments:
            self.add(moment)

    def add(self, moment):
        for one in moment.facts:
            self._of_kind[type(one)].append(Told(len(self.moments), moment.at, one))
        self.moments.append(moment)

    def told(self, kind, index):
        """All of a kind up to and with a moment, in the order told."""
        every = self._of_kind.get(kind, ())
        return every[:bisect.bisect_right(every, index, key=lambda one: one.index)]
