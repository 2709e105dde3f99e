# SPDX-License-Identifier: Apache-2.0
"""The instant by which a share of a target has been used up."""

import bisect
import datetime
import functools
from zoneinfo import ZoneInfo

from .calendars import ENDLESS, SECOND, instant, wall, without


@functools.lru_cache(maxsize=None)
def deadline(start, target, calendar, pauses, percent=100):
    """`target` is ("time", microseconds), ("business_days", n) or ("days", n, zone); `calendar` None
    counts any time; `pauses` is a tuple of stretches. `percent` below zero: as many seconds before the end."""
    unit = target[0]
    if unit == "time":
        return _used_up(start, share(target, percent), calendar, pauses)
    due = calendar.end_of_business_day(start, target[1]) if unit == "business_days" else _days(start, target)
    if percent < 0:
        return _back(start, due, -percent * SECOND, calendar)
    return due if percent == 100 else start + (due - start) * percent // 100


def share(target, percent):
    """How much of a stretch of time is used up then."""
    return target[1] * percent // 100 if percent > 0 else max(target[1] + percent * SECOND, 0)


def _back(start, due, length, calendar):
    """So much of the calendar before the end, but not before the start."""
    for begin, end in reversed(working(start, due, calendar, ())):
        if end - begin >= length:
            return end - length
        length -= end - begin
    return start


def _days(start, target):
    zone = ZoneInfo(target[2])
    return instant(wall(start, zone) + datetime.timedelta(days=target[1]), zone)


def _used_up(start, need, calendar, pauses):
    if need == 0:
        return start
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
