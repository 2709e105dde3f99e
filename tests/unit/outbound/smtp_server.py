# SPDX-License-Identifier: Apache-2.0
"""Mail to a real server: plain, with STARTTLS, with TLS, with a login, and when it refuses."""

import unittest

from smtp_rig import (CONNECT, CONTENT, DELIVERED, HELLO, LATER, LOGIN, RECIPIENT, REFUSED, SENDER_ADDRESS, STARTTLS, TO,
                      Case)
from harness.certificates import Authority, LOCAL
from harness.mail import MailServer


class Taken(Case):
    def test_the_server_gets_what_was_sent(self):
        with MailServer() as server:
            first, _ = self.send(server.url)
            self.assertEqual((first["outcome"], first["code"]), (DELIVERED, 250))
            self.assertEqual(first["text"], "content: 250 taken")
            mail, = server.mails
            self.assertEqual((mail.sender, mail.recipients), (SENDER_ADDRESS, [TO]))
            self.assertEqual(mail.content, b"Subject: hello\r\n\r\nThe text.\r\n.\r\n..two dots\r\n")
            self.assertEqual(server.hello, "company.example")

    def test_a_connection_is_kept_for_the_next_mail(self):
        with MailServer() as server:
            answers = self.send(server.url, TO, "-", TO, "-", TO)
            self.assertEqual([a["outcome"] for a in answers[:-1]], [DELIVERED] * 3)
            self.assertLess(server.hellos, 3)

    def test_many_at_once(self):
        with MailServer() as server:
            answers = self.send(server.url, *[f"p{n}@company.example" for n in range(60)])
            self.assertEqual(sum(a.get("outcome") == DELIVERED for a in answers), 60)
            self.assertEqual(len({mail.recipients[0] for mail in server.mails}), 60)

    def test_no_more_than_fits_is_taken_over(self):
        with MailServer() as server:
            answers = self.send(server.url, *[f"p{n}@company.example" for n in range(200)])
            full = sum("full" in a for a in answers)
            self.assertGreater(full, 100)
            self.assertEqual(len(server.mails), 200 - full)


class Refused(Case):
    def test_a_recipient(self):
        with MailServer() as server:
            for line, outcome, code in (("550 5.1.1 no such user", REFUSED, 550), ("450 4.2.1 busy", LATER, 450),
                                        ("530 5.7.0 log in first", LATER, 530)):
                server.refuse_recipient = line
                first, _ = self.send(server.url)
                self.assertEqual((first["outcome"], first["phase"], first["code"]), (outcome, RECIPIENT, code))
                self.assertEqual(first["text"], f"recipient: {line}")

    def test_the_content(self):
        with MailServer() as server:
            for line, outcome in (("554 5.7.1 looks like spam", REFUSED), ("452 4.3.1 disk full", LATER)):
                server.refuse_content = line
                first, _ = self.send(server.url)
                self.assertEqual((first["outcome"], first["phase"]), (outcome, CONTENT))
                self.assertEqual(first["text"], f"content: {line}")

    def test_one_refusal_says_nothing_of_the_next_mail(self):
        with MailServer() as server:
            server.refuse_recipient = lambda to: "550 no" if to.startswith("bob") else None
            answers = self.send(server.url, "bob@company.example", "-", TO, "-", "bob@company.example", "-", TO)
            self.assertEqual([a["outcome"] for a in answers[:-1]], [REFUSED, DELIVERED, REFUSED, DELIVERED])


class Login(Case):
    def test_the_right_password(self):
        with MailServer(login=("amends", "secret")) as server:
            first, _ = self.send(server.url, user="amends", password=self.password())
            self.assertEqual(first["outcome"], DELIVERED, first)

    def test_a_wrong_password_is_tried_again_later(self):
        with MailServer(login=("amends", "secret")) as server:
            first, _ = self.send(server.url, user="amends", password=self.password("another"))
            self.assertEqual((first["outcome"], first["phase"], first["code"]), (LATER, LOGIN, 535))
            self.assertEqual(server.mails, [])

    def test_no_login_where_one_is_asked_for(self):
        with MailServer(login=("amends", "secret")) as server:
            first, _ = self.send(server.url)
            self.assertEqual((first["outcome"], first["code"]), (LATER, 530))

    def test_the_password_shows_nowhere(self):
        with MailServer(login=("amends", "Xq7secret")) as server:
            server.refuse_recipient = "550 no"
            shown = str(self.send(server.url, user="amends", password=self.password("Xq7secret")))
            self.assertNotIn("Xq7secret", shown)


class Tls(Case):
    def setUp(self):
        super().setUp()
        self.authority = Authority(self.folder / "ours")
        self.pair = self.authority.issue("mail", *LOCAL)

    def test_starttls_and_tls(self):
        with MailServer(starttls=self.pair) as server, MailServer(tls=self.pair) as at_once:
            for one in (server, at_once):
                first, _ = self.send(one.url, ca=self.authority.cert)
                self.assertEqual(first["outcome"], DELIVERED, first)
                self.assertEqual(len(one.mails), 1)

    def test_a_server_that_nobody_vouches_for_gets_nothing(self):
        other = Authority(self.folder / "other")
        with MailServer(starttls=self.pair) as server, MailServer(tls=self.pair) as at_once:
            for one in (server, at_once):
                first, _ = self.send(one.url, ca=other.cert)
                self.assertEqual((first["outcome"], first["code"]), (LATER, 0))
                self.assertIn("certificate", first["text"])
                self.assertIn(first["phase"], (CONNECT, STARTTLS, HELLO))
                self.assertEqual(one.mails, [])

    def test_another_host_s_certificate(self):
        pair = self.authority.issue("elsewhere", "DNS:mail.elsewhere.example")
        with MailServer(tls=pair) as server:
            first, _ = self.send(server.url, ca=self.authority.cert)
            self.assertEqual(first["outcome"], LATER)
            self.assertEqual(server.mails, [])

    def test_a_server_that_offers_no_tls_gets_nothing(self):
        with MailServer() as server:
            first, _ = self.send(server.url, ca=self.authority.cert)
            self.assertEqual(first["outcome"], LATER)
            self.assertIn("STARTTLS", first["text"])
            self.assertEqual(server.mails, [])


if __name__ == "__main__":
    unittest.main()
