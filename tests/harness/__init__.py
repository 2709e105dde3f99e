# SPDX-License-Identifier: Apache-2.0
"""Runs Amends against a real PostgreSQL and Redis, for tests and for `./dev run`.

`cluster.Cluster` is the front door: replicas of the three services on private ports, a database made
from a migrated template, a Redis of their own, and a clock that tests move by hand.
"""
