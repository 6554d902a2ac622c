"""Replay: the same bytes from the recorded inputs, in another process; what differs is said."""

import json
import subprocess
import sys
from dataclasses import replace

import pytest

from audit import canonical
from decision_service.cli.decisions import SERVICE as DECISIONS
from decision_service.decision import Outcome
from decision_service.usecases import records
from decision_service.usecases.replay import ReplayOutcome, compare
from decision_service.v1 import decision_service_pb2 as pb
from decision_service.v1 import planning_pb2

PLANS = 3  # of twenty; `tests/benchmarks/soak_replay.py` plans all of them


def varied(snapshot, number):
    """The same network on another morning."""
    changed = planning_pb2.Snapshot()
    changed.CopyFrom(snapshot)
    for place, stage in enumerate(changed.stages):
        stage.on_hand = round(stage.on_hand * (1 + 0.03 * ((number + place) % 7)), 0)
    return changed


def request(snapshot, number, plans):
    asked = pb.DecideRequest(request_id=f"r{number}", snapshot=varied(snapshot, number))
    if number >= plans:
        asked.mode = "DECISION_MODE_JUDGE"
        for lane in [lane for lane in snapshot.lanes if not lane.unit][number % 3 :: 4]:
            asked.proposals.add(id=f"p-{lane.id}", lane=lane.id, quantity=(lane.minimum or 10) + number)
    return asked


def decide_many(service, snapshot, count, plans):
    for number in range(count):
        service.call(DECISIONS, "Decide", request(snapshot, number, plans), "erp-1")


def replay_elsewhere(data):
    """All decisions of a store, replayed by the command line in a process of its own."""
    command = [sys.executable, "-m", "decision_service", "audit", "replay", "--all", "--parallel", "2"]
    found = subprocess.run(
        [*command, "--data", str(data), "--json"], capture_output=True, text=True, check=False
    )
    return found.returncode, json.loads(found.stdout)


@pytest.mark.slow
def test_twenty_of_twenty_are_identical(service, example, root, tmp_path):
    """
    The bundled example under the shipped release, on twenty mornings.
    """
    service.govern(root / "policies" / "replenishment")
    decide_many(service, example, 20, PLANS)
    service.app.close()
    code, found = replay_elsewhere(tmp_path / "data")

    assert (0, 20, 20) == (code, found["replayed"], found["identical"])
    assert 0 == found["other_engine"]


@pytest.fixture(scope="module")
def logged(governed, example):
    """A decision, and the entry that records it."""
    made = governed.call(DECISIONS, "Decide", request(example, 0, 1), "erp-1").decision
    ledger = governed.app.ledger
    entry = records.find_decision(ledger, made.name)
    return made, records.read_decision(ledger, entry), ledger.artifact(made.lineage.outcome_digest).content


def test_another_engine_is_named(governed, example, monkeypatch):
    """
    A decision that an older version made is replayed by this one, and the answer says so.
    """
    older = {**dict(records.engine()), "decision_service": "0.0.9", "highspy": "1.13.0"}
    monkeypatch.setattr(records, "engine", lambda: older)
    monkeypatch.setattr(records, "engine_bytes", lambda: canonical.encode(older))
    monkeypatch.setattr(records, "engine_digest", lambda: canonical.digest(canonical.encode(older)))
    asked = request(example, 19, 0)
    asked.request_id = "made-by-an-older-version"
    made = governed.call(DECISIONS, "Decide", asked, "erp-1").decision
    monkeypatch.undo()
    found = governed.call(DECISIONS, "ReplayDecision", pb.ReplayDecisionRequest(name=made.name))
    ours = records.engine()

    assert [
        f"decision_service: 0.0.9 then, {ours['decision_service']} now",
        f"highspy: 1.13.0 then, {ours['highspy']} now",
    ] == list(found.engine_differences)


def test_the_same_bytes_are_identical(logged):
    """
    Nothing differs, so nothing is listed.
    """
    _, recorded, content = logged

    assert (ReplayOutcome.IDENTICAL, ()) == (
        compare(recorded, content, content).outcome,
        compare(recorded, content, content).differences,
    )


def test_another_optimum_is_equivalent(logged):
    """
    Same cost, same verdict, same requirements given way, other orders: as good, and every difference is listed.
    """
    _, recorded, content = logged
    outcome = canonical.decode_object(content, Outcome)
    swapped = (replace(outcome.orders[0], quantity=outcome.orders[0].quantity + 1), *outcome.orders[1:])
    found = compare(recorded, content, canonical.encode_object(replace(outcome, orders=swapped)))

    assert ReplayOutcome.EQUIVALENT == found.outcome
    assert 1 == len(found.differences)
    assert found.differences[0].startswith("orders[0].quantity: ")


def test_another_cost_has_diverged(logged):
    """
    An objective that differs is not what was decided.
    """
    _, recorded, content = logged
    outcome = canonical.decode_object(content, Outcome)
    dearer = tuple(replace(report, objective=report.objective * 1.01) for report in outcome.reports)
    found = compare(recorded, content, canonical.encode_object(replace(outcome, reports=dearer)))

    assert ReplayOutcome.DIVERGED == found.outcome
    assert found.differences


def test_another_judgement_has_diverged(logged):
    """
    The same plan with another verdict is another decision.
    """
    _, recorded, content = logged
    outcome = canonical.decode_object(content, Outcome)
    other = "REJECTED" if outcome.verdict != "REJECTED" else "APPROVED"
    found = compare(
        recorded, content, canonical.encode_object(replace(outcome, verdict=type(outcome.verdict)(other)))
    )

    assert ReplayOutcome.DIVERGED == found.outcome
