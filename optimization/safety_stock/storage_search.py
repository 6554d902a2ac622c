"""
Best-first search for the cheapest placement within shared storage.

    L(mu) = min over placements of sum over j (cost[j] + sum over sites mu use[j])(tau[j]) - sum over sites mu capacity

bounds every placement that fits, for any mu >= 0. The inner problem is a plain one, so presolve
shrinks it and its own certificate is the bound; mu climbs by cutting planes (Kelley 1960). Where the best
mu leaves a gap, two or more placements share the row; the stage whose storage they differ in most is
split by its net replenishment time, at the mean of theirs:

    tau[j] <= t      the table is infinite beyond t
    tau[j] >  t      the table is that of t + 1 up to there (waiting longer for inputs is never forbidden)

What the shortest times of all other stages leave of a site bounds the time of each; where even the
longest times fit, the plain problem is the answer.
"""

import heapq
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from optimization.matrix import Matrix
from optimization.report import SolveLimits
from optimization.safety_stock.bounds import DemandBounds
from optimization.safety_stock.descent import NOISE, Room, descend
from optimization.safety_stock.layout import Layout
from optimization.safety_stock.minimise import PROOF_GAP, Optimum, WarmStart, minimise
from optimization.safety_stock.placement import ServiceTimes
from optimization.solver import solve_relaxation

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_ROUNDS = 12  # prices tried per node
_WORTHWHILE = 0.05  # of the gap: a further price that promises less than this is not tried
_MOST_ITERATIONS = 200_000  # of the simplex method, beside the limit on nodes: minutes, not hours
_INNER_NODES = 25  # of the plain problem, whose relaxation is whole at its root almost always
_INNER_GAP = 0.1  # of the gap asked for
_FIRST_STEP = 4.0  # factor by which a price may rise or fall while nothing is known of the right one
_STEP = 1.5  # a price may rise or fall by this factor at a time: far ones cost the most work and say least
_FIRST_PRICE = 0.05  # of the cost without the limit, for all the storage of a site
_REPAIRS = (1.0, 1.1, 1.4, 2.0, 4.0, 16.0)  # multiples of the prices at which a placement is made to fit


@dataclass(frozen=True, slots=True)
class _Point:
    """A placement as a line in the prices: cost + prices . (used - 1)."""

    net: Ints
    cost: float
    used: Floats


@dataclass(frozen=True, slots=True)
class _Node:
    """
    Net replenishment times from `low` to `high`, with what is known of them.

    Parameters
    ----------
    bound, prices
        The best found: at a node just split off, those of the whole, which one of its points attains.
    bases
        Of the plain problem, to start from.
    """

    low: Ints
    high: Ints
    bound: float
    prices: Floats
    points: tuple[_Point, ...] = ()
    weights: Floats = field(default_factory=lambda: np.zeros(0))
    bases: Mapping[tuple[int, int], Any] = field(default_factory=dict)


