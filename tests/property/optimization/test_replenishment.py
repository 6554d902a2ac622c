"""What every order plan keeps, on random networks: checked without a solver."""

import importlib.util
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings

from optimization.check import check_plan
from optimization.network import Firmness, LaneKind
from optimization.replenishment import explain_order, plan_replenishment
from optimization.replenishment.heuristic import construct
from optimization.replenishment.plan import state_of
from optimization.replenishment.read import read_problem
from optimization.replenishment.state import inflow, outflow
from optimization.report import SolveLimits

_SPEC = importlib.util.spec_from_file_location(
    "order_networks", Path(__file__).with_name("order_networks.py")
)
networks = sys.modules["order_networks"] = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(networks)

QUICK = SolveLimits(nodes=5, gap=0.02)
TO_THE_END = SolveLimits(nodes=100_000, gap=0.0)


def some(count):
    return settings(
        max_examples=count, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck)
    )


@some(40)
@given(networks.cases())
def test_no_plan_breaks_a_rule_it_does_not_declare(case):
    """
    However little work is allowed, also none: orders, books, capacities, amounts and cost hold.
    """
    for slices in (0, 1):
        plan = plan_replenishment(*case, replace(QUICK, slices=slices))

        assert () == check_plan(*case, plan)
        assert slices >= plan.report.slices


@some(40)
@given(networks.cases())
def test_nothing_is_created_or_lost(case):
    """
    What came in is what went out, what is left, and what was written off, at every stage.
    """
    problem = read_problem(*case)
    state = construct(problem)
    stages = problem.stages

    came = stages.on_hand + inflow(problem, state.quantity).sum(axis=1)
    sold = stages.backorders + stages.demand.sum(axis=1) - state.backlog[:, -1] - state.lost.sum(axis=1)
    went = outflow(problem, state.quantity).sum(axis=1) + sold + state.waste.sum(axis=1)

    assert np.allclose(came, went + state.stock[:, -1] - state.missing[:, -1])


@some(20)
@given(networks.cases())
def test_more_capacity_never_costs_more(case):
    """
    Ten more of every resource: the proven optimum is no dearer.
    """
    snapshot, stocks, parameters = case
    roomy = replace(
        snapshot,
        resources=tuple(
            replace(r, capacity=(r.capacity or 0.0) + 10.0, capacities=tuple(c + 10.0 for c in r.capacities))
            for r in snapshot.resources
        ),
    )

    costs = [
        plan_replenishment(s, stocks, parameters, TO_THE_END).report.objective for s in (snapshot, roomy)
    ]

    assert costs[1] <= costs[0] * (1.0 + 1e-9) + 1e-6


@some(20)
@given(networks.cases())
def test_safety_stock_asked_for_never_makes_demand_dearer_than_it_saves(case):
    """
    With more safety stock the plan of before is still there: the optimum rises by no more than its shortfall.
    """
    snapshot, stocks, parameters = case
    more = {stage.id: stocks.get(stage.id, 0.0) + 3.0 for stage in snapshot.stages}
    before = plan_replenishment(snapshot, stocks, parameters, TO_THE_END)
    problem = read_problem(snapshot, more, parameters)

    after = plan_replenishment(snapshot, more, parameters, TO_THE_END)

    assert after.report.objective <= state_of(problem, before).cost * (1.0 + 1e-9) + 1e-6


@some(25)
@given(networks.cases())
def test_more_safety_stock_delays_no_demand_of_a_stage_alone(case):
    """
    Where a stage competes with nobody, three more wanted leave what its lateness costs as it was or lower.
    """
    snapshot, stocks, parameters = case
    alone = replace(
        snapshot,
        resources=(),
        order_groups=(),
        lanes=tuple(
            replace(lane, uses=(), minimum_group="")
            for lane in snapshot.lanes
            if lane.kind is LaneKind.PURCHASE
        ),
        locations=tuple(replace(location, storage=()) for location in snapshot.locations),
    )
    more = {stage.id: stocks.get(stage.id, 0.0) + 3.0 for stage in snapshot.stages}
    problem = read_problem(alone, more, parameters)

    before, after = (
        _demand_costs(problem, plan_replenishment(alone, given, parameters, TO_THE_END))
        for given in (stocks, more)
    )

    assert (after <= before * (1.0 + 1e-9) + 1e-6).all()


def _demand_costs(problem, plan):
    state = state_of(problem, plan)
    lost = (state.lost * problem.counted).sum(axis=1)
    return (problem.late_cost * state.backlog).sum(axis=1) + problem.stages.lateness_cost * lost


@some(25)
@given(networks.cases())
def test_running_again_doubles_no_order(case):
    """
    The same input gives the same plan, also from its own orders as a start, and no id appears twice.
    """
    plan = plan_replenishment(*case, QUICK)

    again = plan_replenishment(*case, QUICK)
    warm = plan_replenishment(*case, QUICK, start=plan)

    assert plan == again
    assert warm.report.objective <= plan.report.objective * (1.0 + 1e-9) + 1e-9
    assert len({o.id for o in warm.orders}) == len(warm.orders)


@some(25)
@given(networks.cases())
def test_firm_orders_are_supply_where_they_stand(case):
    """
    Nothing but proposed receipts depends on the release; the others count in full, once.
    """
    snapshot, stocks, parameters = case
    firm = replace(
        snapshot, receipts=tuple(replace(r, firmness=Firmness.RELEASED) for r in snapshot.receipts)
    )
    problem = read_problem(firm, stocks, parameters)

    inside = sum(r.quantity for r in firm.receipts)
    assert problem.stages.receipts.sum() <= inside
    assert all(
        f.kind != "PROPOSED_RECEIPT" for f in plan_replenishment(firm, stocks, parameters, QUICK).findings
    )


@some(15)
@given(networks.cases())
def test_every_order_can_be_explained(case):
    """
    Pegging adds up, need and steps lead to the quantity, and no alternative is cheaper than an optimum.
    """
    plan = plan_replenishment(*case, TO_THE_END)

    for order in plan.orders[:3]:
        found = explain_order(*case, plan, order.id)
        assert order.quantity == pytest.approx(sum(p.quantity for p in order.pegging), rel=1e-4)
        assert all(a.cost >= -1e-6 for a in found.alternatives)
        assert {"why this order", "why this much", "why now"} <= {question for question, _ in found.answers}
