"""Small networks in which two orders cannot both be right, and the shipped rules."""

from datetime import date

import pytest

from decision_service.cli.policy_files import read_policy
from decision_service.decision import DecisionMode, OrderProposal, Question
from decision_service.facts import SnapshotFacts
from decision_service.usecases.outcome import deliberate
from decision_service.usecases.planning import Work
from decision_service.usecases.release_content import ReleaseContent, compile_release
from optimization.network import (
    Demand,
    Firmness,
    Item,
    Lane,
    LaneKind,
    Location,
    Receipt,
    Resource,
    ResourceKind,
    ResourceUse,
    Snapshot,
    Stage,
    Supplier,
)

MONDAY = date(2026, 11, 30)
REGIONS = {"DC1": "EMEA", "DC2": "EMEA", "DC9": "APAC"}


@pytest.fixture(scope="session")
def shipped_files(root):
    return read_policy(root / "policies" / "replenishment")


@pytest.fixture(scope="session")
def shipped(shipped_files):
    """The shipped release, compiled."""
    return compile_release(ReleaseContent(shipped_files))


@pytest.fixture(scope="session")
def banning(shipped_files):
    """The shipped release, with a rule that keeps a supplier out of a region."""
    table = """
tables:
  - name: regional-bans
    stage: parameters
    hit: FIRST
    inputs: [location.region, supplier.id]
    outputs: {exclude_supplier: boolean}
    rows:
      - id: RB-10
        when: {location.region: '"APAC"', supplier.id: '"ACME"'}
        then: {exclude_supplier: true}
        because: "{supplier.id} is not allowed in APAC"
"""
    return compile_release(ReleaseContent({**shipped_files, "regions.yaml": table}))


class Network:
    """A snapshot that grows fact by fact."""

    def __init__(self):
        self.items, self.stages, self.lanes, self.demands = {}, {}, [], []
        self.receipts, self.resources = [], []

    def stage(self, item, place, *, abc="A", weekly=0.0, **given):
        """An item at a place, with the demand of a week there."""
        self.items[item] = Item(item, value=10.0, abc=abc)
        name = f"{item}@{place}"
        self.stages[name] = Stage(name, item, place, **given)
        if weekly:
            self.demands.append(Demand(name, mean=(weekly,) * 4, std=(0.0,) * 4))
        return name

    def buy(self, stage, supplier="ACME", cost=10.0, uses=(), **given):
        """A purchase lane."""
        lane = Lane(
            f"BUY:{stage}:{supplier}", LaneKind.PURCHASE, stage, supplier=supplier, unit_cost=cost,
            fixed_cost=1.0, uses=uses, **given,
        )  # fmt: skip
        self.lanes.append(lane)
        return lane.id

    def move(self, source, stage, uses=(), **given):
        """A transfer lane."""
        lane = Lane(
            f"MOVE:{source}:{stage}", LaneKind.TRANSFER, stage, source=source, unit_cost=0.1, uses=uses,
            **given,
        )  # fmt: skip
        self.lanes.append(lane)
        return lane.id

    def scarce(self, name, capacity, kind=ResourceKind.SUPPLIER, per_unit=1.0, **given):
        """A capacity per bucket, and the use of it."""
        self.resources.append(Resource(name, kind, capacity=capacity, **given))
        return (ResourceUse(name, per_unit=per_unit),)

    def open_order(self, name, stage, lane, quantity, due=MONDAY):
        """An order of the ERP that is on its way."""
        self.receipts.append(Receipt(name, stage, quantity, due, Firmness.RELEASED, lane))

    def snapshot(self):
        places = {stage.location for stage in self.stages.values()}
        return Snapshot(
            as_of=MONDAY,
            horizon=4,
            items=tuple(self.items.values()),
            locations=tuple(Location(p, region=REGIONS.get(p, "EMEA")) for p in sorted(places)),
            suppliers=(Supplier("ACME"), Supplier("OTHER")),
            stages=tuple(self.stages.values()),
            lanes=tuple(self.lanes),
            resources=tuple(self.resources),
            demands=tuple(self.demands),
            receipts=tuple(self.receipts),
        )


@pytest.fixture
def new_network():
    """An empty network, as often as one is wanted."""
    return Network


@pytest.fixture
def network(new_network):
    return new_network()


@pytest.fixture
def decide(shipped):
    """decide(network): plan, or judge the proposals (lane, quantity)."""

    def run(network, proposals=(), release=shipped, work=None):
        mode = DecisionMode.JUDGE if proposals else DecisionMode.PLAN
        wanted = tuple(OrderProposal(f"P{i}", *p) for i, p in enumerate(proposals, 1))
        question = Question("sha256:0", MONDAY, mode, proposals=wanted)
        return deliberate(question, SnapshotFacts(network.snapshot()), release, work or Work())

    return run
