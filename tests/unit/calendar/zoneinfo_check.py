# SPDX-License-Identifier: Apache-2.0
"""Compares calendars with a second implementation, on Python's zoneinfo.

    zoneinfo_check.py PROGRAM calendars [SEED]    random calendars in some zones
    zoneinfo_check.py PROGRAM zones               the offsets of every zone that there is

Which zones there are, and what they say, is up to TZDIR and PYTHONTZPATH, which name the same folder, or
without them to the system.

Written from the comments of common/calendar/calendar.h alone, day by day, without a table: it shares
neither code nor library with what it checks. PROGRAM is calendar-vectors.
"""

import datetime
import random
import subprocess
import sys
import zoneinfo

ZONES = ["Europe/London", "America/New_York", "Australia/Lord_Howe", "Africa/Casablanca", "Asia/Kolkata",
         "Pacific/Apia", "America/Havana", "Asia/Beirut", "America/Sao_Paulo", "Pacific/Chatham",
         "America/Nuuk", "Africa/Cairo", "Antarctica/Troll", "Europe/Dublin", "UTC"]
CALENDARS, QUESTIONS = 400, 12
EPOCH = datetime.date(1970, 1, 1)
DAY, US = 86400, 1_000_000
YEARS = (946684800, 4102444800)


# --- the second implementation ---


class Wall:
    """A zone's wall, in seconds, by zoneinfo."""

    def __init__(self, name):
        self.zone = zoneinfo.ZoneInfo(name)
        self.known = {}

    def offset(self, instant):
        at = datetime.datetime.fromtimestamp(instant, self.zone)
        return round(at.utcoffset().total_seconds())

    def _instant(self, wall, fold):
        at = datetime.datetime(1970, 1, 1) + datetime.timedelta(seconds=wall)
        return wall - round(at.replace(tzinfo=self.zone, fold=fold).utcoffset().total_seconds())

    def exists(self, wall):
        instant = self._instant(wall, 0)
        return instant + self.offset(instant) == wall

    def instant(self, wall, second):
        """Of a wall time: moved forward in a gap, or one of the two occurrences."""
        key = wall, second
        if key not in self.known:
            # PEP 495: in a gap fold 0 means the offset before it.
            self.known[key] = self._instant(wall, 1 if second and self.exists(wall) else 0)
        return self.known[key]

    def has_date(self, date):
        return any(self.exists(date * DAY + quarter * 900) for quarter in range(96))


