# SPDX-License-Identifier: Apache-2.0
"""What a policy is to the model. A condition is a list of boxes; a box names the values that facts may
have, as sets; [] never holds, [{}] always."""

import dataclasses
from zoneinfo import ZoneInfo

from .calendars import DAY, Calendar


@dataclasses.dataclass(frozen=True)
class Unreachable:
    """When a customer who could not be reached was tried often enough."""

    attempts: int = 3
    channels: int = 2
    span: int = 5 * DAY  # from the first to the last

    def met_by(self, tries):
        times = [one.at for one in tries]
        return (len(tries) >= self.attempts and len({one.channel for one in tries}) >= self.channels
                and max(times) - min(times) >= self.span)


@dataclasses.dataclass(frozen=True)
class Threshold:
    percent: int  # of the target, or below zero as many seconds before its end
    actions: frozenset = frozenset()  # of Do


@dataclasses.dataclass
class Definition:
    """Of clocks. `kind` is a ClockKind. Caps in microseconds; `targets` are (condition, target), the first
    that holds counts; a target is ("time", microseconds), ("business_days", n) or ("days", n)."""

    name: str
    kind: int
    start: list = dataclasses.field(default_factory=list)
    stop: list = dataclasses.field(default_factory=list)
    cancel: list = dataclasses.field(default_factory=list)
    reset: list = dataclasses.field(default_factory=list)
    pause: list = dataclasses.field(default_factory=list)
    resume: list = dataclasses.field(default_factory=list)
    pause_single: int = 0
    pause_total: int = 0
    calendar: str = ""
    customer_zone: bool = False
    again: bool = False
    targets: list = dataclasses.field(default_factory=list)
    thresholds: list = dataclasses.field(default_factory=list)


@dataclasses.dataclass(frozen=True)
class Level:
    name: str
    steward: str
    action: int  # LevelAction


@dataclasses.dataclass
class Policy:
    """`calendars` are the arguments of Calendar by name, without zone and days; `zones` the zone of each
    calendar that has one of its own."""

    zone: str
    tiers: list
    levels: list
    clocks: list
    calendars: dict
    days: tuple  # first and last day that calendars are worked out for
    zones: dict = dataclasses.field(default_factory=dict)
    contact_calendar: str = ""
    contact_customer_zone: bool = False
    unreachable: Unreachable = Unreachable()
    reopen_within: int = 30 * DAY

    def __post_init__(self):
        self.laid_out = {}

    def level(self, number):
        return self.levels[number - 1]

    def of_kind(self, kind):
        return next((one for one in self.clocks if one.kind == kind), None)

    def zone_of(self, calendar, customer_zone, customers):
        """The name of the zone that a calendar is laid out in, or that days are counted in."""
        if customer_zone and customers:
            return customers
        return self.zones.get(calendar) or self.zone

    def calendar(self, name, zone):
        """None always works."""
        if not name:
            return None
        if (name, zone) not in self.laid_out:
            ZoneInfo(zone)
            self.laid_out[name, zone] = Calendar(**self.calendars[name], zone=zone, first=self.days[0],
                                                  last=self.days[1])
        return self.laid_out[name, zone]
