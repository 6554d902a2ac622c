"""Order problems without materials, planned by prices, against the model as it is written down."""

from dataclasses import replace
from datetime import date

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optimization.decomposition.unlinked import plan_unlinked
from optimization.network import (
    Component,
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
from optimization.reference.replenishment import reference_cost
from optimization.replenishment.read import read_problem
from optimization.replenishment.state import evaluate
from optimization.report import SolveLimits

MONDAY = date(2026, 11, 30)
LIMITS = SolveLimits(iterations=15)


def snapshot(count, horizon, draw=None, seed=0):
    """Purchases for stages of one DC: lots, minima, fixed costs, one supplier's capacity, a hall."""
    rng = np.random.default_rng(seed)
    lead = rng.integers(0, 3, count)
    stages, lanes, demands = [], [], []
    for n in range(count):
        stages.append(Stage(f"s{n}", f"i{n}", "DC", added_cost=float(rng.integers(1, 9)), holding_rate=0.5,
                            on_hand=float(rng.integers(0, 9))))  # fmt: skip
        lanes.append(
            Lane(f"buy{n}", LaneKind.PURCHASE, f"s{n}", supplier="v", lead_time=7.0 * lead[n], unit_cost=2.0,
                 fixed_cost=float(rng.integers(0, 20)), minimum=float(4 * rng.integers(0, 3)), multiple=2.0,
                 uses=(ResourceUse("v-volume", 1.0, float(rng.integers(0, 2))),))
        )  # fmt: skip
        demands.append(Demand(f"s{n}", penalty=4.0, mean=tuple(map(float, rng.integers(0, 7, horizon)))))
    return Snapshot(
        MONDAY,
        horizon=horizon,
        items=tuple(Item(f"i{n}", volume=1.0, value=5.0) for n in range(count)),
        locations=(Location("DC", storage=(StorageCapacity("", 9.0 * count),)),),
        suppliers=(Supplier("v"),),
        stages=tuple(stages),
        lanes=tuple(lanes),
        resources=(Resource("v-volume", ResourceKind.SUPPLIER, capacity=5.0 * count),),
        demands=tuple(demands),
    )


def stocks(given_snapshot):
    """Two units of safety stock everywhere."""
    return {stage.id: 2.0 for stage in given_snapshot.stages}


@settings(max_examples=12, deadline=None)
@given(st.integers(1, 3), st.integers(2, 4), st.integers(0, 10_000))
def test_bound_and_plan_stand_around_the_written_model(count, horizon, seed):
    """
    The bound is at most the optimum of the Pyomo model; the quantities, evaluated as any orders
    are, cost at least the optimum and what the proof says.
    """
    case = snapshot(count, horizon, seed=seed)
    problem = read_problem(case, stocks(case), PlanningParameters())
    plan = plan_unlinked(problem, LIMITS)
    state = evaluate(problem, plan.quantity)
    optimum = reference_cost(problem)

    assert plan.bound - 1e-6 <= optimum <= state.cost + 1e-6
    if not state.overload.any() and not state.room_overload.any():
        assert plan.proof.objective - plan.proof.bound == pytest.approx(state.cost - plan.bound, abs=1e-6)
    for lane, rule in enumerate(problem.lanes.rules):
        assert all(rule.allows(quantity) for quantity in plan.quantity[lane] if quantity > 0.0)


def with_change(change):
    """A snapshot that prices alone do not plan."""
    case = snapshot(2, 3)
    lanes, stages = case.lanes, case.stages
    return {
        "materials": replace(
            case,
            lanes=(replace(lanes[0], kind=LaneKind.PRODUCTION, components=(Component("s1", 1.0),)), lanes[1]),
        ),
        "any quantity": replace(case, lanes=(replace(lanes[0], multiple=0.0, minimum=0.0), lanes[1])),
        "two lanes": replace(case, lanes=(*lanes, replace(lanes[0], id="other"))),
        "ceiling": replace(case, stages=(replace(stages[0], max_stock=9.0), stages[1])),
        "trucks": replace(
            case, resources=(replace(case.resources[0], capacity=3.0, unit_size=4.0, unit_cost=2.0),)
        ),
    }[change]


@pytest.mark.parametrize("change", ["materials", "any quantity", "two lanes", "ceiling", "trucks"])
def test_what_prices_do_not_say_everything_about_is_left_alone(change):
    """
    None, so that the caller plans it another way.
    """
    case = with_change(change)

    assert plan_unlinked(read_problem(case, stocks(case), PlanningParameters()), LIMITS) is None


def test_two_hundred_stages_of_one_supplier_are_nearly_proven():
    """
    Capacity binds, the plan keeps it, and the gap is small.
    """
    case = snapshot(200, 12)
    problem = read_problem(case, stocks(case), PlanningParameters())
    plan = plan_unlinked(problem, SolveLimits())
    state = evaluate(problem, plan.quantity)

    assert not state.overload.any()
    assert (state.cost - plan.bound) / state.cost <= 0.02
