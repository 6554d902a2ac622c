"""decisionctl against a service behind TLS, and what it shows of a search."""

import json
import os
import subprocess
import sys

import pytest

from decision_service.cli.credentials import connect
from decision_service.cli.failure import Failure
from decision_service.cli.watching import line
from decision_service.v1 import solve_service_pb2 as pb


def decisionctl(behind, *arguments, **environment):
    port = behind.running.address.rpartition(":")[2]
    command = [
        sys.executable,
        "-m",
        "decision_service",
        *arguments,
        "--address",
        f"localhost:{port}",
        "--json",
    ]
    given = os.environ | {f"DECISIONCTL_{k}": str(v) for k, v in environment.items()}
    return subprocess.run(command, capture_output=True, text=True, timeout=60, env=given, check=False)


def test_a_command_proves_who_it_is(mutual, tokens, tmp_path):
    """
    By certificate, or by a token in a file; without either the service is unavailable, not guessed at.
    """
    issued = mutual.authority.issue("cli", "spiffe://example/auditor")
    for name, content in {"ca": mutual.authority.pem, "pem": issued.certificate, "key": issued.key}.items():
        (tmp_path / name).write_bytes(content)
    (tmp_path / "token").write_text(tokens.issuer.token("ada.lind") + "\n")
    by_certificate = decisionctl(
        mutual, "decisions", "list", CA=tmp_path / "ca", CERTIFICATE=tmp_path / "pem", KEY=tmp_path / "key"
    )
    by_token = decisionctl(tokens, "decisions", "list", CA=tmp_path / "ca", TOKEN=tmp_path / "token")
    nobody = decisionctl(tokens, "decisions", "list", CA=tmp_path / "ca")

    assert (0, "") == (by_certificate.returncode, by_certificate.stderr)
    assert (0, "") == (by_token.returncode, by_token.stderr)
    assert 2 == nobody.returncode
    assert "NO_CREDENTIALS" in nobody.stdout


def test_health_asks_with_the_services_own_certificate(mutual):
    """
    As the probes do: 0 when it serves, 2 for a name that is nothing.
    """
    own = {
        "CA": mutual.folder / "ca.pem",
        "CERTIFICATE": mutual.folder / "tls.pem",
        "KEY": mutual.folder / "tls.key",
    }
    serving = decisionctl(mutual, "health", **own)
    nothing = decisionctl(mutual, "health", "--service", "nothing", **own)

    assert (0, {"service": "", "status": "SERVING"}) == (serving.returncode, json.loads(serving.stdout))
    assert 2 == nothing.returncode


@pytest.mark.parametrize(
    "environment",
    [{"TOKEN": __file__}, {"CA": __file__, "KEY": __file__}, {"CA": "no such file"}],
)
def test_half_a_proof_is_refused(environment):
    """
    A token over plaintext, a key without its certificate, a file that is not there.
    """
    with pytest.raises(Failure, match="DECISIONCTL_"):
        connect("localhost:1", (), {f"DECISIONCTL_{k}": v for k, v in environment.items()})


def test_a_search_in_one_line():
    """
    What is not known yet is not shown.
    """
    full = pb.SolveProgress(
        solve="orders", incumbent=119743.89, bound=117261, gap=0.0207, nodes=11, seconds=4.21
    )

    assert "orders: cost 119,743.89, at least 117,261, gap 2.07 %, 11 nodes, 4.2 s" == line(full)
    assert "orders: 0 nodes, 0.0 s" == line(pb.SolveProgress(solve="orders"))
