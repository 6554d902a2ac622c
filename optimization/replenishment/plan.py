"""Snapshot, safety stocks and parameters in; orders, what gave way and the proof out."""

from collections.abc import Callable, Mapping
from concurrent.futures import Executor

import numpy as np

from optimization.network import Snapshot
from optimization.parameters import PlanningParameters
from optimization.plan import ReplenishmentPlan
from optimization.replenishment.conflicts import find_conflict
from optimization.replenishment.gave_way import what_gave_way
from optimization.replenishment.orders import order_id, read_orders
from optimization.replenishment.problem import OrderProblem
from optimization.replenishment.read import read_problem
from optimization.replenishment.resource_prices import resource_prices
from optimization.replenishment.search import Help, Reserve, search
from optimization.replenishment.state import State, evaluate
from optimization.report import SolveLimits


def plan_replenishment(  # noqa: PLR0913 - the four inputs, and four ways to plan otherwise
    snapshot: Snapshot,
    safety_stocks: Mapping[str, float],
    parameters: PlanningParameters,
    limits: SolveLimits,
    *,
    may_continue: Callable[[], bool] | None = None,
    reserved: Mapping[tuple[str, int], float] | None = None,
    start: ReplenishmentPlan | None = None,
    reserve: Reserve | None = None,
    executor: Executor | None = None,
) -> ReplenishmentPlan:
    """
    The cheapest orders for a valid snapshot, and how good they are; there always is a plan.

    Parameters
    ----------
    safety_stocks
        Base units by stage, a soft target; 0 where not given.
    may_continue
        Asked between slices: the only place where a clock may have a say.
    reserved
        Capacity already taken, by resource and order bucket (storage: by bucket of stock).
    start
        An earlier plan; its orders that are still possible are a starting point.
    reserve
        Another solver, for where HiGHS fails; the report says that it answered.
    executor
        Where item-locations are planned; None is this thread. The plan is the same, bit for bit.
    """
    problem = read_problem(snapshot, safety_stocks, parameters, reserved)
    known_state = None if start is None else _restart(problem, start)
    state, report, known = search(problem, known_state, limits, Help(may_continue, reserve, executor))
    prices = resource_prices(problem, state, limits, known)
    gave_way = what_gave_way(problem, state)
    conflicts = find_conflict(problem, state, gave_way)
    return ReplenishmentPlan(
        read_orders(problem, state, prices), gave_way, conflicts, report, problem.findings
    )


def state_of(problem: OrderProblem, plan: ReplenishmentPlan) -> State:
    """The state that the orders of a plan lead to."""
    lane = {name: k for k, name in enumerate(problem.lanes.ids)}
    quantity = np.zeros(problem.lanes.is_open.shape)
    for order in plan.orders:
        quantity[lane[order.lane], order.order_bucket] = order.quantity
    return evaluate(problem, quantity)


def _restart(problem: OrderProblem, plan: ReplenishmentPlan) -> State:
    """The orders of an earlier plan that are still possible, found again by lane and day."""
    known = {
        order_id(problem, lane, bucket): (lane, bucket)
        for lane, bucket in np.argwhere(problem.lanes.is_open).tolist()
    }
    quantity = np.zeros(problem.lanes.is_open.shape)
    for order in plan.orders:
        place = known.get(order.id)
        if place and problem.lanes.rules[place[0]].allows(order.quantity):
            quantity[place] = order.quantity
    return evaluate(problem, quantity)
