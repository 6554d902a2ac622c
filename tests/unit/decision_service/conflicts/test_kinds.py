"""The six conflicts that the shipped rules know, each in the smallest network that has it."""

import pytest

from decision_service.decision import Disposition
from optimization.network import ResourceKind


def ordered(outcome, lane, bucket=0):
    """Quantity of a lane in a bucket."""
    return sum(o.quantity for o in outcome.orders if o.lane == lane and o.order_bucket == bucket)


def award(conflict):
    return {share.order: (share.wanted, share.granted, share.award) for share in conflict.shares}


@pytest.fixture
def rivals(network):
    """Two centres that want 60 each of a supplier that has 100 a week."""
    uses = network.scarce("ACME-VOLUME", 100.0, supplier="ACME")
    for item, place, abc in (("I", "DC1", "B"), ("J", "DC2", "A")):
        stage = network.stage(item, place, abc=abc, weekly=60.0)
        network.buy(stage, uses=uses)
    return network


def test_supplier_capacity_goes_to_the_first_in_precedence(rivals, decide):
    """
    The A item gets all it wants in every week; the B item is planned anew with the 40 that are left.
    """
    outcome = decide(rivals).outcome
    first = next(c for c in outcome.conflicts if c.subject == "ACME-VOLUME in bucket 0")
    winner, loser = "BUY:J@DC2:ACME@2026-11-30", "BUY:I@DC1:ACME@2026-11-30"

    assert "SUPPLIER_CAPACITY" == first.kind
    assert (winner, "item.abc", 100.0, "") == (
        first.winner,
        first.precedence,
        first.available,
        first.escalated_to,
    )
    assert first.wanted > 100.0
    assert "WINS" == award(first)[winner][2]
    assert "REDUCED" == award(first)[loser][2]
    assert award(first)[winner][1] + award(first)[loser][1] == pytest.approx(100.0)
    assert ordered(outcome, "BUY:J@DC2:ACME") >= award(first)[winner][0] - 1e-6
    assert ordered(outcome, "BUY:I@DC1:ACME") <= award(first)[loser][1] + 1e-6


def test_supplier_capacity_between_equals_is_escalated(network, decide):
    """
    Nothing tells the two apart: both orders wait for the role that the rule names.
    """
    uses = network.scarce("ACME-VOLUME", 100.0, supplier="ACME")
    for place in ("DC1", "DC2"):
        network.buy(network.stage("I", place, weekly=60.0), uses=uses)
    outcome = decide(network).outcome
    tied = [c for c in outcome.conflicts if c.kind == "SUPPLIER_CAPACITY"]

    assert tied
    assert {"regional-planning"} == {c.escalated_to for c in tied}
    assert {""} == {c.winner for c in tied}
    referred = {o.id for o in outcome.orders if o.role == "regional-planning"}
    assert referred
    assert referred <= {share.order for c in tied for share in c.shares}


def test_nothing_happens_where_there_is_enough(network, decide):
    """
    Capacity for both: no conflict, nothing referred, and planning ran once.
    """
    uses = network.scarce("ACME-VOLUME", 1000.0, supplier="ACME")
    for place in ("DC1", "DC2"):
        network.buy(network.stage("I", place, weekly=60.0), uses=uses)
    found = decide(network)

    assert () == found.outcome.conflicts
    assert {Disposition.APPROVED} == {o.disposition for o in found.outcome.orders}
    assert 1 == len(found.asked)


def test_transport_capacity_goes_to_the_first_in_precedence(network, decide):
    """
    Two items on one truck of 100: the A item rides first.
    """
    uses = network.scarce("TRUCK", 1.0, ResourceKind.TRANSPORT, unit_size=100.0, unit_cost=1.0)
    for item, abc in (("I", "B"), ("J", "A")):
        source = network.stage(item, "DC1", abc=abc, on_hand=1000.0)
        network.move(source, network.stage(item, "DC2", abc=abc, weekly=70.0), uses=uses)
    outcome = decide(network).outcome
    first = next(c for c in outcome.conflicts if c.subject == "TRUCK in bucket 0")

    assert ("TRANSPORT_CAPACITY", "item.abc", 100.0) == (first.kind, first.precedence, first.available)
    assert "MOVE:J@DC1:J@DC2@2026-11-30" == first.winner


