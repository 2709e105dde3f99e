# SPDX-License-Identifier: Apache-2.0
"""Servers that hang, end the connection, refuse or are slow at each step. The loop never waits for them."""

import time
import unittest

from smtp_rig import CONNECT, CONTENT, CUT, DELIVERED, HELLO, LATER, RECIPIENT, REFUSED, SENDER, TO, Case
from harness.mail import BrokenServer, STEPS

PHASES = {"greeting": CONNECT, "EHLO": HELLO, "MAIL": SENDER, "RCPT": RECIPIENT, "DATA": CONTENT, "content": CONTENT}
SHORT_MS = 400
# A turn of the loop that waits for a server takes as long as the time-out; one that does not may still be late on a
# machine that is busy.
LONG_MS = 5000


class AtEachStep(Case):
    def test_it_hangs(self):
        for step, phase in PHASES.items():
            with self.subTest(step), BrokenServer(step, "hang") as server:
                first, end = self.send(server.url, timeout_ms=SHORT_MS)
                self.assertEqual((first["outcome"], first["phase"], first["code"]), (LATER, phase, 0), first)
                self.assertIn("time", first["text"].lower())
                self.assertEqual(len(server.contents), step == "content")

    def test_it_ends_the_connection(self):
        for step, phase in PHASES.items():
            with self.subTest(step), BrokenServer(step, "close") as server:
                first, _ = self.send(server.url)
                self.assertEqual((first["outcome"], first["phase"], first["code"]), (LATER, phase, 0), first)

    def test_it_refuses_for_now(self):
        for step, phase in PHASES.items():
            with self.subTest(step), BrokenServer(step, "421 4.3.2 going down") as server:
                first, _ = self.send(server.url)
                self.assertEqual((first["outcome"], first["phase"]), (LATER, phase), first)
                self.assertEqual(first["code"], 421)

    def test_it_refuses_for_good(self):
        for step, phase in PHASES.items():
            with self.subTest(step), BrokenServer(step, "554 5.0.0 never") as server:
                first, _ = self.send(server.url)
                good = phase in (RECIPIENT, CONTENT)
                self.assertEqual((first["outcome"], first["phase"]), (REFUSED if good else LATER, phase), first)

    def test_it_is_slow(self):
        for step in PHASES:
            with self.subTest(step), BrokenServer(step, "slow") as server:
                first, _ = self.send(server.url)
                self.assertEqual(first["outcome"], DELIVERED, first)

    def test_what_it_says_at_quit_changes_nothing(self):
        for how in ("hang", "close", "554 never", "slow"):
            with self.subTest(how), BrokenServer("QUIT", how) as server:
                first, end = self.send(server.url, timeout_ms=1000)
                self.assertEqual(first["outcome"], DELIVERED, first)
                self.assertEqual(len(server.contents), 1)

    def test_answers_without_end_are_bounded(self):
        for step in STEPS[:-1]:
            with self.subTest(step), BrokenServer(step, "550-" + "x" * 5000) as server:
                first, _ = self.send(server.url, timeout_ms=SHORT_MS)
                self.assertIn(first["outcome"], (LATER, REFUSED))
                self.assertLess(len(first["text"]), 500)


class Alone(Case):
    def test_nobody_listens(self):
        with BrokenServer() as server:
            url = server.url
        first, _ = self.send(url)
        self.assertEqual((first["outcome"], first["phase"]), (LATER, CONNECT))

    def test_the_loop_turns_while_every_thread_hangs(self):
        for step in ("greeting", "content"):
            with self.subTest(step), BrokenServer(step, "hang") as server:
                *answers, end = self.send(server.url, *[TO] * 8, timeout_ms=LONG_MS, stop_ms=1000, patience_ms=0)
                self.assertEqual([a["outcome"] for a in answers], [CUT] * 8)
                self.assertLess(end["worst_turn_ms"], LONG_MS)
                self.assertEqual(server.connections, 4)

    def test_the_end_does_not_wait_for_a_server_that_hangs(self):
        for step in STEPS[:-1]:
            with self.subTest(step), BrokenServer(step, "hang") as server:
                begin = time.monotonic()
                first, end = self.send(server.url, timeout_ms=100000, stop_ms=300, patience_ms=200)
                self.assertEqual(first["outcome"], CUT)
                self.assertLess(time.monotonic() - begin, 60)

    def test_the_end_waits_for_a_mail_that_is_under_way(self):
        with BrokenServer("content", "slow", pause_s=0.1) as server:
            first, _ = self.send(server.url, stop_ms=200)
            self.assertEqual(first["outcome"], DELIVERED)

    def test_a_kept_connection_that_ended_is_replaced(self):
        with BrokenServer("MAIL", "close", at=(2,)) as server:
            first, second, _ = self.send(server.url, TO, "-", TO)
            self.assertEqual((first["outcome"], second["outcome"]), (DELIVERED, DELIVERED), second)
            self.assertEqual((server.connections, len(server.contents)), (2, 2))

    def test_but_only_once(self):
        with BrokenServer("MAIL", "close", at=(2, 3)) as server:
            first, second, _ = self.send(server.url, TO, "-", TO)
            self.assertEqual((first["outcome"], second["outcome"]), (DELIVERED, LATER), second)


if __name__ == "__main__":
    unittest.main()