class Calendar:
    def __init__(self, spec):
        self.spec = spec
        self.wall = Wall(spec["zone"])
        self.by_date = {}
        self.away_by_date = {}

    def windows(self, date):
        """Those that begin on a date, as instants, before holidays."""
        if date not in self.by_date:
            hours = [hours for day, *hours in self.spec["days"] if day == date]
            if not hours:
                weekday = (EPOCH + datetime.timedelta(days=date)).weekday()
                hours = [hours for day, *hours in self.spec["windows"] if day == weekday]
            found = []
            if self.wall.has_date(date):
                found = [(self.wall.instant(date * DAY + begin, False), self.wall.instant(date * DAY + end, True))
                         for begin, end in hours if begin < end]
            self.by_date[date] = [(max(a, YEARS[0]), min(b, YEARS[1])) for a, b in found]
        return self.by_date[date]

    def holidays(self, date):
        """(from, until, place in the spec, name) on a date."""
        if date not in self.away_by_date:
            found = []
            today = EPOCH + datetime.timedelta(days=date)
            for place, (day, begin, end, yearly, name) in enumerate(self.spec["holidays"]):
                first = EPOCH + datetime.timedelta(days=day)
                same = yearly and first <= today and (first.month, first.day) == (today.month, today.day)
                if (day == date or same) and self.wall.has_date(date):
                    found.append((self.wall.instant(date * DAY + begin, False),
                                  self.wall.instant(date * DAY + end, end < DAY), place, name))
            self.away_by_date[date] = found
        return self.away_by_date[date]

    def state(self, instant):
        """"working", "closed", or the name of the holiday at an instant in seconds."""
        date = (instant + self.wall.offset(instant)) // DAY
        if not any(a <= instant < b for day in range(date - 3, date + 2) for a, b in self.windows(day)):
            return "closed"
        away = [(place, name) for day in range(date - 2, date + 3)
                for a, b, place, name in self.holidays(day) if a <= instant < b]
        return min(away)[1] if away else "working"

    def stretches(self, first, last):
        """(from, until) of the working time of these days of UTC, in order."""
        begin, end = first * DAY, (last + 1) * DAY
        edges = {begin, end}
        for date in range(first - 4, last + 3):
            for a, b, *_ in self.windows(date) + self.holidays(date):
                edges |= {edge for edge in (a, b) if begin < edge < end}
        edges = sorted(edges)
        return [(a, b) for a, b in zip(edges, edges[1:]) if self.state(a) == "working"]

    def weeks(self, date, step):
        """The working time in order, from a date on or (step -1) back, a week at a time."""
        while YEARS[0] - 9 * DAY <= date * DAY <= YEARS[1] + 9 * DAY:
            yield self.stretches(date, date + 6)
            date += 7 * step

    def add(self, start, work):
        if work == 0:
            return start
        for week in self.weeks(start // US // DAY, 1):
            for a, b in week:
                begin, end = max(a * US, start), b * US
                if end - begin >= work > 0:
                    return begin + work
                work -= max(end - begin, 0)
        return max(start, YEARS[1] * US)

    def subtract(self, until, work):
        if work == 0:
            return until
        for week in self.weeks(until // US // DAY - 6, -1):
            for a, b in reversed(week):
                begin, end = a * US, min(b * US, until)
                # The latest such instant: with nothing left to take, the end of an earlier window is not it.
                if end - begin >= work > 0:
                    return end - work
                work -= max(end - begin, 0)
        return min(until, YEARS[0] * US)

    def between(self, start, until):
        spans = self.stretches(start // US // DAY, until // US // DAY + 1) if until > start else []
        return sum(max(0, min(b * US, until) - max(a * US, start)) for a, b in spans)

    def last_open(self, at):
        for week in self.weeks(at // US // DAY - 6, -1):
            for a, b in reversed(week):
                if a * US <= at:
                    return min(at, b * US)
        return None


# --- random calendars ---


def hours(chance):
    begin = chance.choice([0, chance.randrange(DAY), chance.randrange(0, DAY, 900)])
    end = chance.choice([begin + chance.randrange(1, 10 * 3600), chance.randrange(begin + 1, 2 * DAY + 1), DAY])
    return begin, min(end, 2 * DAY)


def turns(name):
    """The instants, by the day, after which a zone's clocks have moved."""
    wall = Wall(name)
    found, last = [], None
    for instant in range(YEARS[0], YEARS[1], 2 * DAY):
        offset = wall.offset(instant)
        if last is not None and offset != last:
            found.append(instant)
        last = offset
    return found


def make_spec(chance, zone, around):
    date = around // DAY
    holidays = []
    for _ in range(chance.randrange(8)):
        yearly = chance.random() < 0.4
        begin, end = (0, DAY) if chance.random() < 0.6 else sorted(chance.sample(range(DAY + 1), 2))
        day = date + chance.randrange(-7, 8) - 365 * chance.randrange(3) * yearly
        holidays.append((day, begin, end, yearly, chance.choice("ABC")))
    return {"zone": zone,
            "windows": [(chance.randrange(7), *hours(chance)) for _ in range(chance.randrange(1, 12))],
            "days": [(date + chance.randrange(-5, 6), *(hours(chance) if chance.random() < 0.7 else (0, 0)))
                     for _ in range(chance.randrange(5))],
            "holidays": holidays}


def questions(chance, around):
    near = lambda: around * US + chance.randrange(-12 * DAY * US, 12 * DAY * US)  # noqa: E731
    for _ in range(QUESTIONS):
        work = chance.choice([0, 1, chance.randrange(3600 * US), chance.randrange(100 * 3600 * US)])
        yield "add", near(), work
        yield "subtract", near(), work
        yield "between", *sorted((near(), near()))
        yield "open", near()
    yield "add", near(), chance.randrange(1500 * 3600 * US)
    begin = near()
    yield "parts", begin, begin + chance.randrange(1, 20 * DAY * US)


# --- comparing ---


def lines_of(spec):
    yield f"zone {spec['zone']}"
    for word in ("windows", "days", "holidays"):
        for values in spec[word]:
            yield " ".join([word[:-1], *(str(int(v) if isinstance(v, bool) else v) for v in values)])
    yield "build"


def expected(calendar, question):
    word, *values = question
    if word == "parts":
        return None
    return {"add": calendar.add, "subtract": calendar.subtract, "between": calendar.between,
            "open": calendar.last_open}[word](*values)


def wrong_parts(calendar, begin, until, parts):
    """What is wrong with an explanation; parts are lines."""
    at, last = begin, None
    for line in parts:
        kind, start, end, offset_from, offset_until, *name = line.split()
        start, end = int(start), int(end)
        state = name[0] if kind == "holiday" else kind
        if start != at or end <= start:
            return f"does not join: {line}"
        for instant in (start // US, (start + end) // 2 // US, -(-end // US) - 1):
            if calendar.state(instant) != state:
                return f"is {calendar.state(instant)} at {instant}: {line}"
        if (int(offset_from), int(offset_until)) != tuple(calendar.wall.offset(i // US) for i in (start, end)):
            return f"offsets: {line}"
        if state == last == "closed" or state == last == "working":
            return f"is not the longest: {line}"
        at, last = end, state
    return None if at == until else "ends too early"


def check(program, seed):
    chance = random.Random(seed)
    turns_of = {zone: turns(zone) or [YEARS[0] + 9000 * DAY] for zone in ZONES}
    asked, text = [], []
    for number in range(CALENDARS):
        zone = ZONES[number % len(ZONES)]
        around = chance.choice(turns_of[zone])
        if zone == "Pacific/Apia" and chance.random() < 0.5:
            around = 1325239200
        spec = make_spec(chance, zone, around)
        text += lines_of(spec)
        asked.append((spec, list(questions(chance, around))))
        text += [" ".join(map(str, question)) for question in asked[-1][1]]
    answers = iter(run(program, text))
    return sum(compare(spec, ask, answers) for spec, ask in asked)


def run(program, lines):
    done = subprocess.run([program], input="\n".join(lines) + "\n", stdout=subprocess.PIPE, text=True, check=True)
    return done.stdout.splitlines()


def compare(spec, asked, answers):
    if (built := next(answers)) != "ok":
        sys.exit(f"{spec}\n was refused: {built}")
    calendar = Calendar(spec)
    for question in asked:
        if question[0] == "parts":
            parts = []
            while (line := next(answers)) != "end":
                parts.append(line)
            if wrong := wrong_parts(calendar, *question[1:], parts):
                sys.exit(f"{spec}\n{question}: {wrong}")
        elif (got := int(next(answers))) != (want := expected(calendar, question)):
            sys.exit(f"{spec}\n{question}: {got}, by zoneinfo {want}")
    return len(asked)


def check_zones(program):
    """The offset of every zone that there is, at random instants and around its transitions."""
    names = sorted(name for name in zoneinfo.available_timezones()
                   if name[0].isupper() and not name.startswith("SystemV/"))
    if "Europe/London" not in names:
        sys.exit(f"no tz database in {zoneinfo.TZPATH}")
    chance = random.Random(1)
    text, asked = [], []
    for name in names:
        zone = zoneinfo.ZoneInfo(name)
        instants = [chance.randrange(*YEARS) for _ in range(100)]
        offsets = [datetime.datetime.fromtimestamp(i, zone).utcoffset() for i in instants]
        for i in range(10):  # from two instants that differ to the second between them
            low, high = sorted(chance.sample(instants, 2))
            before = datetime.datetime.fromtimestamp(low, zone).utcoffset()
            while high - low > 1:
                middle = (low + high) // 2
                if datetime.datetime.fromtimestamp(middle, zone).utcoffset() == before:
                    low = middle
                else:
                    high = middle
            instants += [low, high]
            offsets += [datetime.datetime.fromtimestamp(k, zone).utcoffset() for k in (low, high)]
        text += [f"zone {name}", *(f"offset {i}" for i in instants)]
        asked += [(name, i, round(offset.total_seconds())) for i, offset in zip(instants, offsets)]
    for (name, instant, offset), got in zip(asked, run(program, text), strict=True):
        if int(got) != offset:
            sys.exit(f"{name} at {instant}: {got}, by zoneinfo {offset}")
    return len(names), len(asked)


def main(program, part, seed="20260101"):
    if part == "zones":
        print("{} zones at {} instants: the same offsets".format(*check_zones(program)))
    else:
        print(f"{CALENDARS} calendars (seed {seed}), {check(program, int(seed))} questions: the same answers")


if __name__ == "__main__":
    main(*sys.argv[1:])
