"""Automatic rollback over the wire: a real service, a clock set by hand, decisions of the bundled example."""

import shutil
import time
from datetime import UTC, datetime, timedelta

import grpc
import pytest

from decision_service.cli.decisions import SERVICE as DECISIONS
from decision_service.cli.guard import SERVICE as GUARD
from decision_service.cli.rollback import SERVICE as ROLLBACK
from decision_service.v1 import (
    decision_pb2,
    decision_service_pb2,
    guard_service_pb2,
    rollback_service_pb2,
)

LANE = "BUY:BEANS-1KG:DC-NORTH:HANDELSHOF"
OLD, NEW = "releases/replenishment@1.0.0", "releases/replenishment@1.1.0"


class Clock:
    at = datetime(2026, 11, 30, 8, tzinfo=UTC)

    def __call__(self):
        return self.at


@pytest.fixture(scope="module")
def clock():
    return Clock()


@pytest.fixture(scope="module")
def running(start_service, root, tmp_path_factory, clock):
    """Thirty-two days under the shipped release, then 1.1.0 takes over."""
    service = start_service(tmp_path_factory.mktemp("service"), clock)
    service.govern(root / "policies" / "replenishment")
    yield service
    service.close()


def ask(service, example, clock, number, quantity):
    request = decision_service_pb2.DecideRequest(
        request_id=f"r{number}", snapshot=example, mode=decision_pb2.DECISION_MODE_JUDGE
    )
    request.proposals.add(id="P", lane=LANE, quantity=quantity)
    answer = service.call(DECISIONS, "Decide", request, roles="erp").decision
    clock.at += timedelta(days=1)
    return answer


def watches(service, **caller):
    return service.call(GUARD, "ListWatches", guard_service_pb2.ListWatchesRequest(), **caller)


def test_a_worse_release_is_rolled_back_by_the_running_service(running, root, tmp_path, example, clock):
    """
    Half as much again: within ten days the release before governs again, the scope is frozen, a plan waits.
    """
    for day in range(32):
        ask(running, example, clock, day, 100.0 + 10 * (day % 5))
    folder = tmp_path / "replenishment"
    shutil.copytree(root / "policies" / "replenishment", folder)
    shutil.copy(root / "policies" / "charter.yaml", folder)
    header = folder / "policy.yaml"
    header.write_text(header.read_text().replace("version: 1.0.0", "version: 1.1.0"))
    running.govern(folder)
    for day in range(10):
        assert NEW == ask(running, example, clock, 100 + day, 200.0).lineage.release
        found = watches(running)
        if found.trips or found.watches[0].standing == guard_service_pb2.WATCH_STANDING_TRIP:
            break
    for _ in range(100):
        found = watches(running)
        if found.trips and found.trips[0].state == guard_service_pb2.TRIP_STATE_OPEN:
            break
        time.sleep(0.1)
    (trip,) = found.trips
    plans = running.call(ROLLBACK, "ListRollbacks", rollback_service_pb2.ListRollbacksRequest()).rollbacks
    with pytest.raises(grpc.RpcError) as frozen:
        ask(running, example, clock, 200, 100.0)

    assert (NEW, OLD, "order_value", "TEST") == (trip.release, trip.to, trip.indicator, trip.cause)
    assert [(trip.rollback, "decision-service")] == [(p.name, p.planned_by) for p in plans]
    assert [("*", trip.rollback)] == [(f.scope, f.by) for f in found.frozen]
    assert grpc.StatusCode.FAILED_PRECONDITION == frozen.value.code()
    assert 1 <= day <= 9


def test_a_person_thaws_and_decisions_go_on(running, example, clock):
    """
    Thawed with a reason, the scope decides again, under the release before.
    """
    request = guard_service_pb2.ThawScopeRequest(reason="looked at it")
    by = running.call(GUARD, "ThawScope", request, actor="otto.lang", roles="operator").by

    assert by.startswith("rollbacks/")
    assert OLD == ask(running, example, clock, 201, 100.0).lineage.release
    assert [] == list(watches(running).frozen)


def test_the_switch_from_the_command_line(running, tmp_path):
    """
    Off and on with a table, JSON, and exit code 2 for what makes no sense.
    """
    import json

    from click.testing import CliRunner

    from decision_service import cli

    def call(*arguments):
        return CliRunner().invoke(cli.load(), ["guard", *arguments, "--address", running.server.address])

    off = call("off", "--scope", "region:north", "--reason", "stock-taking")
    shown, found = call("watch"), json.loads(call("watch", "--json").stdout)
    again = call("off", "--scope", "region:north", "--reason", "twice")
    unknown = call("off", "--scope", "planet:mars", "--reason", "x")
    on = call("on", "--scope", "region:north", "--reason", "done")
    warm = call("thaw", "--reason", "not frozen")

    assert (0, "the guard of region:north is off\n") == (off.exit_code, off.output)
    assert "switched off for region:north by" in shown.output
    assert ["region:north"] == [s["scope"] for s in found["switched_off"]]
    assert "TEST" == found["trips"][0]["cause"]
    assert [2, 2, 0, 2] == [r.exit_code for r in (again, unknown, on, warm)]


@pytest.mark.parametrize("role", ["erp", "planner", "auditor"])
def test_the_switch_is_for_operators_and_governance(running, role):
    """
    Others are refused, and everyone may look.
    """
    request = guard_service_pb2.SwitchGuardRequest(reason="no")
    with pytest.raises(grpc.RpcError) as refused:
        running.call(GUARD, "SwitchGuard", request, roles=role)

    assert grpc.StatusCode.PERMISSION_DENIED == refused.value.code()
    assert 1 == len(watches(running, roles=role).trips)


def test_without_a_reason_nothing_is_switched(running):
    """
    The log wants to know why.
    """
    with pytest.raises(grpc.RpcError) as refused:
        running.call(GUARD, "SwitchGuard", guard_service_pb2.SwitchGuardRequest())

    assert grpc.StatusCode.INVALID_ARGUMENT == refused.value.code()
