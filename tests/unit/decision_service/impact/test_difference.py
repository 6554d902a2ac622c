"""Figures of an outcome, and what became of its orders."""

from dataclasses import replace
from datetime import date

import pytest

from decision_service.decision import Disposition, JudgedOrder, Outcome, Verdict
from decision_service.facts import SnapshotFacts
from decision_service.usecases.impact.difference import Difference, Flipped, Side, flips, quantities_changed
from decision_service.usecases.impact.summary import summarise
from decision_service.usecases.projection import Projection
from optimization.network import Demand, DemandKind, Item, LaneKind, Location, Snapshot, Stage

DAY = date(2026, 11, 30)
A, R, B = Disposition.APPROVED, Disposition.REFERRED, Disposition.BLOCKED
SIDE = Side(Verdict.APPROVED, 1, 100.0, 50.0, 0.9, 2, 10)


def order(id_, disposition=A, cost=10.0, quantity=1.0):
    return JudgedOrder(
        id_, "L", LaneKind.PURCHASE, "S", "I", "P", quantity, quantity, DAY, DAY, 0, 0, cost, disposition
    )


def outcome(*orders):
    return Outcome(Verdict.REFERRED, orders=orders)


def difference(name, **given):
    return replace(Difference(f"decisions/{name}", name, "releases/x@1.0.0", SIDE, SIDE), **given)


def test_orders_are_counted_by_what_became_of_them():
    """
    Flipped, only then, only now, and unchanged; money is of the order now, or then.
    """
    before = outcome(order("a"), order("b", R), order("gone", B, 7.0), order("same"))
    after = outcome(
        order("a", R, 11.0), order("b", A, 12.0), order("new", A, 5.0), order("same", quantity=2.0)
    )

    assert {
        Flipped("", "APPROVED", 1, 5.0),
        Flipped("APPROVED", "APPROVED", 1, 10.0),
        Flipped("APPROVED", "REFERRED", 1, 11.0),
        Flipped("BLOCKED", "", 1, 7.0),
        Flipped("REFERRED", "APPROVED", 1, 12.0),
    } == set(flips(before, after))
    assert 1 == quantities_changed(before, after)


def test_a_decision_is_the_same_only_in_every_part():
    """
    Verdict, dispositions and quantities; a failure is no sameness.
    """
    unchanged = (Flipped("APPROVED", "APPROVED", 3, 30.0),)

    assert difference("a", flips=unchanged).is_same
    assert not difference("a", flips=(*unchanged, Flipped("", "BLOCKED", 1, 1.0))).is_same
    assert not difference("a", quantities_changed=1).is_same
    assert not difference("a", after=replace(SIDE, verdict=Verdict.REFERRED)).is_same
    assert not difference("a", after=None, problem="gone").is_same


def test_the_sum_does_not_depend_on_the_order():
    """
    Differences arrive as workers finish.
    """
    all_ = [
        difference(str(n), flips=(Flipped("APPROVED", "REFERRED", n, 10.0 * n),)) for n in range(1, 6)
    ] + [difference("x", after=None, problem="lost")]

    assert summarise("r", "d", all_) == summarise("r", "d", reversed(all_))


def test_the_worst_are_those_that_failed_and_then_those_that_weigh_most():
    """
    At most ten, with what changed in each.
    """
    all_ = [
        difference(
            f"{n:02}",
            after=replace(SIDE, spend=100.0 + n, service=0.8),
            flips=(Flipped("APPROVED", "BLOCKED", 1, 1.0),),
        )
        for n in range(1, 15)
    ]
    found = summarise(
        "r", "d", [*all_, difference("bad", after=None, problem="no such lane"), difference("ok")]
    )

    assert ["decisions/bad", "decisions/14", "decisions/13"] == [c.decision for c in found.worst[:3]]
    assert 10 == len(found.worst)
    assert ("no such lane", None) == (found.worst[0].problem, found.worst[0].verdict_after)
    assert (14.0, pytest.approx(-0.1), 1) == (
        found.worst[1].spend_change,
        found.worst[1].service_change,
        found.worst[1].flipped,
    )
    assert (16, 1, 1, 0) == (found.decisions, found.unchanged, found.failed, found.verdicts_changed)


def test_figures_are_of_the_same_decisions_on_both_sides():
    """
    What failed is left out of both; service and stock are means over what was planned.
    """
    worse = replace(SIDE, spend=80.0, service=0.7, stock=30.0, exceptions=5, work=99)
    judged = replace(SIDE, service=None, stock=0.0)
    found = summarise(
        "r",
        "d",
        [
            difference("a", after=worse, seconds=2.0),
            difference("b", before=judged, after=judged),
            difference("c", after=None, problem="x"),
        ],
    )
    figures = {f.name: (f.before, f.after) for f in found.figures}

    assert (200.0, 180.0) == figures["spend"]
    assert (0.9, 0.7) == figures["projected service, mean"]
    assert (50.0, 30.0) == figures["projected stock, mean"]
    assert (4, 7) == figures["exceptions"]
    assert (0.0, 2.0) == figures["seconds a decision, mean"]


@pytest.mark.parametrize(
    ("kind", "on_hand", "expected"),
    [
        (DemandKind.BACKORDER, 25.0, 1 - (5 + 10) / 40),  # late in buckets 2 and 3
        (DemandKind.LOST_SALE, 25.0, 1 - (5 + 10) / 40),
        (DemandKind.BACKORDER, 100.0, 1.0),
        (DemandKind.BACKORDER, 0.0, 0.0),
    ],
)
def test_service_is_the_share_served_in_its_own_bucket(kind, on_hand, expected):
    """
    Ten a bucket, nothing ordered: first come, first served from what is there.
    """
    snapshot = Snapshot(
        as_of=DAY,
        horizon=4,
        items=(Item("I", value=2.0),),
        locations=(Location("P"),),
        stages=(Stage("S", "I", "P", on_hand=on_hand),),
        demands=(Demand("S", kind=kind, mean=(10.0,) * 4, std=(0.0,) * 4),),
    )
    projection = Projection(SnapshotFacts(snapshot), (), frozenset({"S"}))

    assert expected == pytest.approx(projection.service())


def test_stock_is_worth_what_lies_there_on_average():
    """
    20 on hand, 10 a bucket, worth 2 each: 10 and nothing, of which the mean.
    """
    snapshot = Snapshot(
        as_of=DAY,
        horizon=2,
        items=(Item("I", value=2.0),),
        locations=(Location("P"),),
        stages=(Stage("S", "I", "P", on_hand=20.0),),
        demands=(Demand("S", mean=(10.0, 10.0), std=(0.0, 0.0)),),
    )

    assert 10.0 == Projection(SnapshotFacts(snapshot), (), frozenset({"S"})).value()
