"""The bundled example: a snapshot of the contract, with everything a first decision should show."""

import json
from pathlib import Path

import protovalidate
import pytest
from google.protobuf import json_format

from decision_service.api import convert
from decision_service.v1 import planning_pb2
from optimization.network import Snapshot
from optimization.validate import validate_snapshot

PATH = Path(__file__).resolve().parents[3] / "examples" / "bundled" / "snapshot.json"


@pytest.fixture(scope="module")
def snapshot():
    return json_format.Parse(PATH.read_text(), planning_pb2.Snapshot())


def test_it_is_a_valid_snapshot_that_round_trips(snapshot):
    """
    The file is proto3 JSON in the contract's own field names, and breaks none of its constraints.
    """
    protovalidate.validate(snapshot)

    assert json.loads(PATH.read_text()) == json.loads(
        json_format.MessageToJson(snapshot, preserving_proto_field_name=True)
    )


def test_all_references_resolve(snapshot):
    """
    Every id that is spoken of exists.
    """
    items, locations = {i.id for i in snapshot.items}, {place.id for place in snapshot.locations}
    stages, lanes = {s.id for s in snapshot.stages}, {lane.id for lane in snapshot.lanes}
    resources, suppliers = {r.id for r in snapshot.resources}, {s.id for s in snapshot.suppliers}

    assert {s.item for s in snapshot.stages} == items
    assert {s.location for s in snapshot.stages} == locations
    assert {lane.stage for lane in snapshot.lanes} == stages
    assert {lane.source for lane in snapshot.lanes} - {""} <= stages
    assert {lane.supplier for lane in snapshot.lanes} - {""} == suppliers
    assert {part.stage for lane in snapshot.lanes for part in lane.components} <= stages
    assert {use.resource for lane in snapshot.lanes for use in lane.uses} == resources
    assert {demand.stage for demand in snapshot.demands} <= stages
    assert {receipt.lane for receipt in snapshot.receipts} <= lanes
    assert {lane.minimum_group for lane in snapshot.lanes} - {""} == {
        group.id for group in snapshot.order_groups
    }


def test_it_shows_what_a_decision_has_to_deal_with(snapshot):
    """
    Scarce capacity, bills of material, an order above 100,000, risk, an inactive supplier, every firmness.
    """
    risky = {
        s.id for s in snapshot.suppliers if s.risk >= 0.7 and (s.is_active or not s.HasField("is_active"))
    }
    inactive = {s.id for s in snapshot.suppliers if s.HasField("is_active") and not s.is_active}
    a_items = {i.id for i in snapshot.items if i.abc == "A"}

    assert {1, 2, 3, 4} == {receipt.firmness for receipt in snapshot.receipts}
    assert any(lane.minimum * lane.unit_cost > 100_000 for lane in snapshot.lanes)
    assert any(lane.supplier in risky and lane.stage.split("@")[0] in a_items for lane in snapshot.lanes)
    assert any(lane.supplier in inactive for lane in snapshot.lanes)
    assert {1, 2, 3} == {lane.kind for lane in snapshot.lanes}
    assert any(resource.unit_size for resource in snapshot.resources)
    assert any(stage.HasField("max_stock") for stage in snapshot.stages)
    assert {"MISSING_STOCK", "ON_ORDER_CONTRADICTION"} == {e.kind for e in snapshot.exceptions}


def test_planning_accepts_it_and_notes_what_is_odd(snapshot):
    """
    A receipt that is overdue, and a lane whose unit nobody can convert.
    """
    findings = validate_snapshot(convert.parse(snapshot, Snapshot))

    assert [
        ("OVERDUE_RECEIPT", "PO-4702"),
        ("NO_UNIT_FACTOR", "BUY:CLEANER-1L:DC-NORTH:HANDELSHOF-CAN"),
    ] == [(finding.kind, finding.subject) for finding in findings]
