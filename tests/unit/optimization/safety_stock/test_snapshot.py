"""What the ERP's snapshot means to the guaranteed-service model."""

import math
from datetime import date

import pytest

from optimization.errors import InvalidNetworkError
from optimization.network import (
    Component,
    Demand,
    Item,
    Lane,
    LaneKind,
    Quantile,
    ServiceLevel,
    ServiceLevelKind,
    Snapshot,
    Stage,
    Supplier,
)
from optimization.parameters import PlanningParameters, StageParameters
from optimization.safety_stock import GsmArc, place_safety_stock, problem_from_snapshot


def snapshot(**changes):
    """A bought part, assembled two at a time, moved to a depot that serves customers."""
    parts = {
        "items": (Item("part", volume=0.5), Item("bike")),
        "suppliers": (
            Supplier("acme", lead_time_mean=9.0, lead_time_std=2.0),
            Supplier("idle", is_active=False),
        ),
        "stages": (
            Stage("part@plant", "part", "plant", added_cost=4.0, processing_time=1.0, review_period=7.0),
            Stage("bike@plant", "bike", "plant", added_cost=10.0, processing_time=2.0),
            Stage("bike@depot", "bike", "depot", added_cost=1.0),
        ),
        "lanes": (
            Lane("buy", LaneKind.PURCHASE, "part@plant", supplier="acme", lead_time=8.0, lead_time_std=1.0),
            Lane(
                "make",
                LaneKind.PRODUCTION,
                "bike@plant",
                components=(Component("part@plant", 2.0),),
                lead_time=1.0,
            ),
            Lane("move", LaneKind.TRANSFER, "bike@depot", source="bike@plant", lead_time=3.0),
        ),
        "demands": (Demand("bike@depot", mean=(70.0, 70.0), std=(14.0, 14.0)),),
    }
    return Snapshot(date(2026, 11, 24), **(parts | changes))


DEFAULTS = PlanningParameters()


def read(stage=2, parameters=DEFAULTS, **changes):
    problem, findings = problem_from_snapshot(snapshot(**changes), parameters)
    return problem.stages[stage], problem, findings


def test_stages_and_lanes_become_a_network():
    """
    Transfer and production lanes are arcs, with quantities; suppliers are not stages.
    """
    _, problem, findings = read()

    assert (GsmArc("part@plant", "bike@plant", 2.0), GsmArc("bike@plant", "bike@depot", 1.0)) == problem.arcs
    assert [stage.name for stage in problem.stages] == ["part@plant", "bike@plant", "bike@depot"]
    assert findings == ()


def test_a_bought_stage_waits_for_its_supplier_as_measured():
    """
    Time is processing plus measured lead time; the review period stands beside it.
    """
    stage, _, _ = read(0)

    assert (stage.processing_time, stage.review_period, stage.lead_time_std) == (10.0, 7.0, 2.0)


def test_demand_is_per_day():
    """
    Means are divided by the days of a bucket, deviations by their root.
    """
    stage, _, _ = read()

    assert stage.demand.mean == 10.0
    assert 14.0 / math.sqrt(7) == pytest.approx(stage.demand.std)


def test_quantiles_and_history_give_mean_and_deviation():
    """
    A uniform distribution given by its quantiles, and a history by its sample moments.
    """
    ends = (Quantile(1e-9, (0.0,)), Quantile(1 - 1e-9, (84.0,)))
    uniform, _, _ = read(demands=(Demand("bike@depot", quantiles=ends),))
    past, _, _ = read(demands=(Demand("bike@depot", history=(6.0, 8.0, 10.0)),))

    assert (6.0, 84 / math.sqrt(12 * 7)) == pytest.approx((uniform.demand.mean, uniform.demand.std), rel=1e-6)
    assert (8 / 7, 2 / math.sqrt(7)) == pytest.approx((past.demand.mean, past.demand.std))


@pytest.mark.parametrize(
    ("rule", "own", "expected"), [(0.99, 0.9, 0.99), (None, 0.9, 0.9), (None, None, 0.95)]
)
def test_service_level_comes_from_rule_then_stage_then_release(rule, own, expected):
    """
    The most specific statement wins.
    """
    levels = {
        key: value and ServiceLevel(ServiceLevelKind.CYCLE, value)
        for key, value in (("rule", rule), ("own", own))
    }
    parameters = PlanningParameters(stages={"bike@depot": StageParameters(service_level=levels["rule"])})
    stages = (*snapshot().stages[:2], Stage("bike@depot", "bike", "depot", service_level=levels["own"]))

    stage, _, _ = read(parameters=parameters, stages=stages)

    assert expected == stage.demand.service_level.target


