"""The adoption report over gRPC and at the command line."""

import json
import time

import grpc
import pytest
from click.testing import CliRunner

from decision_service.api.server import SERVICES
from decision_service.cli import load
from decision_service.v1 import approval_service_pb2 as approvals
from decision_service.v1 import decision_pb2
from decision_service.v1 import decision_service_pb2 as decisions
from decision_service.v1 import report_service_pb2 as reports

BY_NAME = {s.name: s for s in SERVICES}
BEANS, GRINDER = "BUY:BEANS-1KG:DC-NORTH:HANDELSHOF", "BUY:GRINDER:DC-NORTH:HANDELSHOF"


def call(service, method, request, actor="otto", roles=""):
    name, _, rpc = method.partition("/")
    return service.call(BY_NAME[name], rpc, request, actor, roles)


def decide(service, example, lane, quantity):
    request = decisions.DecideRequest(
        request_id=f"adoption-{time.monotonic_ns()}", snapshot=example, mode=decision_pb2.DECISION_MODE_JUDGE
    )
    request.proposals.add(id="O1", lane=lane, quantity=quantity)
    made = call(service, "DecisionService/Decide", request, "erp-1", "erp").decision
    return approvals.OrderRef(decision=made.name, order="O1")


@pytest.fixture(scope="module")
def used(governed, example):
    """Two managers sign, three planners change: five people in all."""
    for one in ("lars.moen", "maria.silva"):
        ref = decide(governed, example, BEANS, 3000.0)
        signing = approvals.JudgeOrdersRequest(action="JUDGE_ACTION_APPROVE", orders=[ref])
        call(governed, "ApprovalService/JudgeOrders", signing, one)
    for one in ("dev.patel", "elif.kaya", "femi.ade"):
        ref = decide(governed, example, GRINDER, 40.0)
        change = approvals.OverrideOrderRequest(
            order=ref, quantity=60.0, reason_code="LOCAL_KNOWLEDGE", playbook_step=1
        )
        call(governed, "ApprovalService/OverrideOrder", change, one)
    return governed


@pytest.fixture
def decisionctl(used):
    def run(*arguments):
        done = CliRunner().invoke(load(), [*arguments, "--address", used.server.address])
        return done.exit_code, done.stdout

    return run


def test_adoption_is_printed_and_drawn(decisionctl, tmp_path):
    """
    What five people did together is told, by which reason three of them changed orders is not. Bars in
    the terminal, a picture on request.
    """
    picture = tmp_path / "adoption.svg"
    code, shown = decisionctl("report", "adoption", "--segment", "location", "--picture", str(picture))
    found = json.loads(decisionctl("report", "adoption", "--json")[1])

    assert 0 == code
    assert ("40 %" in shown, "60 %" in shown) == (True, True)
    assert "fewer than 5 people: held back" in shown
    assert "█" * 16 + "▒" * 24 in shown
    assert picture.read_text().startswith("<?xml")
    assert "5" == found["total"]["figures"]["answered"]
    assert {True} == {group["is_suppressed"] for group in found["reasons"]}
    assert "dev.patel" not in shown + json.dumps(found)


@pytest.mark.parametrize(
    "wrong",
    [
        ("--release", "replenishment"),
        ("--scope", "moon"),
        ("--segment", "planner"),
        ("--picture", "adoption.gif"),
        ("--since", "2026-12-02", "--until", "2026-12-01"),
        ("--since", "yesterday"),
    ],
)
def test_bad_questions_are_refused(decisionctl, wrong):
    """
    Exit code 2, whatever it is: a segment that is a person least of all.
    """
    assert 2 == decisionctl("report", "adoption", *wrong)[0]


def test_unknown_releases_and_forged_roles(used):
    """
    A release that does not exist; a role that reads no reports.
    """
    with pytest.raises(grpc.RpcError) as unknown:
        call(used, "ReportService/GetAdoption", reports.GetAdoptionRequest(release="releases/no@1.0.0"))
    with pytest.raises(grpc.RpcError) as forged:
        call(used, "ReportService/GetAdoption", reports.GetAdoptionRequest(), "erp-1", "erp")

    assert grpc.StatusCode.NOT_FOUND == unknown.value.code()
    assert grpc.StatusCode.PERMISSION_DENIED == forged.value.code()
