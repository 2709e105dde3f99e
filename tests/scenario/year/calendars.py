# SPDX-License-Identifier: Apache-2.0
"""Working time, worked out the slow and obvious way: every window of every day, one after the other."""

import datetime
from zoneinfo import ZoneInfo

SECOND = 1_000_000
MINUTE, HOUR, DAY = 60 * SECOND, 3600 * SECOND, 86400 * SECOND
EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)
ENDLESS = 1 << 62


def micros(moment):
    """An aware datetime as microseconds since 1970."""
    return (moment - EPOCH) // datetime.timedelta(microseconds=1)


def wall(at, zone):
    """What a clock on the wall shows: a naive datetime."""
    moment = EPOCH + datetime.timedelta(microseconds=at)
    return moment.astimezone(zone).replace(tzinfo=None)


def instant(shown, zone, second=False):
    """When a clock on the wall shows that. In a gap: as far behind it as it lies within it. Shown twice:
    the first time, or the second."""
    first = micros(shown.replace(tzinfo=zone, fold=0))
    if not second:
        return first
    again = micros(shown.replace(tzinfo=zone, fold=1))
    return again if wall(again, zone) == shown else first


def seconds_of(clock_text):
    """'17:30' as seconds after midnight."""
    hours, minutes = clock_text.split(":")
    return int(hours) * 3600 + int(minutes) * 60


def joined(stretches):
    """In order, those that touch as one."""
    out = []
    for begin, end in sorted(stretches):
        if out and begin <= out[-1][1]:
            out[-1] = (out[-1][0], max(end, out[-1][1]))
        elif begin < end:
            out.append((begin, end))
    return out


def without(stretches, away):
    """What of the stretches no stretch of `away` covers; both joined."""
    out = []
    for begin, end in stretches:
        for gone, back in away:
            if back <= begin or gone >= end:
                continue
            if gone > begin:
                out.append((begin, gone))
            begin = max(begin, back)
        if begin < end:
            out.append((begin, end))
    return out


class Calendar:
    """`weekly` {0: [("09:00", "17:30")], ...} with 0 = Monday, an end before its begin lies on the next
    day; `dates` {date: [...]} with hours of their own ([] = closed); `holidays` [(date, begin, end,
    yearly)], begin and end None for the whole day."""

    def __init__(self, weekly, dates=None, holidays=(), zone="UTC", first=None, last=None):
        self.zone = ZoneInfo(zone)
        self._weekly, self._dates, self._holidays = weekly, dates or {}, holidays
        self._days = [first + datetime.timedelta(days=n) for n in range((last - first).days + 1)]
        away = joined([one for day in self._days for one in self._holidays_of(day)])
        everything = joined([one for day in self._days for one in self._windows_of(day)])
        self.open = _without_in_order(everything, away)

    def _stretch(self, day, begin_s, end_s):
        midnight = datetime.datetime.combine(day, datetime.time())
        ends = (midnight + datetime.timedelta(seconds=begin_s), midnight + datetime.timedelta(seconds=end_s))
        return instant(ends[0], self.zone), instant(ends[1], self.zone, second=True)

    def _windows_of(self, day):
        for begin, end in self._dates.get(day, self._weekly.get(day.weekday(), ())):
            begin_s, end_s = seconds_of(begin), seconds_of(end)
            yield self._stretch(day, begin_s, end_s if end_s > begin_s else end_s + 86400)

    def _holidays_of(self, day):
        for date, begin, end, yearly in self._holidays:
            comes = (date.month, date.day) == (day.month, day.day) and date <= day if yearly else date == day
            if comes:
                yield self._stretch(day, seconds_of(begin or "00:00"), seconds_of(end or "24:00"))

    def counted(self, since, until):
        """The working time between two instants, as stretches."""
        return [(max(begin, since), min(end, until)) for begin, end in self.open
                if end > since and begin < until]

    def last_open(self, at):
        """The latest instant at or before `at` in working time or at the end of it."""
        begins = [(begin, end) for begin, end in self.open if begin <= at]
        return min(at, begins[-1][1]) if begins else None

    def end_of_business_day(self, start, count):
        """The end of the working hours of the count-th date with any after the date of the start; hours
        over midnight end with the date."""
        for day in self._days[self._days.index(wall(start, self.zone).date()) + 1:]:
            over = instant(datetime.datetime.combine(day, datetime.time()) + datetime.timedelta(days=1), self.zone,
                           second=True)
            begun = instant(datetime.datetime.combine(day, datetime.time()), self.zone, second=True)
            worked = self.counted(begun, over)
            count -= 1 if worked else 0
            if count == 0:
                return worked[-1][1]
        raise ValueError("the calendar ends before that day")


def _without_in_order(stretches, away):
    """`without`, for long lists."""
    out, place = [], 0
    for one in stretches:
        while place < len(away) and away[place][1] <= one[0]:
            place += 1
        near = []
        for gone in away[place:]:
            if gone[0] >= one[1]:
                break
            near.append(gone)
        out += without([one], near)
    return out