def test_buying_what_another_ships_out_is_settled_and_planned_anew(network, decide):
    """
    DC1 buys I while DC2 of its region ships I to APAC: one of them stops, the other goes on.
    """
    network.buy(network.stage("I", "DC1", weekly=50.0))
    ship = network.move(network.stage("I", "DC2", on_hand=400.0), network.stage("I", "DC9", weekly=20.0))
    outcome = decide(network).outcome
    found = [c for c in outcome.conflicts if c.kind == "BUY_AND_SHIP"]

    assert found
    assert "order.value" == found[0].precedence  # both serve customers; the cheaper one comes first
    assert found[0].winner.startswith(ship)
    assert {"WINS", "LOSES"} == {share.award for share in found[0].shares}


def test_a_transfer_below_the_sources_corridor_goes_to_a_person(network, decide):
    """
    80 of 100 are wanted, 50 have to stay: there is no rival that precedence could prefer.
    """
    move = network.move(
        network.stage("I", "DC1", on_hand=100.0, min_stock=50.0), network.stage("I", "DC2", weekly=80.0)
    )
    outcome = decide(network, ((move, 80.0),)).outcome
    (conflict,) = outcome.conflicts

    assert ("SOURCE_BELOW_CORRIDOR", "I@DC1", 80.0, 50.0) == (
        conflict.kind,
        conflict.subject,
        conflict.wanted,
        conflict.available,
    )
    assert "regional-planning" == conflict.escalated_to
    assert (Disposition.REFERRED, "regional-planning") == (
        outcome.orders[0].disposition,
        outcome.orders[0].role,
    )


def test_transfers_that_share_what_a_source_can_spare(network, decide):
    """
    Of two transfers of an item, the one that customers wait for comes first.
    """
    source = network.stage("I", "DC1", on_hand=100.0, min_stock=40.0)
    first = network.move(source, network.stage("I", "DC2", weekly=80.0))
    second = network.move(source, network.stage("I", "DC9"))
    outcome = decide(network, ((first, 40.0), (second, 40.0))).outcome
    (conflict,) = outcome.conflicts

    assert ("P1", "service_risk", 60.0) == (conflict.winner, conflict.precedence, conflict.available)
    assert {"P1": (40.0, 40.0, "WINS"), "P2": (40.0, 20.0, "REDUCED")} == award(conflict)
    assert [Disposition.APPROVED, Disposition.REFERRED] == [o.disposition for o in outcome.orders]
    assert "20 of 40 is left for it" in outcome.orders[1].reasons[0].message


def test_a_duplicate_of_an_open_order_goes_to_a_person(network, decide):
    """
    About as much, from the same source, about then: the planner decides, nobody guesses.
    """
    stage = network.stage("I", "DC1", weekly=50.0)
    lane = network.buy(stage)
    network.open_order("PO-1", stage, lane, 100.0)
    outcome = decide(network, ((lane, 95.0), (lane, 50.0))).outcome
    (conflict,) = outcome.conflicts

    assert ("DUPLICATE", ("P1",), "PO-1") == (conflict.kind, conflict.orders, conflict.subject)
    assert [(Disposition.REFERRED, "supply-planner"), (Disposition.APPROVED, "")] == [
        (o.disposition, o.role) for o in outcome.orders
    ]


def test_what_another_regions_rules_forbid_goes_to_a_person(network, decide, banning):
    """
    DC1 buys at ACME what is passed on to APAC, where ACME is excluded.
    """
    stage = network.stage("I", "DC1")
    network.buy(stage)
    network.move(stage, network.stage("I", "DC9", weekly=50.0))
    outcome = decide(network, release=banning).outcome
    found = [c for c in outcome.conflicts if c.kind == "FORBIDDEN_ELSEWHERE"]

    assert found
    assert {"APAC I ACME"} == {c.subject for c in found}
    assert {"category-manager"} == {o.role for o in outcome.orders if o.supplier == "ACME"}
    assert () == decide(network).outcome.conflicts
