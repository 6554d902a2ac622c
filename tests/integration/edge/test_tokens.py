"""Bearer tokens: accepted, refused, rotated; from a file and from an https URL."""

import asyncio
import base64
import functools
import http.server
import json
import ssl
import threading
from datetime import UTC, datetime, timedelta

import jwt
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from decision_service.api.identity import keys as keys_module
from decision_service.api.identity import tokens as tokens_module
from decision_service.api.identity.keys import FileKeys, UrlKeys
from decision_service.api.identity.tokens import TokenVerifier
from decision_service.errors import UnauthenticatedError, UnavailableError

from .conftest import AUDIENCE, ISSUER, METHODS, Issuer, outcome

LIST = METHODS["DecisionService/ListDecisions"]
NOW = datetime.now(UTC)


def sync(test):
    """Run an asynchronous test."""

    @functools.wraps(test)
    def run(**fixtures):
        asyncio.run(test(**fixtures))

    return run


def bearer(token):
    return (("authorization", f"Bearer {token}"),)


@pytest.mark.parametrize("key", ["first", "rsa"])
def test_a_valid_token_names_the_caller(tokens, key):
    """
    ES256 and RS256; a repeat is remembered.
    """
    token = tokens.issuer.token("ada.lind", key)

    assert ["OK", "OK"] == [outcome(tokens.channel(), LIST, metadata=bearer(token))[0] for _ in range(2)]


def test_a_token_speaks_for_a_person_behind_a_trusted_channel(mutual):
    """
    With both, the token's subject counts: the gateway's own certificate has no grant.
    """
    token = mutual.issuer.token("ada.lind")

    assert "OK" == outcome(mutual.channel(name="stranger"), LIST, metadata=bearer(token))[0]


def unsigned(subject):
    def part(value):
        return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")

    claims = {"sub": subject, "iss": ISSUER, "aud": AUDIENCE, "exp": int(NOW.timestamp()) + 300}
    return f"{part({'alg': 'none', 'kid': 'first'})}.{part(claims)}."


def confused(issuer):
    """Signed with the public key as if it were a shared secret (RFC 8725, 2.1)."""
    public = issuer.keys["rsa"][1].public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    header = base64.urlsafe_b64encode(b'{"alg":"HS256","kid":"rsa","typ":"JWT"}').rstrip(b"=")
    claims = {"sub": "ada.lind", "iss": ISSUER, "aud": AUDIENCE, "exp": int(NOW.timestamp()) + 300}
    body = base64.urlsafe_b64encode(json.dumps(claims).encode()).rstrip(b"=")
    import hashlib
    import hmac

    tag = base64.urlsafe_b64encode(hmac.digest(public, header + b"." + body, hashlib.sha256)).rstrip(b"=")
    return b".".join((header, body, tag)).decode()


