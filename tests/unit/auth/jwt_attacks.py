# SPDX-License-Identifier: Apache-2.0
"""Every classic attack on JSON Web Tokens, and thousands of changed tokens: none is taken."""

import base64
import hashlib
import hmac
import json
import random
import unittest

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from jwcrypto import jwe as jose_jwe, jwk as jose_jwk
from jwt_rig import ES, NOW, PS, RS, Case, Key, Say, b64, ec_key, rsa_key, usual_claims

KEYS = [key.public() for key in (RS, PS, ES)]
MUTATIONS = 3000
ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


def es(header=None, **claims):
    """A token of ES's with another header, signed well."""
    return ES.sign({"alg": "ES256", "kid": "es", **(header or {})}, {**usual_claims(), **claims})


def with_signature(token, signature):
    return ".".join(token.split(".")[:2] + [b64(signature)])


class Attack(Case):
    def setUp(self):
        self.say = Say(KEYS)

    def tearDown(self):
        self.say.__exit__()

    def refused(self, token, why):
        self.assert_refused(self.say, token, why)


class Algorithms(Attack):
    def test_none(self):
        payload = b64(usual_claims())
        for alg in ("none", "None", "NONE", "nOnE", "", None, 0):
            for signature in ("", b64(b"x")):
                why = "algorithm" if signature else "part of the token is empty"
                self.refused(f"{b64({'alg': alg, 'kid': 'es'})}.{payload}.{signature}", why)
        self.refused(f"{b64({'alg': 'none'})}.{payload}", "fewer than three parts")

    def test_hmac_with_the_public_key_as_secret(self):
        pem = RS.private.public_key().public_bytes(serialization.Encoding.PEM,
                                                   serialization.PublicFormat.SubjectPublicKeyInfo)
        for secret in (pem, pem.strip(), RS.public()["n"].encode(), json.dumps(RS.public()).encode()):
            for alg in ("HS256", "HS384", "HS512", "RS256", "PS256"):
                text = f"{b64({'alg': alg, 'kid': 'rs'})}.{b64(usual_claims())}"
                mac = hmac.new(secret, text.encode(), hashlib.sha256).digest()
                why = {"RS256": "signature", "PS256": "algorithm is not that of its key"}.get(alg, "algorithm")
                self.refused(f"{text}.{b64(mac)}", why)

    def test_an_algorithm_of_another_key(self):
        for alg, key in (("PS256", RS), ("RS256", PS), ("ES256", RS), ("RS256", ES), ("PS256", ES)):
            token = key.sign({"alg": alg, "kid": key.kid}, usual_claims())
            self.refused(token, "algorithm is not that of its key")
        for alg in ("ES384", "ES512", "RS512", "EdDSA", "rs256", "RS256 ", "ES256K", "A128KW", "dir"):
            self.refused(RS.sign({"alg": alg, "kid": "rs"}, usual_claims()), "not RS256, PS256 or ES256")

    def test_the_header_says_one_padding_and_the_signature_has_another(self):
        for key, other in ((RS, PS), (PS, RS)):
            twin = Key(key.private, key.kid, other.alg)
            self.refused(twin.sign({"alg": key.alg, "kid": key.kid}, usual_claims()), "signature")

    def test_a_key_of_another_owner(self):
        for key in (RS, PS, ES):
            fresh = ec_key("es") if key is ES else rsa_key(2048, key.kid, key.alg)
            self.refused(fresh.token(), "signature")


