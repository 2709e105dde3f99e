# SPDX-License-Identifier: Apache-2.0
"""What the tests of SMTP share: the program that sends mails and says what became of them."""

import json
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

PROGRAM = sys.argv.pop(1)
DELIVERED, LATER, REFUSED, CUT = range(4)
CONNECT, HELLO, STARTTLS, LOGIN, SENDER, RECIPIENT, CONTENT = range(7)
SENDER_ADDRESS = "amends@company.example"
TO = "ann@company.example"


class Case(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def password(self, text="secret"):
        path = self.folder / "password"
        path.write_text(text + "\n")
        return path

    def start(self, url, *to, user="", password="", ca="", insecure=False, timeout_ms=20000, stop_ms=-1,
              patience_ms=20000):
        return subprocess.Popen(
            [PROGRAM, url, SENDER_ADDRESS, user, password, ca, "1" if insecure else "0", str(timeout_ms), str(stop_ms),
             str(patience_ms), *(to or (TO,))], stdout=subprocess.PIPE, text=True)

    def answers(self, process):
        """What became of each mail, and last how the end was."""
        out, _ = process.communicate(timeout=120)
        self.assertIn(process.returncode, (0, 1), out)
        return [json.loads(line) for line in out.splitlines()]

    def send(self, url, *to, **options):
        return self.answers(self.start(url, *to, **options))