BAD = {
    "expired": lambda i: i.token("ada.lind", exp=NOW - timedelta(minutes=1)),
    "not yet valid": lambda i: i.token("ada.lind", nbf=NOW + timedelta(hours=1)),
    "another issuer": lambda i: i.token("ada.lind", iss="https://evil.example"),
    "another audience": lambda i: i.token("ada.lind", aud="payroll"),
    "no expiry": lambda i: i.token("ada.lind", exp=None),
    "no subject": lambda i: i.token("ada.lind", sub=None),
    "subject not text": lambda i: i.token("ada.lind", sub=7),
    "subject of a certificate": lambda i: i.token("spiffe://example/auditor"),
    "unsigned": lambda i: unsigned("ada.lind"),
    "algorithm confusion": confused,
    "changed": lambda i: i.token("ada.lind")[:-4] + "AAAA",
    "empty": lambda i: "",
    "no token": lambda i: "....",
    "too long": lambda i: "x" * 9000,
    "a key nobody has": lambda i: jwt.encode(
        {"sub": "ada.lind", "iss": ISSUER, "aud": AUDIENCE, "exp": NOW + timedelta(minutes=5)},
        i.keys["first"][1],
        "ES256",
        headers={"kid": "other"},
    ),
    "key of another kind": lambda i: jwt.encode(
        {"sub": "ada.lind", "iss": ISSUER, "aud": AUDIENCE, "exp": NOW + timedelta(minutes=5)},
        i.keys["first"][1],
        "ES256",
        headers={"kid": "rsa"},
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_token_is_refused(tokens, name):
    """
    UNAUTHENTICATED, whatever is wrong with it.
    """
    assert ("UNAUTHENTICATED", "BAD_TOKEN") == outcome(
        tokens.channel(), LIST, metadata=bearer(BAD[name](tokens.issuer))
    )


@pytest.mark.parametrize("header", [(), (("authorization", "Basic YWRhOmxpbmQ="),)])
def test_no_token_no_caller(tokens, header):
    """
    Nothing, or another scheme.
    """
    assert "UNAUTHENTICATED" == outcome(tokens.channel(), LIST, metadata=header)[0]


def test_rotation_in_a_file(tokens, monkeypatch):
    """
    A new key is taken up with the next token; tokens of a withdrawn key end when the memory does.
    """
    monkeypatch.setattr(tokens_module, "REMEMBERED_SECONDS", 0.0)
    issuer = tokens.issuer
    issuer.add("second")
    token = issuer.token("ada.lind", "second")
    before = outcome(tokens.channel(), LIST, metadata=bearer(token))[0]
    issuer.remove("second")

    assert ("OK", "UNAUTHENTICATED") == (before, outcome(tokens.channel(), LIST, metadata=bearer(token))[0])


@sync
async def test_a_broken_key_set_keeps_the_last_good_one(tmp_path):
    """
    An issuer that writes half a file locks nobody out and lets nobody in.
    """
    issuer = Issuer(tmp_path / "jwks.json")
    issuer.add("first")
    verifier = TokenVerifier(FileKeys(issuer.file), ISSUER, AUDIENCE)
    token = issuer.token("ada.lind")
    issuer.file.write_text('{"keys": [')

    assert "ada.lind" == await verifier.subject(token)


class JwksServer:
    """The issuer's https endpoint, counting how often it is asked."""

    def __init__(self, issuer, authority, folder):
        self.asked, self.is_up = 0, True
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                outer.asked += 1
                self.send_response(200 if outer.is_up else 503)
                self.end_headers()
                self.wfile.write(json.dumps(issuer.document).encode() if outer.is_up else b"{}")

            def log_message(self, *args):
                pass

        issued = authority.issue("localhost")
        (folder / "web.pem").write_bytes(issued.certificate + issued.key)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(folder / "web.pem")
        self.server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.url = f"https://localhost:{self.server.server_port}/jwks.json"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture
def endpoint(tmp_path, authority):
    issuer = Issuer(tmp_path / "unused.json")
    issuer.add("first")
    server = JwksServer(issuer, authority, tmp_path)
    (tmp_path / "ca.pem").write_bytes(authority.pem)
    yield issuer, server, str(tmp_path / "ca.pem")
    server.server.shutdown()


@sync
async def test_keys_from_a_url_rotate_and_are_not_asked_for_at_will(endpoint):
    """
    An unknown key fetches at most once in ten seconds; the last good set serves while the issuer is away.
    """
    issuer, server, authority = endpoint
    clock = [1000.0]
    keys = UrlKeys(server.url, authority, lambda: clock[0])
    verifier = TokenVerifier(keys, ISSUER, AUDIENCE)

    assert "ada.lind" == await verifier.subject(issuer.token("ada.lind", jti="1"))

    issuer.add("second")
    for number in range(20):
        with pytest.raises(UnauthenticatedError):
            await verifier.subject(issuer.token("ada.lind", "second", jti=str(number)))
    assert 1 == server.asked

    clock[0] += keys_module.PAUSE_SECONDS
    assert "bruno" == await verifier.subject(issuer.token("bruno", "second"))

    server.is_up = False
    clock[0] += keys_module.FRESH_SECONDS + 1
    assert "carla" == await verifier.subject(issuer.token("carla", "second"))
    assert 3 == server.asked


@sync
async def test_an_issuer_that_never_answered_is_unavailable_not_a_refusal(endpoint):
    """
    The caller may try again; the service never guesses.
    """
    issuer, server, authority = endpoint
    server.is_up = False
    verifier = TokenVerifier(UrlKeys(server.url, authority), ISSUER, AUDIENCE)

    with pytest.raises(UnavailableError, match="cannot be fetched"):
        await verifier.subject(issuer.token("ada.lind"))


@sync
async def test_an_untrusted_issuer_is_not_believed(endpoint):
    """
    The URL must be of the configured authority.
    """
    issuer, server, _ = endpoint
    verifier = TokenVerifier(UrlKeys(server.url), ISSUER, AUDIENCE)

    with pytest.raises(UnavailableError):
        await verifier.subject(issuer.token("ada.lind"))
