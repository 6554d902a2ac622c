"""
Orders under uncertain demand, in two modes.

`plan_on_path` solves the network programme once on a priced quantile path: fast, for every day.
`plan_on_samples` solves it on N sampled demand paths with common flows (an open-loop stochastic
programme, the exact time-phased newsvendor): for wide forecasts and lasting costs of a stock-out.

Stock-out *events* are priced in the path itself, or by convex hulls around the current plan (see
`event_cost`). Before each pass the plan is replayed on many more paths than the programme holds,
so that demand reacts to the service it gets and the tail that decides on events is seen.

Both are meant to be rolled: carry out period 0, observe, plan again.

References
----------
Shapiro, Dentcheva, Ruszczynski, Lectures on Stochastic Programming, ch. 5 (sample average).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from optimization.errors import InvalidNetworkError, SolverError
from optimization.matrix import Ints, Matrix
from optimization.network import DemandKind
from optimization.report import SolveLimits, SolveReport
from optimization.solver import new_highs, pass_model, report, run
from optimization.uncertain.economics import event_prices
from optimization.uncertain.event_cost import event_cost, no_events
from optimization.uncertain.model import MarketPaths, arrivals, network_model
from optimization.uncertain.problem import Market, UncertainProblem
from optimization.uncertain.quantile_path import quantile_path
from optimization.uncertain.replay import replay
from optimization.uncertain.sampling import sobol_points
from optimization.uncertain.start import Solved, start_from

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Sampling:
    """
    How demand is sampled.

    Parameters
    ----------
    paths, event_paths
        Demand paths in the programme, and in the replays that price stock-out events. Must be >= 1.
    passes
        Times the programme is solved where stock-out events have a cost. Must be >= 1.
    """

    paths: int = 128
    event_paths: int = 1_024
    passes: int = 3
    seed: int = 0

    def __post_init__(self) -> None:
        for name, value in (
            ("paths", self.paths),
            ("event_paths", self.event_paths),
            ("passes", self.passes),
        ):
            if value < 1:
                raise InvalidNetworkError(f"sampling.{name}", f"`{value}`", "use at least 1")


@dataclass(frozen=True, slots=True)
class UncertainPlan:
    """
    Planned flows by route and period, and the proof of the last programme solved.

    `orders` is what to release now: the flows of period 0.
    """

    flows: Mapping[str, tuple[float, ...]]
    report: SolveReport

    @property
    def orders(self) -> Mapping[str, float]:
        """Units to order now, by route."""
        return {route: flow[0] for route, flow in self.flows.items()}


def plan_on_path(problem: UncertainProblem, limits: SolveLimits | None = None) -> UncertainPlan:
    """The plan that serves a quantile path priced by the economics."""
    return _read_plan(problem, _solve_on_path(problem, limits or SolveLimits()))


def plan_on_samples(
    problem: UncertainProblem, sampling: Sampling | None = None, limits: SolveLimits | None = None
) -> UncertainPlan:
    """The plan of least expected cost over sampled demand paths."""
    how, within = sampling or Sampling(), limits or SolveLimits()
    solved = _solve_on_samples(problem, how, within, None)
    for _ in range(1, how.passes if _has_event_costs(problem) else 1):
        solved = _solve_on_samples(problem, how, within, solved)
    return _read_plan(problem, solved)


def _solve_on_path(problem: UncertainProblem, limits: SolveLimits) -> Solved:
    paths = [_as_one_path(market, quantile_path(problem, market)) for market in problem.markets]
    matrix, flows = network_model(problem, paths)
    return _solve((matrix, flows), limits, "quantile-path", basis=None)


def _solve_on_samples(
    problem: UncertainProblem, how: Sampling, limits: SolveLimits, before: Solved | None
) -> Solved:
    """One pass, around the plan of the one before."""
    flows = None if before is None else before.flows
    paths = [_sample(problem, market, how, flows) for market in problem.markets]
    matrix, columns = network_model(problem, paths)
    if before is not None:
        basis = before.basis
    elif any(market.kind is DemandKind.LOST_SALE for market in problem.markets):
        basis = start_from(_solve_on_path(problem, limits), problem, matrix, paths)
    else:
        basis = None
    return _solve((matrix, columns), limits, "sampled-paths", basis)


def _has_event_costs(problem: UncertainProblem) -> bool:
    return any(_prices_events(market) for market in problem.markets)


def _prices_events(market: Market) -> bool:
    return market.event_cost > 0.0 or not market.response.is_neutral


def _as_one_path(market: Market, demand: Floats) -> MarketPaths:
    """Events are priced in the path already."""
    return MarketPaths(market, demand[None, :], no_events(demand.size))


def _sample(problem: UncertainProblem, market: Market, how: Sampling, flows: Floats | None) -> MarketPaths:
    """Demand as it reacts to the plan, to full service at first, and the price of events around it."""
    arrived = np.full(problem.horizon, np.inf) if flows is None else arrivals(problem, market.point, flows)
    demand, _ = replay(market, sobol_points(how.paths, problem.horizon, how.seed), arrived)
    if not _prices_events(market):
        return MarketPaths(market, demand, no_events(problem.horizon))
    many, required = replay(market, sobol_points(how.event_paths, problem.horizon, how.seed + 1), arrived)
    prices = event_prices(problem, market, many.mean(axis=0))
    return MarketPaths(
        market,
        demand,
        event_cost(required, np.full_like(arrived, -np.inf) if flows is None else arrived, prices),
    )


def _solve(programme: tuple[Matrix, Ints], limits: SolveLimits, name: str, basis: Any) -> Solved:
    """One programme; it always has a plan: ordering nothing, every unit short."""
    matrix, columns = programme
    highs = new_highs(limits, presolve="off")  # nothing to remove, and a basis to keep
    pass_model(highs, matrix)
    if basis is not None:
        highs.setBasis(basis)
    run(highs)
    proof, values = report(highs, matrix, limits, name)
    if not values.size:
        raise SolverError(f"HiGHS ends without a plan: {proof.termination.value}")
    return Solved(matrix, highs.getBasis(), np.maximum(0.0, values[columns]), proof)


def _read_plan(problem: UncertainProblem, solved: Solved) -> UncertainPlan:
    planned = {
        route.id: tuple(float(f) for f in flow)
        for route, flow in zip(problem.routes, solved.flows, strict=True)
    }
    return UncertainPlan(planned, solved.report)
