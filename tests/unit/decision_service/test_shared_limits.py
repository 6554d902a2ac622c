"""Room, rates and cost tables of a snapshot in the planning of a decision."""

from datetime import date

from decision_service.facts import SnapshotFacts
from decision_service.usecases.planning import Work, plan
from optimization.network import (
    Demand,
    Item,
    Lane,
    LaneKind,
    Location,
    Resource,
    ResourceKind,
    ResourceUse,
    Snapshot,
    Stage,
    StorageCapacity,
    Supplier,
)
from optimization.parameters import PlanningParameters


def planned(room=None, weekly=None, table=()):
    """A bought item at one depot, 70 a week, as a decision plans it."""
    resources = () if weekly is None else (Resource("dock", ResourceKind.SUPPLIER, capacity=weekly),)
    uses = () if weekly is None else (ResourceUse("dock", 1.0),)
    storage = () if room is None else (StorageCapacity("", room),)
    snapshot = Snapshot(
        date(2026, 11, 23),
        horizon=4,
        items=(Item("x", volume=1.0, value=5.0),),
        locations=(Location("depot", storage=storage),),
        suppliers=(Supplier("acme"),),
        stages=(Stage("x@depot", "x", "depot", cost_table=table),),
        lanes=(Lane("buy", LaneKind.PURCHASE, "x@depot", supplier="acme", lead_time=4.0, unit_cost=5.0, uses=uses),),
        resources=resources,
        demands=(Demand("x@depot", mean=(70.0,), std=(28.0,)),),
    )  # fmt: skip
    return plan(SnapshotFacts(snapshot), PlanningParameters(), Work())


def test_a_decision_names_the_room_and_the_rate_that_no_safety_stock_can_keep():
    """
    Both give way in findings, which a decision answers as its exceptions.
    """
    found = {(f.kind, f.subject) for f in planned(room=1.0, weekly=60.0).findings}

    assert {("STORAGE", "depot"), ("CAPACITY", "dock")} <= found


def test_a_decision_holds_more_where_supply_is_scarce_and_costs_what_its_table_says():
    """
    The stock of the worst spell, and the table's money instead of rate x value x stock.
    """
    free, scarce = planned().placement.stocks[0], planned(weekly=77.0).placement.stocks[0]

    assert free.safety_stock < scarce.safety_stock
    assert 7.0 == planned(table=(0.0, 0.0, 0.0, 0.0, 7.0)).placement.stocks[0].cost
