"""
Best-first search on tails where the relaxation is fractional.

Branching on the tail nearest one half splits a variable's domain at t: below t, or at least t. The
bound of every node is the certificate's, evaluated with that node's multipliers on that node's
domains, so the final bound (the least over all leaves) needs no solver's word either.
"""

import heapq
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from optimization.collection import uncollected
from optimization.report import SolveLimits
from optimization.safety_stock.certificate import core_bound
from optimization.safety_stock.domains import Domains, propagate
from optimization.safety_stock.model import PairModel
from optimization.safety_stock.placement import ServiceTimes
from optimization.safety_stock.rounding import THRESHOLDS, threshold_values
from optimization.safety_stock.transport import Relaxation, TransportProgramme


@dataclass(frozen=True, slots=True)
class SearchOutcome:
    """The best placement, a bound on every other one, and the work it took."""

    cost: float
    times: ServiceTimes
    bound: float
    nodes: int
    iterations: int


@dataclass(slots=True)
class Search:
    """
    The open nodes and the incumbent.

    Parameters
    ----------
    core
        The core as the certificate has read it.
    offset
        Bound on everything outside the core.
    complete
        Cost and service times of the placement that core values lead to.
    improve
        A local search from a placement.
    """

    programme: TransportProgramme
    core: PairModel
    variables: tuple[int, ...]
    offset: float
    complete: Callable[[dict[int, int]], tuple[float, ServiceTimes]]
    improve: Callable[[ServiceTimes], tuple[float, ServiceTimes]]
    limits: SolveLimits
    _cost: float = np.inf
    _times: ServiceTimes | None = None
    _closed: float = np.inf
    _iterations: int = 0

    def run(self, domains: Domains) -> SearchOutcome:
        """Search until the gap is closed or the limit on nodes is reached."""
        open_nodes: list[tuple[float, int, Domains, Relaxation]] = []
        count = self._visit(domains, open_nodes, 0)
        while open_nodes and count < self.limits.nodes * self.limits.slices:
            bound, _, domains, relaxation = heapq.heappop(open_nodes)
            if self._is_closed(bound):
                self._closed = min(self._closed, bound)
                break
            for child in self._branch(domains, relaxation):
                count = self._visit(child, open_nodes, count)
        bound = min([self._closed, self._cost, *(node[0] for node in open_nodes)])
        assert self._times is not None  # noqa: S101 - the root always rounds to a placement
        return SearchOutcome(self._cost, self._times, bound, count, self._iterations)

    @uncollected()
    def _visit(
        self, domains: Domains, open_nodes: list[tuple[float, int, Domains, Relaxation]], count: int
    ) -> int:
        relaxation = self.programme.solve(domains)
        self._iterations += relaxation.iterations
        bound = self.offset + core_bound(self.core, self.variables, relaxation.prices, domains)
        self._round(relaxation, bound)
        if self._is_closed(bound) or _fractional(relaxation) is None:
            self._closed = min(self._closed, bound)
        else:
            heapq.heappush(open_nodes, (bound, count, domains, relaxation))
        return count + 1

    def _is_closed(self, bound: float) -> bool:
        return bound >= self._cost - self.limits.gap * abs(self._cost)

    def _round(self, relaxation: Relaxation, bound: float) -> None:
        """Try the thresholds, then improve on each result; a bound that is met needs neither."""
        seen: list[dict[int, int]] = []
        for threshold in THRESHOLDS:
            if self._is_closed(bound):
                return
            values = threshold_values(relaxation.tails, self.programme.grids, threshold)
            if values not in seen:
                seen.append(values)
                self.accept(self.complete(values))
        for values in seen:
            if not self._is_closed(bound):
                self.accept(self.improve(self.complete(values)[1]))

    def accept(self, found: tuple[float, ServiceTimes]) -> None:
        """Keep a placement that is cheaper than the best so far."""
        if found[0] < self._cost:
            self._cost, self._times = found

    def _branch(self, domains: Domains, relaxation: Relaxation) -> list[Domains]:
        choice = _fractional(relaxation)
        if choice is None:
            return []
        x, t = choice
        t = int(self.programme.grids[x][t])
        low, high = domains[x]
        halves = [{**domains, x: (low, t - 1)}, {**domains, x: (t, high)}]
        kept = (propagate(self.core, half, [x]) for half in halves)
        return [half for half in kept if half is not None]


def _fractional(relaxation: Relaxation) -> tuple[int, int] | None:
    """Variable and step of the tail nearest one half, the first of several; None if all are whole."""
    best, choice = 1e-6, None
    for x, tail in relaxation.tails.items():
        if tail.size:
            distance = np.minimum(tail, 1.0 - tail)
            t = int(distance.argmax())
            if distance[t] > best + 1e-9:
                best, choice = float(distance[t]), (x, t + 1)
    return choice
