# SPDX-License-Identifier: Apache-2.0
"""What PostgreSQL does alone for a firing: the rows that a firing writes, by set statements, so many
cases a transaction, nothing read before and nothing decided."""

import os
import subprocess

from harness import paths
from harness.process import Failed

from armed import AHEAD_MS
from baseline import SESSION, number_in

CONNECTIONS = 2
A_STATEMENT = 256


class Raw:
    """Fires copies of the shape by pgbench."""

    def __init__(self, world, armed):
        self._world, self._armed = world, armed
        self._file = world.folder / "fire.pgbench"

    def run(self, batches):
        """Fires the next `batches` batches a connection; cases a second, and the CPU time that PostgreSQL
        takes for one in microseconds."""
        first, end = self._armed.take(batches * CONNECTIONS * A_STATEMENT)
        numbers = f"generate_series(:n, :n + {A_STATEMENT - 1})"
        statements = ["begin", *self._armed.shape.difference(numbers, AHEAD_MS), "commit"]
        # A colon before a word would be a variable; `::uuid` is none.
        self._file.write_text("\n".join([
            rf"\set n {first} + (:client_id * {batches} + :i) * {A_STATEMENT}", r"\set i :i + 1",
            r"\startpipeline", *(f"{one};" for one in statements), r"\endpipeline"]) + "\n")
        cpu = self._world.cpu_seconds()["postgres"]
        rate = self._pgbench(batches) * A_STATEMENT
        cpu = self._world.cpu_seconds()["postgres"] - cpu
        self._armed.require_fired(first, end)
        return rate, cpu / (end - first) * 1e6

    def _pgbench(self, batches):
        argv = [paths.postgres_program("pgbench"), "-n", "-M", "prepared", "-c", str(CONNECTIONS),
                "-j", str(CONNECTIONS), "-t", str(batches), "-f", str(self._file), "-D", "i=0",
                "-h", str(self._world.postgres.folder), "-p", str(self._world.postgres.port),
                "-U", "postgres", self._world.database]
        done = subprocess.run(argv, capture_output=True, text=True, timeout=300, check=False,
                              env={**os.environ, "PGOPTIONS": SESSION, "LC_ALL": "C"})
        if done.returncode or "ERROR" in done.stderr:
            raise Failed(f"pgbench: {done.stderr[-1500:]}")
        return number_in(r"tps = ([0-9.]+)", done.stdout)
