"""Secrets stay where they are: not in logs, not in errors, not in anything that is stored."""

import base64
import logging

import grpc

from decision_service.observability import JsonFormatter

from .conftest import AUDIENCE, METHODS, invoke


def stored(folder):
    """Every byte that the service keeps."""
    return b"".join(file.read_bytes() for file in (folder / "data").rglob("*") if file.is_file())


def test_tokens_and_keys_are_repeated_nowhere(tokens, caplog):
    """
    A good and a bad token, calls that pass, are denied and fail: no log line, no error, no stored byte holds them.
    """
    good, bad = tokens.issuer.token("ada.lind"), tokens.issuer.token("ada.lind", aud="payroll")
    assert AUDIENCE != "payroll"
    said = []
    with caplog.at_level(logging.DEBUG):
        for token in (good, bad, f"{good}x", "password-canary"):
            for name in METHODS:
                try:
                    metadata = (("authorization", f"Bearer {token}"), ("cookie", "cookie-canary"))
                    invoke(tokens.channel(), METHODS[name], metadata=metadata)
                except grpc.RpcError as error:
                    said.append(f"{error.details()} {error.trailing_metadata()}")
    said += [JsonFormatter().format(record) for record in caplog.records]
    everything = "\n".join(said).encode() + stored(tokens.folder)
    key = (tokens.folder / "tls.key").read_bytes().splitlines()[1]
    signing = (tokens.folder / "data" / "signing.key").read_bytes()

    assert len(said) > len(METHODS)
    for secret in (good.split(".")[2], bad.split(".")[2], "password-canary", "cookie-canary"):
        assert secret.encode() not in everything
    assert key not in everything
    assert signing not in "\n".join(said).encode()


def test_the_database_holds_no_key(tokens):
    """
    What its administrator reads signs nothing: the log's key is a file beside it, of the service alone.
    """
    invoke(tokens.channel(), METHODS["AuditService/GetCheckpoint"], metadata=bearer(tokens))
    files = list((tokens.folder / "data").glob("*.db*"))
    database = b"".join(file.read_bytes() for file in files)
    key = tokens.folder / "data" / "signing.key"
    secret = key.read_text().strip().split("+", 4)[4]  # PRIVATE+KEY+name+hash+key, in Base64

    assert database
    assert len(secret) > 40
    assert secret.encode() not in database
    assert base64.b64decode(secret)[1:] not in database
    assert 0o600 == key.stat().st_mode & 0o777


def bearer(tokens):
    return (("authorization", f"Bearer {tokens.issuer.token('ada.lind')}"),)


def test_a_refusal_is_in_the_log_and_does_not_flood_it(tokens, caplog):
    """
    Who, from where, which method, why; at most a burst of a hundred and ten a second.
    """
    method = METHODS["DecisionService/ListDecisions"]
    with caplog.at_level(logging.WARNING):
        for _ in range(300):
            try:
                invoke(tokens.channel(), method, metadata=(("authorization", "Bearer no"),))
            except grpc.RpcError:
                continue
    lines = [r.getMessage() for r in caplog.records if r.getMessage().startswith("refused")]

    assert 1 <= len(lines) <= 200
    assert "DecisionService/ListDecisions" in lines[0]
    assert "BAD_TOKEN" in lines[0]
