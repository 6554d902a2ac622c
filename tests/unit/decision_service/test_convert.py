"""Protobuf <-> domain."""

from dataclasses import MISSING, fields
from datetime import UTC, date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from decision_service.api.convert import parse, render
from decision_service.decision import DecisionRequest, Disposition, JudgedOrder, LogPosition, Scope
from decision_service.errors import InvalidRequestError
from decision_service.v1 import decision_pb2, decision_service_pb2, planning_pb2
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
    Snapshot,
    Stage,
    Supplier,
    UnitConversion,
)

amounts = st.floats(min_value=0.125, max_value=1e9)
words = st.text(min_size=1, max_size=12)
days = st.dates(min_value=date(1990, 1, 1), max_value=date(2100, 1, 1))
snapshots = st.builds(
    Snapshot,
    as_of=days,
    items=st.tuples(
        st.builds(Item, id=words, value=amounts, classes=st.dictionaries(words, words, max_size=3))
    ),
    locations=st.tuples(st.builds(Location, id=words)),
    suppliers=st.tuples(
        st.builds(Supplier, id=words, is_active=st.booleans(), lead_time_mean=st.none() | amounts)
    ),
    stages=st.lists(
        st.builds(Stage, id=words, item=words, location=words, min_stock=st.none() | amounts)
    ).map(tuple),
    lanes=st.lists(
        st.builds(
            Lane,
            id=words,
            kind=st.sampled_from(LaneKind),
            stage=words,
            effective_from=st.none() | days,
            lead_time_distribution=st.lists(st.tuples(amounts, amounts), max_size=3).map(tuple),
        )
    ).map(tuple),
    resources=st.tuples(st.builds(Resource, id=words, kind=st.sampled_from(ResourceKind))),
    demands=st.tuples(st.builds(Demand, stage=words, mean=st.lists(amounts, max_size=4).map(tuple))),
    receipts=st.tuples(
        st.builds(
            Receipt, id=words, stage=words, quantity=amounts, due=days, firmness=st.sampled_from(Firmness)
        )
    ),
    conversions=st.tuples(st.builds(UnitConversion, from_unit=words, to_unit=words, factor=amounts)),
)


@given(snapshots)
def test_a_snapshot_survives_the_wire(snapshot):
    """
    parse(render(x)) == x, through the bytes.
    """
    wire = render(snapshot, planning_pb2.Snapshot()).SerializeToString()

    assert snapshot == parse(planning_pb2.Snapshot.FromString(wire), Snapshot)


def test_what_is_absent_is_the_default():
    """
    A message that leaves everything optional out gives the dataclass's defaults.
    """
    parsed = parse(planning_pb2.Item(id="a"), Item)

    assert [f.default for f in fields(Item) if f.default is not MISSING and f.name != "id"] == [
        getattr(parsed, f.name) for f in fields(Item) if f.default is not MISSING and f.name != "id"
    ]


def test_a_false_that_was_said_is_not_a_default():
    """
    `is_active: false` is not the same as nothing said.
    """
    assert [True, False] == [
        parse(planning_pb2.Supplier(id="a", **said), Supplier).is_active
        for said in ({}, {"is_active": False})
    ]


@pytest.mark.parametrize(
    ("request_", "field"),
    [
        (
            decision_service_pb2.DecideRequest(snapshot=planning_pb2.Snapshot(as_of="2026-02-30")),
            "snapshot.as_of",
        ),
        (
            decision_service_pb2.DecideRequest(
                snapshot=planning_pb2.Snapshot(
                    as_of="2026-02-03", lanes=[planning_pb2.Lane(id="a", stage="b")]
                )
            ),
            "snapshot.lanes[0].kind",
        ),
        (
            decision_service_pb2.DecideRequest(
                snapshot=planning_pb2.Snapshot(
                    as_of="2026-02-03", receipts=[planning_pb2.Receipt(id="a", due="2026-13-01", firmness=1)]
                )
            ),
            "snapshot.receipts[0].due",
        ),
    ],
)
def test_what_the_domain_cannot_hold_is_named_by_its_path(request_, field):
    """
    The complaint says where.
    """
    with pytest.raises(InvalidRequestError) as caught:
        parse(request_, DecisionRequest)

    assert (field,) == tuple(v.field for v in caught.value.violations)


def test_an_order_renders_with_the_names_of_the_proto():
    """
    Enums get their prefix, days their ISO form.
    """
    order = JudgedOrder(
        "o",
        "l",
        LaneKind.PURCHASE,
        "s",
        "i",
        "d",
        5.0,
        4.0,
        date(2026, 1, 5),
        date(2026, 1, 12),
        0,
        1,
        9.0,
        Disposition.APPROVED,
    )
    message = render(order, decision_pb2.PlannedOrder())

    assert ("2026-01-12", planning_pb2.LANE_KIND_PURCHASE) == (message.due_date, message.kind)


@pytest.mark.parametrize(
    ("scope", "key", "candidates"),
    [
        (Scope(), "*", ("*",)),
        (Scope(business_unit="n"), "business_unit:n", ("business_unit:n", "*")),
        (Scope("n", "r", "l"), "location:l", ("location:l", "region:r", "business_unit:n", "*")),
    ],
)
def test_the_most_specific_scope_comes_first(scope, key, candidates):
    """
    Location beats region beats business unit beats everything.
    """
    assert (key, candidates) == (scope.key, scope.candidates)


def test_a_minus_zero_is_as_absent_as_a_zero():
    """
    On the wire it is there; the dataclass's default holds all the same, for no canonical form has it.
    """
    lane = planning_pb2.Lane(id="a", kind=1, stage="s", multiple=-0.0)

    assert planning_pb2.Lane(id="a", kind=1, stage="s").SerializeToString() != lane.SerializeToString()
    assert "0.0" == repr(parse(lane, Lane).multiple)


@given(st.datetimes(timezones=st.just(UTC)))
def test_a_time_is_written_as_the_library_writes_it(moment):
    """
    Before 1970 as well, to the microsecond.
    """
    expected = decision_pb2.LogPosition()
    expected.recorded_at.FromDatetime(moment)

    assert render(LogPosition(0, "", moment), decision_pb2.LogPosition()) == expected