def test_a_rule_widens_the_lead_time():
    """
    A supplier-risk directive multiplies the deviation of the lead time.
    """
    stage, _, _ = read(
        0, PlanningParameters(stages={"part@plant": StageParameters(lead_time_std_factor=1.5)})
    )

    assert stage.lead_time_std == 3.0


def test_the_primary_lane_is_usable_and_has_the_lowest_priority_number():
    """
    Inactive suppliers, excluded suppliers and lanes out of effect are passed over.
    """
    others = (
        Lane("a", LaneKind.PURCHASE, "part@plant", supplier="idle", lead_time=1.0, priority=-3),
        Lane("b", LaneKind.PURCHASE, "part@plant", supplier="banned", lead_time=2.0, priority=-2),
        Lane("c", LaneKind.PURCHASE, "part@plant", lead_time=3.0, priority=-1, effective_to=date(2026, 1, 1)),
        Lane(
            "d", LaneKind.PURCHASE, "part@plant", lead_time=4.0, priority=0, effective_from=date(2026, 1, 1)
        ),
    )
    rule = PlanningParameters(stages={"part@plant": StageParameters(excluded_suppliers=("banned",))})

    stage, _, _ = read(0, rule, lanes=(*snapshot().lanes, *others))

    assert stage.processing_time == 10.0  # `buy` and `d` share priority 0; the lower id is `buy`


def test_a_bought_item_without_cost_is_valued_at_its_price():
    """
    The price of the primary lane stands in, and a finding says so.
    """
    stages = (Stage("part@plant", "part", "plant"), *snapshot().stages[1:])
    lanes = (Lane("buy", LaneKind.PURCHASE, "part@plant", unit_cost=6.5), *snapshot().lanes[1:])

    stage, _, findings = read(0, stages=stages, lanes=lanes)

    assert stage.added_cost == 6.5
    assert [(f.kind, f.subject) for f in findings] == [("NO_ADDED_COST", "part@plant")]


def test_a_stage_without_demand_holds_nothing():
    """
    A finding, not an error.
    """
    problem, _ = problem_from_snapshot(snapshot(demands=()), PlanningParameters())
    placement = place_safety_stock(problem, PlanningParameters().safety_stock_limits)

    assert [line.safety_stock for line in placement.stocks] == [0.0, 0.0, 0.0]
    assert {"NO_DEMAND"} == {finding.kind for finding in placement.findings}


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"lanes": (Lane("x", LaneKind.TRANSFER, "bike@depot", source="nowhere"),)}, "lanes[x]"),
        ({"lanes": (Lane("x", LaneKind.PURCHASE, "part@plant", lead_time=math.nan),)}, "lanes[x].lead_time"),
        ({"lanes": (Lane("x", LaneKind.PURCHASE, "part@plant", lead_time_std=-1.0),)}, "lanes[x].lead_time_std"),
        ({"demands": (Demand("nowhere", mean=(1.0,)),)}, "demands[0].stage"),
        ({"demands": (Demand("bike@depot", mean=(1.0, -2.0)),)}, "demands[bike@depot].mean[1]"),
        ({"demands": (Demand("bike@depot", mean=(1.0,), std=(math.inf,)),)}, "demands[bike@depot].std[0]"),
        ({"demands": (Demand("bike@depot", quantiles=(Quantile(1.0, (1.0,)),)),)}, "demands[bike@depot].quantiles"),
        ({"bucket_days": 0}, "bucket_days"),
        ({"stages": (Stage("a", "i", "l"), Stage("a", "i", "l")), "lanes": (), "demands": ()}, "stages"),
        ({"stages": (), "lanes": (), "demands": ()}, "stages"),
        (
            {"lanes": (*snapshot().lanes[1:], Lane("back", LaneKind.TRANSFER, "part@plant", source="bike@depot"))},
            "arcs",
        ),
    ],
)  # fmt: skip
def test_what_contradicts_itself_is_refused_by_name(changes, field):
    """
    Unknown ids, NaN, negative and infinite values, cycles: the error names the field.
    """
    with pytest.raises(InvalidNetworkError) as caught:
        place_safety_stock(read(**changes)[1], PlanningParameters().safety_stock_limits)

    assert field == caught.value.field


@pytest.mark.parametrize("target", [0.0, 1.0, -0.5, 1.5, math.nan, 0.4])
def test_service_levels_out_of_range_are_refused(target):
    """
    Pitfall 2: 1 needs infinite stock, below 0.5 negative stock.
    """
    stages = (
        *snapshot().stages[:2],
        Stage("b", "bike", "depot", service_level=ServiceLevel(ServiceLevelKind.CYCLE, target)),
    )

    with pytest.raises(InvalidNetworkError, match=r"stages\[2\]\.service_level"):
        read(stages=stages, demands=(Demand("b", mean=(1.0,)),), lanes=())
