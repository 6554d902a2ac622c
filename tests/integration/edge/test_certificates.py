"""Client certificates, their subjects, and what happens as they end."""

import logging
from datetime import UTC, datetime, timedelta

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

from decision_service.api.identity.certificates import OwnCertificates
from decision_service.api.watch import CERTIFICATES, Watch
from decision_service.v1 import decision_service_pb2 as pb

from .conftest import METHODS, Authority, invoke, outcome

LIST = METHODS["DecisionService/ListDecisions"]


def test_a_certificate_names_the_caller(mutual):
    """
    The first URI is the subject; without one the common name.
    """
    by_name = mutual.channel(mutual.authority.issue("common name"))

    assert "OK" == outcome(mutual.channel(name="auditor"), LIST)[0]
    assert "OK" == outcome(by_name, LIST)[0]


@pytest.mark.parametrize("who", ["nobody", "forged", "expired"])
def test_no_handshake_without_a_valid_certificate(mutual, who):
    """
    None, one of another authority, one that has ended: no call gets through.
    """
    issued = {
        "nobody": None,
        "forged": Authority().issue("auditor", "spiffe://example/auditor"),
        "expired": mutual.authority.issue("auditor", "spiffe://example/auditor", days=-1),
    }[who]

    assert "UNAVAILABLE" == outcome(mutual.channel(issued), LIST, timeout=5)[0]


def test_the_callers_word_is_not_believed(mutual):
    """
    Behind TLS the metadata of the plaintext mode changes nothing.
    """
    lies = (("decision-actor", "spiffe://example/auditor"), ("decision-roles", "auditor"))

    assert "ROLE_REQUIRED" == outcome(mutual.channel(name="stranger"), LIST, metadata=lies)[1]


def test_renewed_files_serve_without_a_restart(mutual):
    """
    A new certificate on disk is presented to the next connection.
    """
    renewed = mutual.authority.issue("renewed")
    (mutual.folder / "tls.key").write_bytes(renewed.key)
    (mutual.folder / "tls.pem").write_bytes(renewed.certificate)
    port = int(mutual.running.address.rpartition(":")[2])

    assert "OK" == outcome(mutual.channel(mutual.authority.issue("x", "spiffe://example/auditor")), LIST)[0]
    assert "renewed" == presented(port, mutual).subject.rfc4514_string().removeprefix("CN=")


def presented(port, behind):
    """The certificate that the service shows."""
    import ssl

    from cryptography import x509

    return x509.load_pem_x509_certificate(ssl.get_server_certificate(("127.0.0.1", port)).encode())


def test_a_client_certificate_that_ends_soon_is_in_the_log_once(mutual, caplog):
    """
    One warning a certificate, not one a call.
    """
    channel = mutual.channel(mutual.authority.issue("soon", "spiffe://example/auditor", days=3))
    with caplog.at_level(logging.WARNING):
        for _ in range(3):
            invoke(channel, LIST, pb.ListDecisionsRequest())

    assert 1 == sum("client certificate CN=soon ends" in r.message for r in caplog.records)


def health(channel, service):
    try:
        status = (
            health_pb2_grpc.HealthStub(channel)
            .Check(health_pb2.HealthCheckRequest(service=service), timeout=10)
            .status
        )
    except grpc.RpcError as error:
        return error.code().name
    return health_pb2.HealthCheckResponse.ServingStatus.Name(status)


def test_health_tells_of_certificates_apart_from_the_service(mutual, caplog):
    """
    `certificates` stops serving when one ends within the warning time; the service itself goes on.
    """
    channel = mutual.channel(name="auditor")
    before = health(channel, CERTIFICATES)
    files = {"tls_client_ca": mutual.folder / "ca.pem"}
    late = Watch(
        mutual.running.server.health,
        ("",),
        lambda: 0,
        OwnCertificates(files, timedelta(days=14)),
        lambda: datetime.now(UTC) + timedelta(days=360),
    )
    with caplog.at_level(logging.WARNING):
        mutual.running.run(late.look_at_certificates())

    assert ("SERVING", "NOT_SERVING", "SERVING") == (
        before,
        health(channel, CERTIFICATES),
        health(channel, ""),
    )
    assert any("tls_client_ca CN=test authority ends" in r.message for r in caplog.records)


def test_health_needs_no_role(mutual):
    """
    Probes have a certificate of the authority and no grant.
    """
    assert "SERVING" == health(mutual.channel(name="stranger"), "decision_service.v1.DecisionService")
    assert "NOT_FOUND" == health(mutual.channel(name="stranger"), "nothing.of.ours")


def test_a_log_that_is_away_takes_the_services_out_of_rotation(mutual):
    """
    NOT_SERVING while it does not answer, SERVING when it does again.
    """
    answers = [OSError("gone"), 7]

    def look():
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    channel, name = mutual.channel(name="auditor"), "decision_service.v1.AuditService"
    watch = Watch(mutual.running.server.health, ("", name), look, None, lambda: datetime.now(UTC))
    seen = []
    for _ in range(2):
        mutual.running.run(watch.look_at_log())
        seen.append((health(channel, ""), health(channel, name)))

    assert [("NOT_SERVING",) * 2, ("SERVING",) * 2] == seen