@dataclass(slots=True)
class StorageSearch:
    """The open nodes and the incumbent."""

    layout: Layout
    bounds: DemandBounds
    room: Room
    limits: SolveLimits
    cost: float = np.inf
    times: ServiceTimes | None = None
    _nodes: int = 0
    _iterations: int = 0
    _tau: Ints = field(init=False)
    _first_price: float = 0.0
    # not that of the problem without storage: from there the solver takes many times longer than from nothing
    _start: WarmStart = field(default_factory=WarmStart)
    _seen: set[bytes] = field(default_factory=set)

    def __post_init__(self) -> None:
        sizes = np.diff(self.bounds.first)
        self._tau = np.arange(self.bounds.first[-1]) - np.repeat(self.bounds.first[:-1], sizes)

    def accept(self, times: ServiceTimes) -> None:
        """Take a placement that fits, and what descends from it, if it is the cheapest so far."""
        key = times.out.tobytes()
        if key in self._seen or not self.room.fits(self.bounds, times):
            return
        self._seen.add(key)
        cost, times = descend(self.layout, self.bounds, times, self.room)
        if cost < self.cost:
            self.cost, self.times = cost, times

    def offer_free(self, free: Optimum) -> bool:
        """Whether the optimum without limits could be made to fit, which is then the first incumbent."""
        self._first_price = _FIRST_PRICE * free.cost
        self._offer(free.times, np.full(len(self.room.use), self._first_price))
        return self.times is not None

    def run(self, free: Optimum) -> Optimum:
        """
        Search until the gap is closed or the limit on nodes is reached.

        Parameters
        ----------
        free
            The optimum without storage. Something that fits must have been accepted before.
        """
        closed = np.inf
        open_nodes: list[tuple[float, int, _Node]] = []
        waiting = [self._root(free)]
        while True:
            for node in waiting:
                priced = self._without_price(node) if self._fits_anyway(node) else self._price(node)
                if self._is_closed(priced.bound) or self._choice(priced) is None:
                    closed = min(closed, priced.bound)
                else:
                    heapq.heappush(open_nodes, (priced.bound, self._nodes, priced))
            if not open_nodes or self._is_tired():
                break
            _, _, node = heapq.heappop(open_nodes)
            if self._is_closed(node.bound):
                closed = min(closed, node.bound)
                break
            waiting = self._split(node)
        assert self.times is not None  # noqa: S101 - the caller has put in one that fits
        bound = min([closed, self.cost, *(node[0] for node in open_nodes)])
        return Optimum(self.times, self.cost, bound, self._nodes, self._iterations)

    def _is_tired(self) -> bool:
        slices = self.limits.slices
        return self._nodes >= self.limits.nodes * slices or self._iterations >= _MOST_ITERATIONS * slices

    def _root(self, free: Optimum) -> _Node:
        is_finite = np.isfinite(self.bounds.cost)
        high = np.maximum.reduceat(np.where(is_finite, self._tau, 0), self.bounds.first[:-1])
        prices = np.full(len(self.room.use), self._first_price)
        return _Node(np.zeros_like(high), high, free.bound, prices, (self._line(free.times.net),))

    def _line(self, net: Ints) -> _Point:
        places = self.bounds.first[:-1] + net
        return _Point(net, float(self.bounds.cost[places].sum()), self.room.use[:, places].sum(axis=1))

    def _is_closed(self, bound: float) -> bool:
        return bound >= self.cost - max(self.limits.gap, PROOF_GAP) * abs(self.cost)

    def _price(self, node: _Node) -> _Node:
        """The node with the best prices found, their bound, and how the placements share the row."""
        self._nodes += 1
        bound, prices, points = node.bound, node.prices, list(node.points)
        weights = np.zeros(len(points))
        self._start.bases = dict(node.bases)
        for _ in range(_ROUNDS):
            tried = prices
            if points:
                trusted = self._trusted(prices, _STEP if node.bases else _FIRST_STEP)
                expected, best, weights = _dual_step(points, trusted)
                worthwhile = _WORTHWHILE * max(self.cost - bound, PROOF_GAP * abs(self.cost))
                is_inside = ((best > trusted[0]) | (best == 0.0)) & (best < trusted[1])
                if self._is_closed(bound) or (expected - bound <= worthwhile and is_inside.all()):
                    break
                tried = best
            value, times, point = self._cheapest(node, tried)
            points.append(point)
            self._offer(times, tried)
            if value >= bound:
                bound, prices = value, tried
        weights = np.pad(weights, (0, len(points) - weights.size))  # the last, when the rounds are over
        bases = dict(self._start.bases)
        return replace(node, bound=bound, prices=prices, points=tuple(points), weights=weights, bases=bases)

    def _fits_anyway(self, node: _Node) -> bool:
        used = self.room.use[:, self.bounds.first[:-1] + node.high].sum(axis=1)
        return bool((used <= 1.0 + NOISE).all())

    def _without_price(self, node: _Node) -> _Node:
        """The node's own optimum, which fits: nothing is left to split."""
        self._nodes += 1
        value, times, _ = self._cheapest(node, np.zeros(len(self.room.use)))
        self.accept(times)
        return replace(node, bound=max(node.bound, value), high=node.low)

    def _trusted(self, prices: Floats, step: float) -> tuple[Floats, Floats]:
        """The prices that those tried so far say something about."""
        least = np.where(prices <= self._first_price, 0.0, prices / step)
        return least, step * np.maximum(prices, self._first_price)

    def _cheapest(self, node: _Node, prices: Floats) -> tuple[float, ServiceTimes, _Point]:
        """L at these prices within the node, the placement that attains it, and its line."""
        starts, sizes = self.bounds.first[:-1], np.diff(self.bounds.first)
        low, high = np.repeat(node.low, sizes), np.repeat(node.high, sizes)
        place = np.repeat(starts, sizes) + np.maximum(self._tau, low)
        dearer = (self.bounds.cost + prices @ self.room.use)[place]
        priced = replace(self.bounds, cost=np.where(self._tau > high, np.inf, dearer))
        inner = replace(self.limits, nodes=_INNER_NODES, slices=1, gap=_INNER_GAP * self.limits.gap)
        found = minimise(self.layout, priced, inner, self._start)
        self._iterations += found.iterations
        line = self._line(np.maximum(found.times.net, node.low))
        return found.bound - float(prices.sum()), found.times, line

    def _offer(self, times: ServiceTimes, prices: Floats) -> None:
        """Try a placement as it is; where it does not fit, what it becomes as storage gets dearer."""
        if self.room.fits(self.bounds, times):
            self.accept(times)
            return
        for factor in _REPAIRS:
            extra = factor * prices @ self.room.use
            _, times = descend(self.layout, replace(self.bounds, cost=self.bounds.cost + extra), times)
            if self.room.fits(self.bounds, times):
                self.accept(times)
                return

    def _choice(self, node: _Node) -> tuple[int, int] | None:
        """Node and time to split at: where the storage of the placements that share the row differs most."""
        starts = self.bounds.first[:-1]
        mixed = [(w, p) for w, p in zip(node.weights.tolist(), node.points, strict=True) if w > 1e-9]
        if len(mixed) < 2:
            return self._widest(node)
        share = np.array([w for w, _ in mixed]) / sum(w for w, _ in mixed)
        net = np.array([p.net for _, p in mixed])
        use = np.array([node.prices @ self.room.use[:, starts + p.net] for _, p in mixed])
        spread = share @ np.abs(use - share @ use)
        j = int(spread.argmax())
        t = int(np.floor(share @ net[:, j]))
        return (j, t) if spread[j] > 0.0 else self._widest(node)

    def _widest(self, node: _Node) -> tuple[int, int] | None:
        """The middle of the range over which storage varies most; None where it varies nowhere."""
        starts = self.bounds.first[:-1]
        ranges = self.room.use[:, starts + node.high] - self.room.use[:, starts + node.low]
        spread = ranges.sum(axis=0)
        j = int(spread.argmax())
        return (j, int(node.low[j] + node.high[j]) // 2) if spread[j] > 0.0 else None

    def _split(self, node: _Node) -> list[_Node]:
        choice = self._choice(node)
        assert choice is not None  # noqa: S101 - only such nodes are kept open
        j, t = choice
        high, low = node.high.copy(), node.low.copy()
        high[j], low[j] = t, t + 1
        halves = [self._tighten(half) for half in (replace(node, high=high), replace(node, low=low))]
        return [
            replace(
                half,
                points=tuple(
                    p for p in node.points if (p.net >= half.low).all() and (p.net <= half.high).all()
                ),
            )
            for half in halves
            if half is not None and self._is_possible(half)
        ]

    def _tighten(self, node: _Node) -> _Node | None:
        """The node with times that the others leave room for; None where even the shortest do not fit."""
        starts, sizes = self.bounds.first[:-1], np.diff(self.bounds.first)
        least = self.room.use[:, starts + node.low]
        left = 1.0 + NOISE - least.sum(axis=1)
        if (left < 0.0).any():
            return None
        fits = (self.room.use <= np.repeat(least, sizes, axis=1) + left[:, None]).all(axis=0)
        most = np.maximum.reduceat(np.where(fits, self._tau, 0), starts)
        return replace(node, high=np.minimum(node.high, most))

    def _is_possible(self, node: _Node) -> bool:
        """Whether some placement keeps the times: the least SI and S that do, suppliers first."""
        layout = self.layout
        into, out = layout.floor.tolist(), [0] * layout.nodes
        time, low, high = layout.time.tolist(), node.low.tolist(), node.high.tolist()
        for j in layout.order:
            into[j] = max([into[j], *(out[i] for i in layout.suppliers[j])])
            out[j] = max(0, into[j] + time[j] - high[j])
            into[j] = max(into[j], out[j] + low[j] - time[j])
            if out[j] > layout.reach_out[j] or into[j] > layout.reach_in[j]:
                return False
        return True


def _dual_step(points: Iterable[_Point], trusted: tuple[Floats, Floats]) -> tuple[float, Floats, Floats]:
    """
    Best of the least line over all prices: its value, the prices, and each line's weight in it.

    Parameters
    ----------
    trusted
        The least and greatest prices to consider.
    """
    lines, (least, most) = list(points), trusted
    scale = max(*(abs(p.cost) for p in lines), 1e-300)
    matrix = Matrix()
    theta = matrix.add_columns("theta", (1,), lower=-np.inf, cost=-1.0)
    prices = matrix.add_columns("price", (most.size,), lower=least / scale, upper=most / scale)
    rows = matrix.add_rows("line", (len(lines),), upper=[p.cost / scale for p in lines])
    matrix.put(rows, theta, 1.0)
    matrix.put(rows[:, None], prices[None, :], [1.0 - p.used for p in lines])
    _, values, duals = solve_relaxation(matrix, SolveLimits(), name="prices")
    return scale * float(values[0]), scale * values[1:], np.maximum(0.0, -duals)
