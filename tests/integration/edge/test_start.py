"""What is refused at start: plaintext beyond this machine, and settings that contradict each other."""

import grpc
import pytest

from decision_service.bootstrap import build
from decision_service.config import Settings, load_settings
from decision_service.errors import InvalidRequestError

from .conftest import METHODS, Running, outcome

BEYOND = ["0.0.0.0:0", "192.0.2.7:0", "[::]:0", "example.org:0", "127.0.0.1.evil.example:0"]


@pytest.mark.parametrize("address", BEYOND)
def test_plaintext_beyond_loopback_is_refused(address):
    """
    By the settings.
    """
    with pytest.raises(InvalidRequestError, match="plaintext is refused"):
        load_settings(None, {"DECISION_SERVICE_ADDRESS": address})


def test_the_server_itself_refuses_plaintext_beyond_loopback(tmp_path):
    """
    Whatever way the settings were made.
    """
    with pytest.raises(InvalidRequestError, match="plaintext is refused"):
        Running(Settings(address=BEYOND[0], data=tmp_path, workers=1))


@pytest.mark.parametrize("address", ["127.0.0.1:0", "localhost:0", "[::1]:0"])
def test_loopback_needs_no_certificate(address):
    """
    Names and numbers of this machine.
    """
    assert address == load_settings(None, {"DECISION_SERVICE_ADDRESS": address}).address


def test_a_key_of_another_certificate_is_refused(tmp_path, authority):
    """
    And what is no certificate, without repeating what was in the file.
    """
    first, second = authority.issue("a"), authority.issue("b")
    (tmp_path / "tls.pem").write_bytes(first.certificate)
    (tmp_path / "tls.key").write_bytes(second.key)
    (tmp_path / "ca.pem").write_text("-----BEGIN CERTIFICATE-----\nSECRET\n-----END CERTIFICATE-----\n")
    (tmp_path / "grants.toml").write_text("")
    given = {
        "TLS_CERTIFICATE": str(tmp_path / "tls.pem"),
        "TLS_KEY": str(tmp_path / "tls.key"),
        "GRANTS": str(tmp_path / "grants.toml"),
    }
    environment = {f"DECISION_SERVICE_{k}": v for k, v in given.items()}

    with pytest.raises(InvalidRequestError, match="tls_key: is not the key of tls_certificate"):
        load_settings(None, environment)
    with pytest.raises(InvalidRequestError, match="tls_client_ca") as caught:
        load_settings(None, environment | {"DECISION_SERVICE_TLS_CLIENT_CA": str(tmp_path / "ca.pem")})
    assert "SECRET" not in str(caught.value)


def test_tls_without_grants_is_refused(tmp_path, authority):
    """
    Deny by default says who may do something; without a file nobody could.
    """
    issued = authority.issue("a")
    (tmp_path / "tls.pem").write_bytes(issued.certificate)
    (tmp_path / "tls.key").write_bytes(issued.key)
    environment = {
        "DECISION_SERVICE_TLS_CERTIFICATE": str(tmp_path / "tls.pem"),
        "DECISION_SERVICE_TLS_KEY": str(tmp_path / "tls.key"),
        "DECISION_SERVICE_ADDRESS": "0.0.0.0:0",
    }

    with pytest.raises(InvalidRequestError) as caught:
        load_settings(None, environment)
    assert ["grants"] == [v.field for v in caught.value.violations]


def test_a_port_in_use_is_said(tmp_path):
    """
    The address is named.
    """
    first = Running(Settings(address="127.0.0.1:0", data=tmp_path / "a", workers=1))
    try:
        with pytest.raises(InvalidRequestError, match="address"):
            Running(Settings(address=first.address, data=tmp_path / "b", workers=1))
    finally:
        first.close()


def test_plaintext_callers_name_themselves_but_only_with_roles_that_exist(tmp_path):
    """
    On loopback the word of the caller counts; a word that means nothing is refused.
    """
    running = Running(Settings(address="127.0.0.1:0", data=tmp_path, workers=1))
    method = METHODS["AuditService/GetEntry"]
    try:
        with grpc.insecure_channel(running.address) as channel:
            found = [
                outcome(channel, method, metadata=(("decision-roles", roles),))[1]
                for roles in ("king", "", "erp")
            ]
            anybody = outcome(channel, method, metadata=(("decision-actor", "x" * 300),))
    finally:
        running.close()

    assert ["BAD_ROLE", "ROLE_REQUIRED", "ROLE_REQUIRED"] == found
    assert ("UNAUTHENTICATED", "BAD_SUBJECT") == anybody


def test_build_is_what_the_service_is(tmp_path):
    """
    A folder that cannot be written is said at once.
    """
    (tmp_path / "file").write_text("")

    with pytest.raises(OSError, match="file"):
        build(Settings(address="127.0.0.1:0", data=tmp_path / "file" / "data", workers=1))
