"""Manual mode over the wire: stamped, explained, replayed, and left by two people only."""

import asyncio
import shutil
from dataclasses import replace

import grpc
import pytest

from decision_service.api import convert
from decision_service.cli.decisions import SERVICE as DECISIONS
from decision_service.cli.manual import SERVICE as MANUAL
from decision_service.decision import Caller, DecisionMode, DecisionRequest, Fallback
from decision_service.errors import MovedError
from decision_service.usecases.effort import ALL_IT_TAKES
from decision_service.usecases.recent_outcomes import RecentOutcomes
from decision_service.v1 import decision_pb2, decision_service_pb2, manual_service_pb2
from optimization.network import Snapshot

OLD, NEW = "releases/replenishment@1.0.0", "releases/replenishment@1.1.0"
OTTO, PIA = {"actor": "otto.lang", "roles": "operator"}, {"actor": "pia.holm", "roles": "operator"}


@pytest.fixture(scope="module")
def two_releases(governed, root, tmp_path_factory):
    """1.1.0 governs; before it 1.0.0 did."""
    folder = tmp_path_factory.mktemp("policies") / "replenishment"
    shutil.copytree(root / "policies" / "replenishment", folder)
    shutil.copy(root / "policies" / "charter.yaml", folder)
    header = folder / "policy.yaml"
    header.write_text(header.read_text().replace("version: 1.0.0", "version: 1.1.0"))
    governed.govern(folder)
    return governed


def decide(service, example, number, **given):
    request = decision_service_pb2.DecideRequest(request_id=f"m{number}", snapshot=example, **given)
    return service.call(DECISIONS, "Decide", request, roles="erp").decision


def fall_back(service, rung=0, scope=None, **who):
    request = manual_service_pb2.FallBackRequest(rung=rung, reason="odd orders", scope=scope)
    return service.call(MANUAL, "FallBack", request, **(who or OTTO)).mode


def leave(service, scope=None):
    ask = manual_service_pb2.AskToLeaveRequest(reason="looked at it", scope=scope)
    service.call(MANUAL, "AskToLeave", ask, **OTTO)
    service.call(
        MANUAL, "ConfirmLeave", manual_service_pb2.ConfirmLeaveRequest(reason="so did I", scope=scope), **PIA
    )


def replay(service, name):
    request = decision_service_pb2.ReplayDecisionRequest(name=name)
    return service.call(DECISIONS, "ReplayDecision", request, roles="auditor").outcome


def test_every_rung_is_stamped_and_replayed(two_releases, example):
    """
    Last good release, reorder points, hold: stamped on the decision, and again the same when replayed after leaving.
    """
    service, made = two_releases, []
    for number in range(3):
        fall_back(service)
        made.append(decide(service, example, number, release=NEW))  # a pin does not undo it
    leave(service)
    after = decide(service, example, 3, mode=decision_pb2.DECISION_MODE_JUDGE)
    identical = decision_service_pb2.REPLAY_OUTCOME_IDENTICAL

    assert ["LAST_GOOD", "REORDER_POINTS", "HOLD"] == [
        decision_pb2.Fallback.Name(d.lineage.fallback).removeprefix("FALLBACK_") for d in made
    ]
    assert {OLD} == {d.lineage.release for d in made}
    assert ["orders" in [r.name for r in d.reports] for d in made] == [True, False, False]
    assert [True, True, False] == [bool(d.orders) for d in made]
    assert (decision_pb2.VERDICT_REJECTED, "HOLD") == (made[2].verdict, made[2].reasons[0].row)
    assert (NEW, decision_pb2.FALLBACK_NONE) == (after.lineage.release, after.lineage.fallback)
    assert [identical] * 3 == [replay(service, d.name) for d in made]


def test_orders_by_reorder_points_are_judged_and_explained(two_releases, example):
    """
    The rules speak as ever; the explanation names the mode, the position, the point and the target.
    """
    fall_back(two_releases, decision_pb2.FALLBACK_REORDER_POINTS)
    made = decide(two_releases, example, 10)
    leave(two_releases)
    order = made.orders[0]
    request = decision_service_pb2.ExplainOrderRequest(name=made.name, order=order.id)
    answers = {a.question: a.answer for a in two_releases.call(DECISIONS, "ExplainOrder", request).answers}

    assert all(o.reasons and o.disposition for o in made.orders)
    assert "REORDER_POINTS" in answers["in which mode"]
    assert "at or below the reorder point" in answers["why this order"]
    assert "up to" in answers["why this much"]
    assert "who must approve" in answers


def test_one_scope_falls_back_and_the_rest_does_not(two_releases, example):
    """
    The north holds; a decision for the south is made as ever.
    """
    north, south = decision_pb2.Scope(region="north"), decision_pb2.Scope(region="south")
    fall_back(two_releases, decision_pb2.FALLBACK_HOLD, north)
    judged = {"mode": decision_pb2.DECISION_MODE_JUDGE}
    held = decide(two_releases, example, 20, scope=north, **judged)
    free = decide(two_releases, example, 21, scope=south, **judged)
    leave(two_releases, north)

    assert [decision_pb2.FALLBACK_HOLD, decision_pb2.FALLBACK_NONE] == [
        d.lineage.fallback for d in (held, free)
    ]