class Headers(Attack):
    def test_a_token_that_brings_its_own_key(self):
        mine = ec_key("es")
        members = {"jwk": mine.public(), "jku": "https://evil.example.com/keys", "x5u": "https://evil.example.com/x",
                   "x5c": ["MIIB"], "crit": ["exp"], "b64": False, "cty": "JWT", "zip": "DEF", "enc": "A128GCM"}
        for name, value in members.items():
            token = mine.sign({"alg": "ES256", "kid": "es", name: value}, usual_claims())
            self.refused(token, "crit, jwk, jku, x5u")
            self.refused(es({name: value}), "crit, jwk, jku, x5u")
        self.refused(es({"crit": []}), "crit, jwk, jku, x5u")

    def test_names_of_keys_are_only_compared(self):
        for kid in ("../../etc/passwd", "/dev/null", "es' or '1'='1", "es\n", "ES", " es", "es ", "%65s", "é",
                    "\U0001f511", "es" * 100, "https://evil.example.com/keys"):
            answer = self.say.check(es({"kid": kid}))
            self.assertIn("refused the provider's key set has no key of the token's `kid`", answer)
        for kid in (None, 1, ["es"], {"es": 1}, "", True):
            self.refused(es({"kid": kid}), "`kid` is no text")
        self.refused(es({"kid": "e" * 256}), "longer than 255")
        self.refused(ES.sign({"alg": "ES256"}, usual_claims()), "no `kid`")

    def test_a_name_with_a_zero_byte(self):
        header = '{"alg":"ES256","kid":"es\\u0000x"}'
        self.refused(ES.sign(header, usual_claims()), "header is not one JSON object")

    def test_other_kinds_of_signed_things(self):
        for kind in ("logout+jwt", "secevent+jwt", "dpop+jwt", "JOSE", "", 1, None, "application/"):
            self.refused(es({"typ": kind}), "`typ`")
        for kind in ("JWT", "jwt", "at+jwt", "application/at+JWT"):
            self.assert_ok(self.say, es({"typ": kind}))

    def test_what_is_not_known_is_left_alone(self):
        self.assert_ok(self.say, es({"x5t": "abc", "nonce": "n"}))

    def test_a_member_that_is_there_twice(self):
        good, bad = '"alg":"ES256"', '"alg":"none"'
        for header in (f'{{{good},{bad},"kid":"es"}}', f'{{{bad},{good},"kid":"es"}}',
                       f'{{{good},"kid":"es","kid":"rs"}}', f'{{{good},"\\u0061lg":"none","kid":"es"}}'):
            self.refused(ES.sign(header, usual_claims()), "header is not one JSON object")
        claims = json.dumps(usual_claims())[:-1]
        for more in (',"sub":"bob"}', ',"exp":9999999999}', ',"x":{"a":1,"a":2}}'):
            self.refused(ES.sign({"alg": "ES256", "kid": "es"}, claims + more), "payload is not one JSON object")


class Forms(Attack):
    def test_a_token_in_a_token(self):
        inner = es()
        self.refused(ES.sign({"alg": "ES256", "kid": "es"}, inner), "payload is not one JSON object")
        self.refused(es({"cty": "JWT"}), "cty")
        self.refused(ES.sign({"alg": "ES256", "kid": "es"}, json.dumps(inner)), "payload is not one JSON object")

    def test_an_encrypted_token(self):
        key = jose_jwk.JWK.from_json(json.dumps(RS.public(alg=None, use=None)))
        made = jose_jwe.JWE(json.dumps(usual_claims()), recipient=key,
                            protected={"alg": "RSA-OAEP", "enc": "A128CBC-HS256", "kid": "rs"})
        self.refused(made.serialize(compact=True), "more than three parts")

    def test_the_json_serialisations(self):
        head, payload, signature = es().split(".")
        flat = json.dumps({"protected": head, "payload": payload, "signature": signature})
        self.assertEqual(self.say.check(flat), "other")

    def test_empty_and_missing_parts(self):
        head, payload, signature = es().split(".")
        for token in (f"{head}..{signature}", f"{head}.{payload}.", "e..", "e.", f"{head}.{payload}",
                      f"{head}.{payload}.{signature}.", f"{head}.{payload}.{signature}.{signature}", "e" + "." * 3000):
            self.assertTrue(self.say.check(token).startswith("refused the token has") or
                            "part of the token is empty" in self.say.check(token), token)

    def test_text_that_is_not_the_one_of_its_bytes(self):
        head, payload, signature = es().split(".")
        alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
        last = alphabet[alphabet.index(signature[-1]) ^ 1]  # the same bytes: these bits are left over
        decoded = [base64.urlsafe_b64decode(text + "==") for text in (signature, signature[:-1] + last)]
        self.assertEqual(decoded[0], decoded[1])
        for odd in (signature + "=", signature + "==", signature[:-1] + last, signature + "\t",
                    signature[:10] + " " + signature[10:], signature.replace("-", "+").replace("_", "/") + "+",
                    signature + "\u200b"):
            self.refused(f"{head}.{payload}.{odd}", "signature is not canonical")
        self.refused(f"{head}=.{payload}.{signature}", "header")
        self.refused(f"{head}.{payload}=.{signature}", "payload")

    def test_json_with_something_behind_it(self):
        for more in (" x", "{}", "\x00", "//"):
            self.refused(ES.sign(json.dumps({"alg": "ES256", "kid": "es"}) + more, usual_claims()), "header")
            self.refused(ES.sign({"alg": "ES256", "kid": "es"}, json.dumps(usual_claims()) + more), "payload")

    def test_other_json(self):
        for text in ("[]", "1", '"a"', "null", "", "{", "{'a':1}", '{"a":NaN}', "\ufeff{}", '{"a":"\ud800"}'.encode(
                "utf-8", "surrogatepass"), b'{"a":"\xff"}', b'{"a":"\xc0\x80"}'):
            answer = self.say.check(ES.sign({"alg": "ES256", "kid": "es"}, text))
            self.assertTrue(answer.startswith("refused "), answer)

    def test_huge_and_deep(self):
        self.refused(es(pad="x" * 4096), "longer than 4,096 bytes")
        self.refused(es(pad="x" * 500_000), "longer than 4,096 bytes")
        deep = json.dumps(usual_claims())[:-1] + ',"a":' + "[" * 1200 + "]" * 1200 + "}"
        self.assertLess(len(ES.sign({"alg": "ES256", "kid": "es"}, deep)), 4096)
        self.assert_ok(self.say, ES.sign({"alg": "ES256", "kid": "es"}, deep))

    def test_unicode_does_not_make_names_alike(self):
        for name in ("\u0430nn", "ann\u200b", "\uff41nn", "a\u0301nn"):
            self.refused(es(sub=name), "no principal")
        for tenant in ("\u0430cme", "acme\u00a0"):
            self.refused(es(tenant=tenant), "no tenant")


