"""A client nobody here wrote: `buf curl`, with nothing but the service's reflection."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from google.protobuf.json_format import MessageToDict

from decision_service.config import Settings

from .conftest import Running
from .test_long_solves import found
from .test_overload import judgement, wish

BUF = shutil.which("buf") or str(Path(sys.executable).with_name("buf"))

pytestmark = pytest.mark.skipif(
    not Path(BUF).exists(), reason="buf is not installed (buf-bin of the dev group)"
)


@pytest.fixture(scope="module")
def curl(tmp_path_factory, policies):
    """curl(method, *requests): exit code, the JSON answers, standard error and standard output."""
    running = Running(Settings(address="127.0.0.1:0", data=tmp_path_factory.mktemp("buf"), workers=1))
    found(running, policies)

    def call(method, *requests, options=()):
        url = f"http://{running.address}/{method}"
        command = [BUF, "curl", "--protocol", "grpc", "--http2-prior-knowledge", *options]
        data = ["--data", "@-"] if requests else []
        given = "\n".join(json.dumps(MessageToDict(r)) for r in requests)
        done = subprocess.run(
            [*command, *data, url], input=given, capture_output=True, text=True, timeout=120, check=False
        )
        decoder, text, answers = json.JSONDecoder(), done.stdout.strip(), []
        while text.startswith("{"):
            answer, end = decoder.raw_decode(text)
            answers.append(answer)
            text = text[end:].strip()
        return done.returncode, answers, done.stderr, done.stdout

    yield call
    running.close()


def test_reflection_lists_the_services(curl):
    """
    With their methods.
    """
    code, _, _, printed = curl("", options=("--list-methods",))

    assert 0 == code
    assert "decision_service.v1.DecisionService/Decide" in printed
    assert "google.longrunning.Operations/GetOperation" in printed


def test_a_decision(curl, example):
    """
    A unary call, request and response as JSON.
    """
    code, (answer,), _, _ = curl("decision_service.v1.DecisionService/Decide", judgement(example, "buf"))

    assert 0 == code
    assert answer["decision"]["name"].startswith("decisions/")
    assert "buf" == answer["decision"]["requestId"]


def test_a_stream(curl, example):
    """
    Progress and, last, the decision.
    """
    from decision_service.v1 import solve_service_pb2

    request = solve_service_pb2.WatchDecideRequest(decide=wish(example, request_id="stream"))
    code, answers, _, _ = curl("decision_service.v1.SolveService/WatchDecide", request)

    assert 0 == code
    assert "decided" in answers[-1]
    assert all("progress" in answer for answer in answers[:-1])


def test_a_stream_of_ours(curl, example):
    """
    A snapshot in two pieces; a decision on it by its digest alone.
    """
    from decision_service.v1 import solve_service_pb2

    raw = example.SerializeToString()
    pieces = [solve_service_pb2.UploadSnapshotRequest(piece=p) for p in (raw[:1000], raw[1000:])]
    _, (kept,), _, _ = curl("decision_service.v1.SolveService/UploadSnapshot", *pieces)
    request = judgement(example, "by-digest")
    request.ClearField("snapshot")
    request.snapshot_digest = kept["snapshotDigest"]
    code, (answer,), _, _ = curl("decision_service.v1.DecisionService/Decide", request)

    assert 0 == code
    assert kept["snapshotDigest"] == answer["decision"]["lineage"]["snapshotDigest"]


def test_error_details(curl, example):
    """
    The code as exit code (eight times it) and name, the field that is wrong in the details.
    """
    request = judgement(example, "")
    code, _, error, _ = curl("decision_service.v1.DecisionService/Decide", request)
    said = json.loads(error[error.index("{") :])

    assert 8 * 3 == code
    assert "invalid_argument" == said["code"]
    assert {"google.rpc.ErrorInfo", "google.rpc.BadRequest"} <= {d["type"] for d in said["details"]}
    assert "request_id" in error
