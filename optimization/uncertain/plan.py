"""
Orders under uncertain demand, in two modes.

`plan_on_path` solves the network programme once on a priced quantile path: fast, for every day.
`plan_on_samples` solves it on N sampled demand paths with common flows (an open-loop stochastic
programme, the exact time-phased newsvendor): for wide forecasts and lasting costs of a stock-out.

A cost per stock-out *event* is not linear in the units short B. It is approximated by the weight

    w[s,k] = pi[k] / (B[s,k] + 1),      at first  pi[k] / sqrt(E C[k])

and the programme is solved again with the shortages of the last pass (reweighted l1); before
each pass the plan is replayed on every path so that demand reacts to the service it gets.

Both are meant to be rolled: carry out period 0, observe, plan again.

References
----------
Candes, Wakin, Boyd (2008), J. Fourier Anal. Appl. 14, 877-905 (reweighted l1).
Shapiro, Dentcheva, Ruszczynski, Lectures on Stochastic Programming, ch. 5 (sample average).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from optimization.errors import InvalidNetworkError
from optimization.report import SolveLimits, SolveReport
from optimization.solver import new_highs, pass_model, report
from optimization.uncertain.economics import event_prices
from optimization.uncertain.model import MarketPaths, flow_receipts, known_receipts, network_model
from optimization.uncertain.problem import Market, UncertainProblem
from optimization.uncertain.quantile_path import quantile_path
from optimization.uncertain.replay import replay
from optimization.uncertain.sampling import latin_hypercube

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Sampling:
    """
    How demand is sampled.

    Parameters
    ----------
    paths
        Demand paths N. Must be >= 1.
    passes
        Times the programme is solved where stock-out events have a cost. Must be >= 1.
    """

    paths: int = 100
    passes: int = 3
    seed: int = 0

    def __post_init__(self) -> None:
        for name, value in (("paths", self.paths), ("passes", self.passes)):
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
    paths = [_as_one_path(market, quantile_path(problem, market)) for market in problem.markets]
    _, flows, proof = _solve(problem, paths, limits or SolveLimits(), "quantile-path", basis=None)
    return _read_plan(problem, flows, proof)


def plan_on_samples(
    problem: UncertainProblem, sampling: Sampling | None = None, limits: SolveLimits | None = None
) -> UncertainPlan:
    """The plan of least expected cost over sampled demand paths."""
    how = sampling or Sampling()
    draws = [latin_hypercube(how.paths, problem.horizon, how.seed + n) for n in range(len(problem.markets))]
    paths = [_first_paths(problem, m, u) for m, u in zip(problem.markets, draws, strict=True)]
    highs, flows, proof = _solve(problem, paths, limits or SolveLimits(), "sampled-paths", basis=None)
    for _ in range(how.passes - 1 if _has_event_costs(problem) else 0):
        paths = [_next_paths(problem, m, u, flows) for m, u in zip(problem.markets, draws, strict=True)]
        highs, flows, proof = _solve(problem, paths, limits or SolveLimits(), "sampled-paths", highs.getBasis())
    return _read_plan(problem, flows, proof)


def _has_event_costs(problem: UncertainProblem) -> bool:
    return any(m.event_cost > 0.0 or not m.response.is_neutral for m in problem.markets)


def _as_one_path(market: Market, demand: Floats) -> MarketPaths:
    """Events are priced in the path already."""
    return MarketPaths(market, demand[None, :], np.zeros((1, demand.size)))


def _first_paths(problem: UncertainProblem, market: Market, draw: Floats) -> MarketPaths:
    """Demand as if service were full; events weighed by the spread of cumulative demand."""
    demand, _ = replay(market, draw, np.full(problem.horizon, np.inf), np.inf)
    expected = demand.mean(axis=0)
    prices = event_prices(problem, market, expected) / np.sqrt(np.maximum(1.0, np.cumsum(expected)))
    return MarketPaths(market, demand, np.broadcast_to(prices, demand.shape))


def _next_paths(problem: UncertainProblem, market: Market, draw: Floats, flows: Floats) -> MarketPaths:
    """Demand as it reacts to the plan; events weighed by the shortages it leaves."""
    on_hand = next(p.on_hand for p in problem.points if p.id == market.point)
    arrivals = known_receipts(problem, market.point) + flow_receipts(problem, market.point, flows)
    demand, shortage = replay(market, draw, arrivals, on_hand)
    prices = event_prices(problem, market, demand.mean(axis=0))
    return MarketPaths(market, demand, prices / (shortage + 1.0))


def _solve(
    problem: UncertainProblem, paths: Sequence[MarketPaths], limits: SolveLimits, name: str, basis: Any
) -> tuple[Any, Floats, SolveReport]:
    """One programme; it always has a plan: ordering nothing, every unit short."""
    matrix, columns = network_model(problem, paths)
    highs = new_highs(limits, presolve="off")  # nothing to remove, and a basis to keep
    pass_model(highs, matrix)
    if basis is not None:
        highs.setBasis(basis)
    highs.run()
    proof, values = report(highs, matrix, limits, name)
    return highs, np.maximum(0.0, values[columns]), proof


def _read_plan(problem: UncertainProblem, flows: Floats, proof: SolveReport) -> UncertainPlan:
    planned = {r.id: tuple(float(f) for f in flow) for r, flow in zip(problem.routes, flows, strict=True)}
    return UncertainPlan(planned, proof)
