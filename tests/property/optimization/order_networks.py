"""Small random networks with everything an order plan has to respect: the strategies of several tests."""

from datetime import date, timedelta

from hypothesis import strategies as st

from optimization.network import (
    Calendar,
    Component,
    Demand,
    DemandKind,
    Firmness,
    Item,
    Lane,
    LaneKind,
    Location,
    LocationKind,
    OrderGroup,
    Receipt,
    Resource,
    ResourceKind,
    ResourceUse,
    Snapshot,
    Stage,
    StorageCapacity,
    Supplier,
)
from optimization.parameters import PlanningParameters, RoundingStep

MONDAY = date(2026, 11, 30)
ORDERS = st.permutations(list(RoundingStep))


def _lot(draw):
    """Minimum, multiple and maximum, each perhaps; they need not fit each other."""
    multiple = draw(st.sampled_from([0.0, 1.0, 1.0, 3.0, 5.0]))
    return {
        "minimum": draw(st.sampled_from([0.0, 0.0, 4.0, 10.0])),
        "multiple": multiple,
        "maximum": draw(st.sampled_from([None, None, 8.0, 15.0])),
        "fixed_cost": draw(st.sampled_from([0.0, 3.0, 20.0])),
        "unit_cost": draw(st.sampled_from([1.0, 2.0, 5.0])),
        "lead_time": draw(st.sampled_from([0.0, 5.0, 7.0, 10.0])),
    }


def _stage(draw, name, item, location):
    low = draw(st.sampled_from([None, None, 2.0]))
    return Stage(
        name,
        item,
        location,
        added_cost=draw(st.sampled_from([1.0, 10.0])),
        holding_rate=draw(st.sampled_from([0.25, 2.0])),
        min_stock=low,
        max_stock=draw(st.sampled_from([None, None, 12.0])),
        review_period=draw(st.sampled_from([0.0, 0.0, 10.0, 14.0])),
        on_hand=float(draw(st.integers(0, 8))),
        backorders=float(draw(st.sampled_from([0, 0, 3]))),
    )


def _demand(draw, stage, horizon):
    mean = tuple(float(v) for v in draw(st.lists(st.integers(0, 7), min_size=horizon, max_size=horizon)))
    kind = draw(st.sampled_from([DemandKind.BACKORDER, DemandKind.BACKORDER, DemandKind.LOST_SALE]))
    return Demand(stage, kind, draw(st.sampled_from([None, 1.0, 4.0])), mean)


@st.composite
def shared(draw, horizon):
    """Resources that orders on a lane use, each perhaps."""
    capacity = draw(st.sampled_from([6.0, 12.0, 30.0]))
    truck = draw(st.integers(0, 2))
    every = {
        "line": (Resource("line", ResourceKind.PRODUCTION, capacity=capacity), ResourceUse("line", 1.0, 2.0)),
        "truck": (
            Resource("truck", ResourceKind.TRANSPORT, capacity=float(truck), unit_size=6.0, unit_cost=4.0),
            ResourceUse("truck", 1.0),
        ),
        "vendor": (
            Resource("vendor", ResourceKind.SUPPLIER, capacities=(capacity, 0.0), capacity=capacity),
            ResourceUse("vendor", 1.0),
        ),
        "budget": (Resource("budget", ResourceKind.BUDGET, capacity=60.0), ResourceUse("budget")),
    }
    chosen = draw(st.sets(st.sampled_from(sorted(every)), max_size=2))
    return {name: every[name] for name in sorted(chosen)}


