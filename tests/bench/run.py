# SPDX-License-Identifier: Apache-2.0
"""`./dev bench`: runs the rows, prints the table, and when these are all, writes build/bench.json.

    ./dev bench                     all rows
    ./dev bench open fairness       rows whose name has one of the words
    ./dev bench --seconds 2         shorter runs
    ./dev bench timer --share 0.1   a tenth of the clocks
"""

import argparse
import json
import shutil
import sys
import time

from harness import paths
from harness.process import Failed

from calibrate import calibrate
import read_rows  # noqa: F401
import auth_rows  # noqa: F401
import sealing_rows  # noqa: F401
import webhook_rows  # noqa: F401
from rows import ROUNDS, ROWS, SECONDS, Measured
# These move the world to another database, so their rows come last.
import timer_rows  # noqa: F401
import policy_rows  # noqa: F401
import work_rows  # noqa: F401
import feed_rows  # noqa: F401
from world import Others, World

JSON = paths.ROOT / "build" / "bench.json"


def parse():
    parser = argparse.ArgumentParser(prog="dev bench")
    parser.add_argument("words", nargs="*", help="rows whose name has one of these; none = all")
    parser.add_argument("--seconds", type=int, default=SECONDS, help="length of one run")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="runs of each kind")
    parser.add_argument("--share", type=float, default=1,
                        help="rows about clocks: this part of their clocks")
    parser.add_argument("--keep", action="store_true", help="keep the folder with logs and scripts")
    return parser.parse_args()


def chosen(words):
    return [one for one in ROWS if not words or any(word in one["name"] for word in words)]


def verdict(one, value):
    if one["goal"] is None:
        return ""
    met = value >= one["goal"] if one["direction"] == "higher" else value <= one["goal"]
    return "pass" if met else "MISS"


def measure(one, measured):
    """The row with its value; None when the run was invalid."""
    begin, others = time.monotonic(), Others()
    try:
        value = one["measure"](measured)
        text = f"{value:10.{3 if value < 10_000 else 0}f} {one['unit']:<3}"
    except (Failed, AssertionError, ArithmeticError) as failure:
        value, text = None, "   invalid    "
        measured.note(one["name"], str(failure))
    goal = "" if one["goal"] is None else f"{'>=' if one['direction'] == 'higher' else '<='} {one['goal']:g}"
    state = "FAIL" if value is None else verdict(one, value)
    print(f"{one['name']:<38} {text} {goal:<8} {state:<5} {time.monotonic() - begin:5.0f} s",
          flush=True)
    if time.monotonic() - begin > 1 and others.share() > 0.03:
        measured.note(one["name"], f"other programs used {others.share():.0%} of the machine")
    for note in measured.notes.get(one["name"], []):
        print(f"    {note}", flush=True)
    return value


def settings(world):
    names = ("fsync", "synchronous_commit", "full_page_writes", "shared_buffers",
             "checkpoint_timeout", "checkpoint_completion_target", "max_wal_size", "min_wal_size",
             "server_version")
    return {name: world.sql(f"show {name}")[0][0] for name in names}


def write(values):
    result = [{"name": one["name"], "value": None if value is None else round(value, 4),
               "unit": one["unit"], "goal": one["goal"], "direction": one["direction"]}
              for one, value in values]
    JSON.parent.mkdir(exist_ok=True)
    JSON.write_text(json.dumps(result, indent=2) + "\n")


def main():
    options = parse()
    folder = paths.state_folder() / f"bench-{time.time_ns()}"
    try:
        with World(folder) as world:
            print("machine  ", calibrate(folder))
            print("database ", settings(world), flush=True)
            measured = Measured(world, options.seconds, options.rounds, options.share)
            values = [(one, measure(one, measured)) for one in chosen(options.words)]
    finally:
        if options.keep:
            print(f"files: {folder}")
        else:
            shutil.rmtree(folder, ignore_errors=True)
    if not options.words and options.share == 1:
        write(values)
        print(f"written to {JSON.relative_to(paths.ROOT)}")
    return 1 if any(value is None for _, value in values) else 0


if __name__ == "__main__":
    sys.exit(main())
