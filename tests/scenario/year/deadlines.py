# SPDX-License-Identifier: Apache-2.0
"""The instant by which a share of a target has been used up."""

import bisect
import datetime
import functools
from zoneinfo import ZoneInfo

from .calendars import ENDLESS, instant, wall, without


@functools.lru_cache(maxsize=None)
def deadline(start, target, calendar, pauses, percent=100):
    """`target` is ("time", microseconds), ("business_days", n) or ("days", n, zone); `calendar` None
    counts any time; `pauses` is a tuple of stretches."""
    unit = target[0]
    if unit == "time":
        return _used_up(start, target[1] * percent // 100, calendar, pauses)
    due = calendar.end_of_business_day(start, target[1]) if unit == "business_days" else _days(start, target)
    return due if percent == 100 else start + (due - start) * percent // 100


def _days(start, target):
    zone = ZoneInfo(target[2])
    return instant(wall(start, zone) + datetime.timedelta(days=target[1]), zone)


def _used_up(start, need, calendar, pauses):
    for begin, end in _stretches(start, calendar, pauses):
        if end - begin >= need:
            return begin + need
        need -= end - begin
    raise ValueError("the calendar ends before the deadline")


def _stretches(start, calendar, pauses):
    """What counts from the start on."""
    if calendar is None:
        yield from without([(start, ENDLESS)], pauses)
        return
    first = max(bisect.bisect_right(calendar.open, (start, ENDLESS)) - 1, 0)
    for begin, end in calendar.open[first:]:
        if end > start:
            yield from without([(max(begin, start), end)], pauses)


def working(start, until, calendar, pauses):
    """The stretches that count between two instants, joined."""
    out = []
    for begin, end in _stretches(start, calendar, pauses):
        if begin >= until:
            break
        out.append((begin, min(end, until)))
    return out
