# SPDX-License-Identifier: Apache-2.0
"""Key sets: which keys count, a set that changes, and one that lies at an address."""

import datetime
import http.server
import json
import os
import ssl
import tempfile
import threading
import time
import unittest

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from jwcrypto import jwk as jose_jwk
from jwt_rig import ES, NOW, PS, RS, Case, Key, Say, b64, ec_key, rsa_key, usual_claims

PATIENCE_S = 30
OFF_CURVE = {"x": b64(b"\x01" * 32), "y": b64(b"\x02" * 32)}


def wait_until(what):
    end = time.monotonic() + PATIENCE_S
    while not what():
        assert time.monotonic() < end, "did not happen"
        time.sleep(0.02)


class Counted(Case):
    def left_out(self, key, why):
        with Say([RS.public(), key]) as say:
            self.assert_ok(say, RS.token())
            self.assertIn(why, say.logged())
        self.assertIn(why, Say([key]).refuses_to_start())

    def test_keys_for_something_else(self):
        self.left_out(RS.public(kid="e", use="enc"), "does not check signatures")
        self.left_out(RS.public(kid="e", use=None, key_ops=["encrypt", "wrapKey"]), "does not check signatures")
        self.left_out(RS.public(kid="e", alg="RSA-OAEP"), "`alg` is not")
        self.left_out(RS.public(kid="e", alg="RS512"), "`alg` is not")
        self.left_out(RS.public(kid="e", alg="ES256"), "`alg` is not")
        self.left_out(ES.public(alg="RS256"), "`alg` is not")
        self.left_out(RS.public(kid=7), "`kid` is no text")

    def test_secrets_do_not_belong_there(self):
        secret = json.loads(jose_jwk.JWK.generate(kty="oct", size=256, kid="o").export())
        self.left_out(secret, "`kty` is not")
        private = json.loads(jose_jwk.JWK.from_pyca(ES.private).export_private()) | {"kid": "p"}
        self.left_out(private, "private key")

    def test_curves_and_sizes(self):
        self.left_out(ec_key("c", ec.SECP384R1()).public(alg=None), "not P-256")
        self.left_out(json.loads(jose_jwk.JWK.generate(kty="OKP", crv="Ed25519").export_public()), "`kty` is not")
        self.left_out(rsa_key(1024, "small").public(), "less than 2,048")
        self.left_out({"kty": "RSA", "e": "AQAB", "n": b64(b"\xc1" + b"\x01" * 1024)}, "more than 8,192")
        with Say([rsa_key(3072, "rs3").public(), {"kty": "RSA", "e": "AQAB", "n": b64(b"\xc1" * 1024)}]) as say:
            self.assertNotIn("left_out\":1", say.logged())

    def test_invalid_keys(self):
        self.left_out(ES.public(kid="off", **OFF_CURVE), "not on the curve")
        self.left_out(ES.public(kid="off", x=b64(bytes(32)), y=b64(bytes(32))), "not on the curve")
        self.left_out(ES.public(x=b64(b"\x01" * 31)), "has not 32 bytes")
        self.left_out(ES.public(x=ES.public()["x"] + "="), "canonical")
        self.left_out(RS.public(kid="z", n="AA" + RS.public()["n"]), "less than 2,048")
        for e in ("AQ", "Ag", "AAEAAQ", b64(b"\x01" * 9)):
            self.left_out(RS.public(kid="e", e=e), "its exponent is")
        self.left_out("text", "`kty` is not")

    def test_the_first_of_two_with_one_name_counts(self):
        with Say([ES.public(), ec_key("es").public()]) as say:
            self.assert_ok(say, ES.token())
            self.assertIn("another key has its `kid`", say.logged())

    def test_one_name_for_two_algorithms(self):
        twin = Key(RS.private, "one", "PS256")
        with Say([RS.public(kid="one"), twin.public(alg="PS256")]) as say:
            self.assert_ok(say, RS.token(headers={"kid": "one"}))
            self.assert_ok(say, twin.token())


class Changed(Case):
    def test_a_file_is_read_again_when_it_changes(self):
        with Say([ES.public()]) as say:
            self.assert_ok(say, ES.token())
            say.write([ES.public(), RS.public()])
            wait_until(lambda: say.check(RS.token()).startswith("ok "))
            self.assert_ok(say, ES.token())

    def test_tokens_of_a_key_that_left_end(self):
        with Say([ES.public(), RS.public()]) as say:
            self.assert_ok(say, ES.token())
            self.assertTrue(say.alive())
            say.write([RS.public()])
            wait_until(lambda: not say.alive())
            self.assert_refused(say, ES.token(), "no key of the token's `kid`")

    def test_the_old_set_is_kept_while_the_file_is_wrong(self):
        with Say([ES.public()]) as say:
            self.assert_ok(say, ES.token())
            say.write('{"keys": [')
            wait_until(lambda: "key_set_kept" in say.logged())
            self.assert_ok(say, ES.token())
            os.unlink(say.file)
            time.sleep(1.5)
            self.assert_ok(say, ES.token())

    def test_a_name_that_moved_to_another_key(self):
        fresh = ec_key("es")
        with Say([ES.public()]) as say:
            token = ES.token()
            self.assert_ok(say, token)
            say.write([fresh.public()])
            wait_until(lambda: say.check(fresh.token()).startswith("ok "))
            self.assert_refused(say, token, "signature")