def test_a_decision_in_flight_when_the_mode_changes_is_refused(two_releases, example):
    """
    Held while it was being decided: nothing is logged, asked again it is decided on the rung that stands.
    """
    decide_, size = two_releases.app._deciding(), 0

    async def meanwhile(*given, **more):
        nonlocal size
        fall_back(two_releases, decision_pb2.FALLBACK_HOLD)
        size = two_releases.app.ledger.size
        return await decide_.within(ALL_IT_TAKES)(*given, **more)

    request = DecisionRequest("in-flight", convert.parse(example, Snapshot), DecisionMode.JUDGE)
    slow = replace(decide_, within=lambda _: meanwhile, outcomes=RecentOutcomes())  # nothing is remembered
    with pytest.raises(MovedError, match="manual mode changed"):
        asyncio.run(slow(request, Caller("erp-1")))
    after = two_releases.app.ledger.size
    again = asyncio.run(decide_(request, Caller("erp-1"))).decision
    leave(two_releases)

    assert size == after
    assert Fallback.HOLD == again.lineage.fallback


def test_leaving_alone_is_refused_and_changes_nothing(two_releases):
    """
    PERMISSION_DENIED for whoever asked; the mode stands until another person confirms.
    """
    fall_back(two_releases, decision_pb2.FALLBACK_HOLD)
    two_releases.call(MANUAL, "AskToLeave", manual_service_pb2.AskToLeaveRequest(reason="fixed"), **OTTO)
    confirm = manual_service_pb2.ConfirmLeaveRequest(reason="fixed")
    with pytest.raises(grpc.RpcError) as refused:
        two_releases.call(MANUAL, "ConfirmLeave", confirm, **OTTO)
    listed = two_releases.call(
        MANUAL, "ListManualModes", manual_service_pb2.ListManualModesRequest(), roles="auditor"
    )
    two_releases.call(MANUAL, "ConfirmLeave", confirm, **PIA)
    kinds = [e.kind for e in two_releases.app.ledger.by_subject("manual/*")][-3:]

    assert grpc.StatusCode.PERMISSION_DENIED == refused.value.code()
    assert [("otto.lang", decision_pb2.FALLBACK_HOLD)] == [(m.asked_by, m.rung) for m in listed.modes]
    assert ["manual-entered.v1", "manual-leave-asked.v1", "manual-left.v1"] == kinds


@pytest.mark.parametrize(
    ("method", "request_", "code"),
    [
        ("FallBack", manual_service_pb2.FallBackRequest(), grpc.StatusCode.INVALID_ARGUMENT),
        (
            "FallBack",
            manual_service_pb2.FallBackRequest(reason="x", rung=99),
            grpc.StatusCode.INVALID_ARGUMENT,
        ),
        ("AskToLeave", manual_service_pb2.AskToLeaveRequest(reason="x"), grpc.StatusCode.FAILED_PRECONDITION),
        (
            "ConfirmLeave",
            manual_service_pb2.ConfirmLeaveRequest(reason="x"),
            grpc.StatusCode.FAILED_PRECONDITION,
        ),
    ],
)
def test_bad_requests_are_refused(two_releases, method, request_, code):
    """
    Without a reason, with an unknown rung, of a scope that is not in manual mode.
    """
    with pytest.raises(grpc.RpcError) as refused:
        two_releases.call(MANUAL, method, request_, **OTTO)

    assert code == refused.value.code()


@pytest.mark.parametrize("role", ["erp", "planner", "auditor"])
def test_the_switch_is_for_operators_and_governance(two_releases, role):
    """
    Nobody else falls back, asks or confirms.
    """
    for method, request in (
        ("FallBack", manual_service_pb2.FallBackRequest(reason="x")),
        ("AskToLeave", manual_service_pb2.AskToLeaveRequest(reason="x")),
        ("ConfirmLeave", manual_service_pb2.ConfirmLeaveRequest(reason="x")),
    ):
        with pytest.raises(grpc.RpcError) as refused:
            two_releases.call(MANUAL, method, request, roles=role)
        assert grpc.StatusCode.PERMISSION_DENIED == refused.value.code()


def test_from_the_command_line(two_releases):
    """
    Fall back, look, ask, confirm: sentences and a table, exit code 2 for what makes no sense.
    """
    from click.testing import CliRunner

    from decision_service import cli

    def call(*arguments):
        return CliRunner().invoke(
            cli.load(), ["manual", *arguments, "--address", two_releases.server.address]
        )

    down = call("fall-back", "--scope", "region:north", "--reason", "flood", "--as", "otto.lang")
    shown = call("show")
    asked = call("leave", "--scope", "region:north", "--reason", "dry", "--as", "otto.lang")
    alone = call("confirm", "--scope", "region:north", "--reason", "dry", "--as", "otto.lang")
    left = call("confirm", "--scope", "region:north", "--reason", "dry", "--as", "pia.holm")
    nowhere = call("leave", "--scope", "region:atlantis", "--reason", "dry")

    assert f"region:north is in manual mode LAST_GOOD, decided under {OLD}\n" == down.output
    assert "flood" in shown.output
    assert "otto.lang asks for the way out; another person confirms" in asked.output
    assert (2, "region:north has left manual mode\n", 2) == (alone.exit_code, left.output, nowhere.exit_code)
    assert "nothing is in manual mode" in call("show").output