@st.composite
def snapshots(draw):
    """One or two items, a DC, perhaps stores and a bill of materials, everything optional."""
    horizon = draw(st.integers(1, 4))
    is_made, stores = draw(st.booleans()), draw(st.integers(0, 2))
    resources = draw(shared(horizon))
    uses = tuple(use for _, use in resources.values())
    group = draw(st.sampled_from(["", "", "joint"]))
    life = draw(st.sampled_from([None, None, None, 3, 14]))
    stages = [_stage(draw, "a@dc", "a", "DC"), _stage(draw, "b@dc", "b", "DC")]
    bought = ["b@dc"] if is_made else ["a@dc", "b@dc"]
    lanes = [
        Lane(f"buy {stage} {n}", LaneKind.PURCHASE, stage, supplier="s", minimum_group=group,
             priority=draw(st.integers(0, 1)), uses=uses if not n else (), **_lot(draw))
        for stage in bought
        for n in range(draw(st.integers(1, 2)))
    ]  # fmt: skip
    if is_made:
        needs = (Component("b@dc", draw(st.sampled_from([1.0, 2.0]))),)
        lanes.append(Lane("make", LaneKind.PRODUCTION, "a@dc", components=needs, uses=uses, **_lot(draw)))
    for n in range(stores):
        stages.append(_stage(draw, f"a@{n}", "a", f"S{n}"))
        joint = draw(st.sampled_from(["", group]))
        lanes.append(
            Lane(f"move {n}", LaneKind.TRANSFER, f"a@{n}", source="a@dc", minimum_group=joint,
                 uses=draw(st.sampled_from([(), uses])), **_lot(draw))
        )  # fmt: skip
        if draw(st.integers(0, 3)) == 0:
            lanes.append(
                Lane(f"direct {n}", LaneKind.PURCHASE, f"a@{n}", supplier="s", priority=1, **_lot(draw))
            )
    if stores == 2 and draw(st.booleans()):
        lanes.append(Lane("aside", LaneKind.TRANSFER, "a@0", source="a@1", **_lot(draw)))
        lanes.append(Lane("back", LaneKind.TRANSFER, "a@1", source="a@0", **_lot(draw)))
    wanted = [s.id for s in stages if s.id != "b@dc" or draw(st.booleans())]
    room = None if life else draw(st.sampled_from([None, None, 20.0]))
    closed = draw(st.sampled_from([(), (), (1, 2)]))
    receipts = [
        Receipt(f"r{n}", draw(st.sampled_from([s.id for s in stages])), float(draw(st.integers(1, 9))),
                MONDAY + timedelta(days=7 * draw(st.integers(0, horizon))), draw(st.sampled_from(list(Firmness))))
        for n in range(draw(st.integers(0, 2)))
    ]  # fmt: skip
    return Snapshot(
        MONDAY,
        horizon=horizon,
        items=(Item("a", volume=1.0, value=8.0, shelf_life_days=life), Item("b", volume=1.0, value=3.0)),
        locations=(
            Location("DC", kind=LocationKind.DC, calendar="week",
                     storage=() if room is None else (StorageCapacity("", room),)),
            Location("S0", kind=LocationKind.STORE), Location("S1", kind=LocationKind.STORE),
        ),
        suppliers=(Supplier("s"),),
        calendars=(Calendar("week", closed),),
        stages=tuple(stages),
        lanes=tuple(lanes),
        order_groups=(OrderGroup("joint", 10.0),) if group else (),
        resources=tuple(resource for resource, _ in resources.values()),
        demands=tuple(_demand(draw, stage, horizon) for stage in wanted),
        receipts=tuple(receipts),
    )  # fmt: skip


@st.composite
def parameters(draw):
    """What a release may say about orders."""
    return PlanningParameters(
        holding_rate=0.5,
        backorder_penalty=draw(st.sampled_from([0.005, 0.05])),
        frozen_buckets=draw(st.sampled_from([0, 0, 1])),
        rounding=tuple(draw(ORDERS)),
        counts_proposed_receipts=draw(st.booleans()),
    )


@st.composite
def safety_stocks(draw, snapshot):
    """Targets of some stages."""
    return {s.id: float(draw(st.integers(0, 5))) for s in snapshot.stages if draw(st.booleans())}


@st.composite
def cases(draw):
    """A snapshot, safety stocks and parameters."""
    snapshot = draw(snapshots())
    return snapshot, draw(safety_stocks(snapshot)), draw(parameters())
