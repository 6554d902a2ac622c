"""
What net stock costs by itself, prices aside: four slopes at end stages, kinks at inner ones.

    end      up N+ + down N- + short (P - N)+ + over (N - ceiling)+
    inner    the same of x; piecewise linear, so it is least at a kink: at what can be owed at most, at 0,
             at the target, at the ceiling
"""

from typing import NamedTuple

import numpy as np

from optimization.replenishment.linked.relaxation import Relaxation
from optimization.replenishment.model import has_target
from optimization.replenishment.problem import Floats, OrderProblem


class Slopes(NamedTuple):
    """By end stage and bucket; 0 at inner stages."""

    up: Floats
    down: Floats
    short: Floats
    over: Floats


def end_slopes(problem: OrderProblem, relaxation: Relaxation) -> Slopes:
    """What a unit more or less costs at end stages."""
    stages, end = problem.stages, ~relaxation.is_inner[:, None]
    up = stages.holding[:, None] * problem.counted - problem.kept_worth
    short = np.where(has_target(problem), stages.shortfall_cost[:, None], 0.0)
    above = np.where(np.isfinite(stages.ceiling), stages.excess_cost, 0.0)[:, None] * problem.counted
    return Slopes(*(np.where(end, x, 0.0) for x in (up, problem.late_cost, short, above)))


class InnerStock:
    """Net stock of inner stages, a variable of its own each."""

    def __init__(self, problem: OrderProblem, relaxation: Relaxation) -> None:
        self._inner = relaxation.is_inner
        self._target = np.where(problem.counted, problem.stages.target, 0.0)[self._inner]
        self._kinks, self._costs = _kinks(problem, relaxation)

    def least(self, eta: Floats, beta: Floats, rho: Floats, space: Floats) -> tuple[Floats, Floats]:
        """The least that it can cost at these prices, by inner stage and bucket, and by stage where."""
        inner, kinks = self._inner, self._kinks
        owed = np.maximum(-kinks, 0.0)
        costs = self._costs - eta[inner] * kinks + (space[inner] - beta[inner]) * owed
        costs = costs - rho[inner] * np.maximum(self._target - kinks, 0.0)
        chosen = costs.argmin(axis=0)[None]
        x = np.zeros(eta.shape)
        x[inner] = np.take_along_axis(kinks, chosen, 0)[0]
        return np.take_along_axis(costs, chosen, 0)[0], x


def _kinks(problem: OrderProblem, relaxation: Relaxation) -> tuple[Floats, Floats]:
    """Kinks of the cost of an inner stage's net stock, and that cost at them: kink by stage by bucket."""
    stages = problem.stages
    target = np.where(problem.counted, stages.target, 0.0)
    ceiling = np.where(np.isfinite(stages.ceiling), stages.ceiling, 0.0)
    kinks = np.stack([-relaxation.owed_at_most, np.zeros(target.shape), target,
                      np.broadcast_to(ceiling[:, None], target.shape)])  # fmt: skip
    stock, owed = np.maximum(kinks, 0.0), np.maximum(-kinks, 0.0)
    above = np.where(np.isfinite(stages.ceiling), stages.excess_cost, 0.0)
    short = np.where(has_target(problem), stages.shortfall_cost[:, None], 0.0)
    costs = stages.holding[:, None] * problem.counted * stock - problem.kept_worth * stock
    costs += problem.late_cost * owed + short * np.maximum(target - kinks, 0.0)
    costs += (above[:, None] * problem.counted) * np.maximum(kinks - ceiling[:, None], 0.0)
    return kinks[:, relaxation.is_inner], costs[:, relaxation.is_inner]
