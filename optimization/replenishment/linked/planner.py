"""
Plan a linked part: a bound that holds for it as it stands, and plans of the network it looks like.

The network's orders are placed as they are, and, because the picture left things out, also bucket
by bucket as far as everything shared allows (`release`); both are priced as any orders are.
"""

from collections.abc import Iterator
from concurrent.futures import Executor

import numpy as np

from optimization.decomposition.network import NetworkSearch
from optimization.decomposition.network.bound import raise_bound as raise_bound_of_network
from optimization.replenishment.linked.as_network import Picture, as_network, in_network, wanted_orders
from optimization.replenishment.linked.bound import raise_bound
from optimization.replenishment.problem import OrderProblem
from optimization.replenishment.release import release
from optimization.replenishment.state import State, evaluate
from optimization.report import SolveLimits

_STEPS = 5  # of the bound per iteration of the limits
_SLICES = 2  # of the network's search per slice of the part


class LinkedSearch:
    """A part's bound, and plans of it that get better slice by slice; work is counted, never timed."""

    def __init__(self, problem: OrderProblem, limits: SolveLimits, executor: Executor | None = None) -> None:
        self._problem = problem
        self.steps = _STEPS * limits.iterations
        self.bound = raise_bound(problem, self.steps, executor)
        self._picture = as_network(problem)
        self._search = None if self._picture is None else self._begin(self._picture, limits, executor)

    def _begin(self, picture: Picture, limits: SolveLimits, executor: Executor | None) -> NetworkSearch:
        at = in_network(self._problem, picture, self.bound.multipliers)
        bound = raise_bound_of_network(picture.network, 1, at)
        return NetworkSearch(picture.network, bound, limits.seed, executor)

    @property
    def can_plan(self) -> bool:
        """Whether the part looks like a network at all."""
        return self._search is not None

    def advance(self, slices: int) -> None:
        """More slices of the search."""
        if self._search is not None:
            for _ in range(_SLICES * slices):
                self._search.advance()

    def plans(self) -> Iterator[State]:
        """What the network's best plan comes to here."""
        if self._search is None or self._picture is None:
            return
        problem = self._problem
        wanted = wanted_orders(problem, self._picture, self._search.plan().orders.astype(np.int64))
        yield evaluate(problem, release(problem, wanted))
        if not wanted[~problem.lanes.is_open].any() and (wanted <= problem.lanes.largest[:, None]).all():
            state = evaluate(problem, wanted)
            if not (state.missing.any() or state.overload.any() or state.room_overload.any()):
                yield state