# --- an address ---


def certificate(folder, names, issuer=None):
    """(file of the certificate, file of its key, the pair) by an issuer or by itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, names[0])])
    signer_name, signer = issuer or (name, key)
    today = datetime.datetime.utcnow()
    built = (x509.CertificateBuilder().subject_name(name).issuer_name(signer_name).public_key(key.public_key())
             .serial_number(x509.random_serial_number()).not_valid_before(today - datetime.timedelta(days=1))
             .not_valid_after(today + datetime.timedelta(days=1))
             .add_extension(x509.SubjectAlternativeName([x509.DNSName(n) for n in names]), False)
             .add_extension(x509.BasicConstraints(ca=issuer is None, path_length=None), True)
             .sign(signer, hashes.SHA256()))
    paths = os.path.join(folder, names[0] + ".pem"), os.path.join(folder, names[0] + ".key")
    with open(paths[0], "wb") as out:
        out.write(built.public_bytes(serialization.Encoding.PEM))
    with open(paths[1], "wb") as out:
        out.write(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                                    serialization.NoEncryption()))
    return paths[0], paths[1], (name, key)


class Provider:
    """An https server that answers with a key set, and counts how often it was asked."""

    def __init__(self, names=("localhost",)):
        self.folder = tempfile.TemporaryDirectory()
        self.ca, _, pair = certificate(self.folder.name, ["ca.example.com"])
        cert, key, _ = certificate(self.folder.name, list(names), pair)
        self.asked, self.answer = 0, (500, {}, b"")
        provider = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                provider.asked += 1
                status, headers, body = provider.answer
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(cert, key)
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True, do_handshake_on_connect=False)
        self.server.handle_error = lambda *_: None
        self.url = f"https://localhost:{self.server.server_address[1]}/keys"
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05})
        self.thread.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()
        self.folder.cleanup()

    def serve(self, *keys):
        self.answer = 200, {}, json.dumps({"keys": [key.public() for key in keys]}).encode()

    def say(self, **settings):
        return Say(jwks=self.url, **{"jwks_ca": self.ca, **settings})


class Address(Case):
    def test_an_unknown_key_is_asked_for_once_a_minute(self):
        with Provider() as provider:
            provider.serve(ES)
            with provider.say() as say:
                self.assert_ok(say, ES.token())
                self.assertEqual(provider.asked, 1)
                provider.serve(ES, RS)
                self.assertTrue(say.check(RS.token()).startswith("asked ok "))
                self.assert_ok(say, RS.token())
                for kid in ("x", "y", "z"):
                    self.assert_refused(say, RS.token(headers={"kid": kid}), "no key of the token's `kid`")
                self.assertEqual(provider.asked, 2)

    def test_an_unknown_key_that_stays_unknown(self):
        with Provider() as provider:
            provider.serve(ES)
            with provider.say() as say:
                self.assertIn("asked refused the provider's key set has no key", say.check(RS.token()))
                self.assert_refused(say, RS.token(), "no key of the token's `kid`")

    def test_the_old_set_is_kept_when_the_provider_fails(self):
        for answer in ((500, {}, b""), (200, {}, b"<html>"), (200, {}, b'{"keys":[]}'), (404, {}, b""),
                       (302, {"Location": "https://localhost/keys"}, b""), (200, {}, b" " * 262145), (204, {}, b"")):
            with Provider() as provider:
                provider.serve(ES)
                with provider.say() as say:
                    self.assert_ok(say, ES.token())
                    provider.answer = answer
                    self.assertTrue(say.check(RS.token()).startswith("asked refused "))
                    self.assertIn("key_set_kept", say.logged())
                    self.assert_ok(say, ES.token(jti="t-2"))
                    self.assertEqual(provider.asked, 2, answer)

    def test_without_any_set_tokens_cannot_be_judged_yet(self):
        with Provider() as provider:
            with provider.say() as say:
                self.assertIn("unavailable the identity provider's key set", say.check(ES.token()))
                self.assertIn("HTTP 500", say.logged())
                self.assertTrue(say.check("e.e.e").startswith("refused "))
                provider.serve(ES)
                wait_until(lambda: say.check(ES.token()).startswith("ok "))

    def test_the_set_is_got_again_and_again(self):
        with Provider() as provider:
            provider.serve(ES)
            with provider.say(refresh_ms=100) as say:
                self.assert_ok(say, ES.token())
                provider.serve(RS)
                wait_until(lambda: say.check(RS.token()).startswith("ok "))
                self.assertFalse(say.check(ES.token()).startswith("ok "))

    def test_only_a_provider_that_can_prove_its_name(self):
        with Provider() as provider:
            provider.serve(ES)
            with provider.say(jwks_ca="") as say:
                self.assertIn("unavailable", say.check(ES.token()))
                self.assertIn("certificate", say.logged())
        with Provider(names=("other.example.com",)) as provider:
            provider.serve(ES)
            with provider.say() as say:
                self.assertIn("unavailable", say.check(ES.token()))
                self.assertIn("localhost", say.logged())
                self.assertEqual(provider.asked, 0)


if __name__ == "__main__":
    unittest.main()
