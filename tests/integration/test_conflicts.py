"""Conflicts through the service: settled, confirmed by durable-rules, logged, shown, replayed."""

import pytest

from decision_service.cli.decisions import SERVICE as DECISIONS
from decision_service.v1 import decision_service_pb2 as pb
from decision_service.v1 import planning_pb2


@pytest.fixture(scope="module")
def request_of_rivals():
    """Two centres that want 60 each of a supplier that has 100 a week."""
    snapshot = planning_pb2.Snapshot(as_of="2026-11-30", bucket_days=7, horizon=4)
    snapshot.suppliers.add(id="ACME")
    resource = planning_pb2.RESOURCE_KIND_SUPPLIER
    snapshot.resources.add(id="VOLUME", kind=resource, supplier="ACME", capacity=100)
    for item, place, abc in (("I", "DC1", "B"), ("J", "DC2", "A")):
        stage = f"{item}@{place}"
        snapshot.items.add(id=item, value=10, abc=abc)
        snapshot.locations.add(id=place, kind=planning_pb2.LOCATION_KIND_DC, region="EMEA")
        snapshot.stages.add(id=stage, item=item, location=place)
        lane = snapshot.lanes.add(
            id=f"BUY:{stage}", kind=planning_pb2.LANE_KIND_PURCHASE, stage=stage, supplier="ACME",
            unit_cost=10, fixed_cost=1,
        )  # fmt: skip
        lane.uses.add(resource="VOLUME", per_unit=1)
        snapshot.demands.add(stage=stage, kind=planning_pb2.DEMAND_KIND_BACKORDER, mean=[60] * 4, std=[0] * 4)
    return pb.DecideRequest(request_id="rivals", snapshot=snapshot)


@pytest.fixture(scope="module")
def decision(governed, request_of_rivals):
    return governed.call(DECISIONS, "Decide", request_of_rivals).decision


def test_the_decision_records_who_competed_and_who_won(decision):
    """
    Competitors, winner, precedence and amounts are in the record.
    """
    conflict = next(c for c in decision.conflicts if c.subject == "VOLUME in bucket 0")

    assert ("SUPPLIER_CAPACITY", "item.abc") == (conflict.kind, conflict.precedence)
    assert conflict.winner.startswith("BUY:J@DC2")
    assert ["WINS", "REDUCED"] == [share.award for share in conflict.shares]
    assert conflict.available == sum(share.granted for share in conflict.shares) == 100.0
    assert not [e for e in decision.exceptions if e.kind == "JOINS_UNCONFIRMED"]


def test_the_rule_that_settled_it_can_be_asked_for(governed, decision):
    """
    `decisions list --rule` knows join rules like rows of tables.
    """
    request = pb.ListDecisionsRequest(rule="rivals-for-supplier-capacity")

    assert decision.name in [d.name for d in governed.call(DECISIONS, "ListDecisions", request).decisions]


def test_it_replays_to_the_same_bytes(governed, decision):
    """
    Rounds of re-planning, joins and confirmation included.
    """
    replayed = governed.call(DECISIONS, "ReplayDecision", pb.ReplayDecisionRequest(name=decision.name))

    assert pb.REPLAY_OUTCOME_IDENTICAL == replayed.outcome, replayed.differences


def test_a_doubt_refers_everything_and_replays_too(governed, request_of_rivals, monkeypatch):
    """
    An engine that does not confirm: no order is approved; a replay is told of the doubt and agrees.
    """
    monkeypatch.setattr(
        type(governed.app.confirmer), "doubt", lambda *_: "DISAGREED [engine: 0] [matcher: 1]"
    )
    doubtful = pb.DecideRequest()
    doubtful.CopyFrom(request_of_rivals)
    doubtful.request_id = "doubtful"
    decision = governed.call(DECISIONS, "Decide", doubtful).decision
    monkeypatch.undo()
    replayed = governed.call(DECISIONS, "ReplayDecision", pb.ReplayDecisionRequest(name=decision.name))

    assert {"supply-governance"} == {order.role for order in decision.orders}
    assert "DISAGREED [engine: 0] [matcher: 1]" in [e.message for e in decision.exceptions]
    assert pb.REPLAY_OUTCOME_IDENTICAL == replayed.outcome, replayed.differences