class Signatures(Attack):
    def test_elliptic_curve_signatures_in_another_form(self):
        token = es()
        text = token.rpartition(".")[0].encode()
        der = ES.private.sign(text, ec.ECDSA(hashes.SHA256()))
        good = ES.signature(text)
        for signature in (der, bytes(64), good[:32] + bytes(32), bytes(32) + good[32:], good[:63], good + b"\0",
                          b"\0" + good, good[:32], ORDER.to_bytes(32, "big") * 2, b"\xff" * 64, b"\0", bytes(96),
                          good[32:] + good[:32], b"\0" * 4 + good):
            self.refused(with_signature(token, signature), "signature")

    def test_rsa_signatures_of_another_length(self):
        for key in (RS, PS):
            token = key.token()
            good = key.signature(token.rpartition(".")[0].encode())
            for signature in (good[:-1], good + b"\0", b"\0" + good, bytes(256), b"\xff" * 256, b"\0", bytes(255) + b"\1",
                              good[::-1]):
                self.refused(with_signature(token, signature), "signature")

    def test_a_signature_of_another_token(self):
        for key in (RS, PS, ES):
            one, two = key.token(), key.token(sub="bob")
            self.refused(".".join(one.split(".")[:2] + [two.split(".")[2]]), "signature")
            head, _, signature = one.split(".")
            self.refused(f"{head}.{b64({**usual_claims(), 'roles': ['ADMIN']})}.{signature}", "signature")


class Mutations(Attack):
    def test_no_changed_token_is_taken(self):
        chosen = random.Random(20)
        tokens = [key.token() for key in (RS, PS, ES)]
        for token in tokens:
            self.assert_ok(self.say, token)
        for _ in range(MUTATIONS):
            token = mutate(chosen, chosen.choice(tokens))
            answer = self.say.check(token)
            self.assertTrue(token in tokens or answer == "other" or answer.startswith(("refused ", "asked refused ")),
                            (token, answer))

    def test_no_changed_payload_breaks_the_reader(self):
        """Signed well, so that what is behind the signature is reached."""
        chosen = random.Random(21)
        header = json.dumps({"alg": "ES256", "kid": "es"})
        for _ in range(MUTATIONS // 10):
            text = mutate(chosen, json.dumps({**usual_claims(), "realm_access": {"roles": ["AGENT"]}}))
            answer = self.say.check(ES.sign(header, text.encode("utf-8", "replace")))
            self.assertTrue(answer.startswith(("refused ", "ok ")), answer)


def mutate(chosen, text):
    """One to three changes of a text, without line ends."""
    for _ in range(chosen.randint(1, 3)):
        at, kind = chosen.randrange(len(text) + 1), chosen.randrange(6)
        other = chosen.choice('AZaz09-_.=+/ {}[]":,\\\u00e9\x7f')
        if kind == 0:
            text = text[:at] + other + text[at:]
        elif kind == 1:
            text = text[:at] + other + text[at + 1:]
        elif kind == 2:
            text = text[:at] + text[at + chosen.randint(1, 9):]
        elif kind == 3:
            text = text[:at] + text[at:at + chosen.randint(1, 99)] + text[at:]
        elif kind == 4:
            text = text[at:] + text[:at]
        else:
            text = text[:at] or other
    return text


if __name__ == "__main__":
    unittest.main()
