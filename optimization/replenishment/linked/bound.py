"""
A proven bound on the orders of a linked part: every stage planned alone, at prices on what ties it to others.

Net stock x of inner stages is a variable of its own; positions N = a + A count what has arrived, with
phi, r, P of `relaxation`. Rows that are priced, by stage i and bucket t, and their multipliers:

    x[i,t] = net + A[i,t] + L[i,t] - sum_l r[l,i] Q[l,t]                            eta    (inner)
    (-N[i,t])+     <= (-x[i,t])+      + L[i,t] + sum_j r[i,j] (-N[j,phi])+          beta   (inner)
    (P[i,t] - N)+  <= (target - x)+   + L[i,t] + sum_j r[i,j] (P[j] - N[j,phi])+    rho    (inner)
    use <= C,   or use / size <= k <= C                                             mu     (resource)
    room <= S                                                                       sigma  (store)

with Q placed so far, L sales lost so far and what arrived on loose lanes. The middle rows
follow from x + sum_j r N[j,phi] <= N + L: they make the bound strong, a stage cannot be short by more
than what is short below it. No order is larger than its lane and every capacity by itself let through
(`limits.largest_orders`): at mu alone half an order of twice the capacity would pass. Left out, so that the
bound still holds: pooled minima, shelf life (without it nothing is written off: that never saves anything),
room of what perishes, wholeness of trucks. What remains falls apart: stages (`stage_program`), x of each
inner stage and bucket (`stock`), lost sales, and orders on loose lanes, one by one. With
E[i,t] = sum of eta from t on, an order of lane l placed in t and arriving in a costs per unit

    c + E[i,a] - sum_p r[l,p] E[p,t] + sum_r use (mu, or unit cost + mu per size).

The sum of all least costs less mu C and sigma S is at most what any plan costs, whatever the multipliers.
eta is kept as its excess over the price of the room that stock takes; it is at most what a unit of
plentiful stock costs, since x has no upper end.
"""

from collections.abc import Sequence
from concurrent.futures import Executor
from typing import NamedTuple

import numpy as np
from numba import njit

from optimization.decomposition.ascent import climb
from optimization.decomposition.crew import Crew
from optimization.decomposition.network.stage_program import Multipliers
from optimization.replenishment.linked.relaxation import Relaxation
from optimization.replenishment.linked.stage_program import Answers, Prices, solve_block
from optimization.replenishment.linked.stock import InnerStock, end_slopes
from optimization.replenishment.problem import Floats, Ints, OrderProblem

_FIRST_WEIGHT, _GROWING = 0.01, 0.9
_NOISE = 1e-12  # earnings that are rounding: charged, but no reason to move


class LinkedBound(NamedTuple):
    """The best bound, the multipliers that prove it, and the orders that stages would place at them."""

    value: float
    multipliers: Multipliers
    wanted: Floats  # base units by lane and order bucket
    steps: int


def raise_bound(
    problem: OrderProblem, steps: int, executor: Executor | None = None, start: Multipliers | None = None
) -> LinkedBound:
    """The best bound of `steps` >= 1 evaluations; from `start`, or from what stock costs."""
    bound, weights = Bound(problem, executor), iter(_weights(steps))

    def look(point: list[Floats]) -> tuple[float, Multipliers, Floats]:
        bound.clip(point)
        return bound.look(Multipliers(*point), next(weights))

    best = climb(start or bound.first(), bound.scales(), look, steps)
    return LinkedBound(best.value, Multipliers(*best.point), best.found, steps)


def _weights(steps: int) -> Floats:
    """How much orders beyond every kink weigh in the slope: little at first, all of it at the end."""
    share = np.minimum(np.arange(steps) / (_GROWING * steps), 1.0)
    weights: Floats = _FIRST_WEIGHT ** (1.0 - share)
    return weights


class Bound:
    """A problem's relaxation, evaluated at multipliers."""

    def __init__(self, problem: OrderProblem, executor: Executor | None = None) -> None:
        self.problem, self.relaxation = problem, Relaxation(problem)
        relaxation = self.relaxation
        self._crew = Crew([block for _, _, block in relaxation.blocks], executor)
        self._counted, self._given = problem.counted, problem.worth_given
        self._inner = relaxation.is_inner[:, None] & self._counted
        self._target = np.where(self._counted, problem.stages.target, 0.0)
        self._lost_cost, self._wanted = problem.lost_cost, self._lost_at_most()
        self._stock, self._own = InnerStock(problem, relaxation), end_slopes(problem, relaxation)

    def first(self) -> Multipliers:
        """Stock costs what it costs where there is plenty; nothing else has a price."""
        shape, eta = self.relaxation.net.shape, np.where(self._inner, self.relaxation.steepest, 0.0)
        capacity, room = self.problem.resources.capacity, self.problem.stores.capacity
        return Multipliers(
            eta, np.zeros(shape), np.zeros(shape), np.zeros(capacity.shape), np.zeros(room.shape)
        )

    def clip(self, point: Sequence[Floats]) -> None:
        """To where the multipliers prove something, in place."""
        eta, beta, rho, mu, sigma = point
        resources, stores = self.problem.resources, self.problem.stores
        np.minimum(eta, self.relaxation.steepest, out=eta)
        for x in (beta, rho):
            np.maximum(x, 0.0, out=x)
        for x in (eta, beta, rho):
            x[~self._inner] = 0.0
        for x, capacity, cost in (
            (mu, resources.capacity, resources.over_cost),
            (sigma, stores.capacity, stores.over_cost),
        ):
            np.clip(x, 0.0, cost[:, None], out=x)
            x[~np.isfinite(capacity)] = 0.0

    def _space(self, sigma: Floats) -> Floats:
        """What the room of a unit of stock costs."""
        return np.asarray(self.relaxation.space @ sigma) * self._counted

    def scales(self) -> tuple[Floats, ...]:
        """Natural units of the multipliers."""
        problem, relaxation = self.problem, self.relaxation
        holding = np.maximum(problem.stages.holding, 1e-9)
        lane, resource, use = _entries(relaxation.per_unit)
        mu = np.zeros((len(problem.resources.ids), 1))
        np.maximum.at(mu[:, 0], resource, holding[problem.lanes.stage[lane]] / use)
        stage, store, room = _entries(relaxation.space)
        sigma = np.zeros((len(problem.stores.ids), 1))
        np.maximum.at(sigma[:, 0], store, 0.1 * holding[stage] / room)
        return holding[:, None], 8.0 * holding[:, None], 2.0 * holding[:, None], mu, sigma

    def look(self, at: Multipliers, weight: float = 1.0) -> tuple[float, Multipliers, Floats]:
        """
        The bound at some multipliers, its slope, and the orders that stages would place.

        Parameters
        ----------
        weight
            Of orders beyond every kink, in the slope only: all of them at once would drown the rest.
        """
        space = self._space(at.sigma)
        eta = at.eta + np.where(self._inner, space, 0.0)
        later, kinks = _to_come(eta), _to_come(at.beta + at.rho)
        unit, fixed = self._lane_prices(at.mu)
        unit = unit - self.relaxation.consumption @ later[:, : self.problem.horizon]
        prices = self._prices(at, space)
        answers = self._stages(prices, unit, fixed, later)
        more, added = self._beyond(prices[0], unit, later)
        value = float(answers.values.sum()) + self._constant(at, eta) + more
        least, x = self._stock.least(at.eta, at.beta, at.rho, space)
        gain = self._lost_cost + later - kinks
        lost = np.where(gain < 0.0, self._wanted, 0.0)
        loose, quantity = self._loose(unit, fixed, later - kinks)
        value += float(least.sum()) + float((gain * lost).sum()) + loose
        wanted = quantity.copy()
        orders = self.relaxation.orders
        np.add.at(wanted, (orders.lane, orders.bucket), answers.quantity)
        taken = wanted.copy()
        np.add.at(taken, (orders.lane, orders.bucket), weight * added)
        arrived = answers.arrived + self._arrivals(taken - wanted)
        return value, self._slope(arrived, taken, (x, np.cumsum(lost, axis=1), quantity)), wanted

    def _prices(self, at: Multipliers, space: Floats) -> tuple[Floats, ...]:
        up, down, short, over = self._own
        end = ~self.relaxation.is_inner[:, None]
        below, lacking = at.beta.copy(), at.rho.copy()
        _pass_down(*self.relaxation.links, self.relaxation.ahead, at.beta, below)
        _pass_down(*self.relaxation.links, self.relaxation.ahead, at.rho, lacking)
        return up + np.where(end, space, 0.0), down + below, short + lacking, over

    def _lane_prices(self, mu: Floats) -> tuple[Floats, Floats]:
        """Price per unit, without components and what its arrival is worth, and per order, by lane and bucket."""
        lanes, resources, relaxation = self.problem.lanes, self.problem.resources, self.relaxation
        price = mu + np.where(resources.unit_size > 0.0, resources.unit_cost, 0.0)[:, None]
        unit = (lanes.unit_cost + lanes.surcharge)[:, None] + relaxation.per_unit @ price
        return unit, lanes.fixed_cost[:, None] + relaxation.per_order @ price

    def _beyond(self, up: Floats, unit: Floats, later: Floats) -> tuple[float, Floats]:
        """What orders beyond every kink can still earn at most, and which would."""
        orders, first = self.relaxation.orders, self.relaxation.block.first
        more = unit[orders.lane, orders.bucket] + (later + _to_come(up))[orders.stage, orders.arrival]
        added, some = np.zeros(more.size), np.flatnonzero(np.diff(first) > 0)
        least = np.zeros(len(up))
        least[some] = np.minimum.reduceat(more, first[some]) if some.size else 0.0
        hits = np.flatnonzero(more <= np.minimum(least, -_NOISE)[orders.stage])
        at = hits[np.unique(orders.stage[hits], return_index=True)[1]]  # of several, the first
        added[at] = self.relaxation.most[orders.stage[at]]
        return float(np.minimum(least, 0.0) @ self.relaxation.most), added

    def _stages(self, prices: tuple[Floats, ...], unit: Floats, fixed: Floats, later: Floats) -> Answers:
        orders = self.relaxation.orders
        of_order = unit[orders.lane, orders.bucket] + later[orders.stage, orders.arrival]
        fixed_of, (up, down, short, over) = fixed[orders.lane, orders.bucket], prices
        arguments = [
            (
                Prices(
                    up[stages], down[stages], short[stages], over[stages], fixed_of[chosen], of_order[chosen]
                ),
            )
            for stages, chosen, _ in self.relaxation.blocks
        ]
        answers = self._crew.each(solve_block, arguments)
        return Answers(*(np.concatenate(column) for column in zip(*answers, strict=True)))

    def _constant(self, at: Multipliers, eta: Floats) -> float:
        relaxation, problem = self.relaxation, self.problem
        value = self._given + float((eta * relaxation.net).sum())
        for x, capacity in ((at.mu, problem.resources.capacity), (at.sigma, problem.stores.capacity)):
            value -= float((x * np.where(np.isfinite(capacity), capacity, 0.0)).sum())
        return value

    def _lost_at_most(self) -> Floats:
        """Sales that may be lost, by stage and bucket."""
        stages = self.problem.stages
        wanted = np.where(stages.is_lost[:, None] & self._counted, stages.demand, 0.0)
        wanted[:, 0] += np.where(stages.is_lost, stages.backorders, 0.0)
        return wanted

    def _loose(self, unit: Floats, fixed: Floats, arrived: Floats) -> tuple[float, Floats]:
        """Least cost of every order on a loose lane, and the quantities; `arrived`: price of an arrival."""
        orders, most = self.relaxation.loose_orders
        price = unit[orders.lane, orders.bucket] + arrived[orders.stage, orders.arrival]
        costs = fixed[orders.lane, orders.bucket] + price * most
        quantity = np.zeros(unit.shape)
        quantity[orders.lane, orders.bucket] = np.where(costs < 0.0, most, 0.0)
        return float(np.minimum(costs, 0.0).sum()), quantity

    def _slope(self, arrived: Floats, wanted: Floats, rest: tuple[Floats, Floats, Floats]) -> Multipliers:
        problem, relaxation = self.problem, self.relaxation
        x, lost, loose = rest
        position = relaxation.position + arrived
        outside = self._arrivals(loose) + lost
        out = np.zeros(x.shape)
        out[:, : problem.horizon] = np.cumsum(relaxation.consumption.T @ wanted, axis=1)
        out[:, problem.horizon :] = out[:, problem.horizon - 1 : problem.horizon]
        net = relaxation.net + arrived + outside - out
        slopes = [np.where(self._inner, net - x, 0.0)]
        for level, own in ((0.0, -x), (relaxation.safety, self._target - x)):
            lack = np.maximum(level - position, 0.0)
            excess = lack - np.maximum(own, 0.0) - outside
            _gather_up(*relaxation.links, relaxation.ahead, lack, excess)
            slopes.append(np.where(self._inner, excess, 0.0))
        use = relaxation.per_unit.T @ wanted + relaxation.per_order.T @ (wanted > 0.0)
        held = np.where(relaxation.is_inner[:, None], net + np.maximum(-x, 0.0), np.maximum(position, 0.0))
        room = relaxation.space.T @ (held * self._counted)
        for used, capacity in ((use, problem.resources.capacity), (room, problem.stores.capacity)):
            limited = np.isfinite(capacity)
            slopes.append(np.where(limited, used - np.where(limited, capacity, 0.0), 0.0))
        return Multipliers(*slopes)

    def _arrivals(self, quantity: Floats) -> Floats:
        """What has arrived of orders, by stage and bucket."""
        lanes, arrived = self.problem.lanes, np.zeros(self.relaxation.net.shape)
        lane, bucket = np.nonzero(quantity)
        np.add.at(arrived, (lanes.stage[lane], lanes.arrival[lane, bucket]), quantity[lane, bucket])
        return np.cumsum(arrived, axis=1)


def _to_come(values: Floats) -> Floats:
    """By stage and bucket, the sum from that bucket on."""
    later: Floats = np.cumsum(values[:, ::-1], axis=1)[:, ::-1]
    return later


def _entries(matrix: object) -> tuple[Ints, Ints, Floats]:
    """Row, column and value of what is above zero."""
    entries = matrix.tocoo()  # type: ignore[attr-defined]
    kept = entries.data > 0.0
    return entries.row[kept], entries.col[kept], entries.data[kept]


@njit(cache=True, nogil=True)
def _pass_down(  # noqa: PLR0913 - compiled: arrays in, one filled
    parent: Ints, child: Ints, quantity: Floats, ahead: Ints, own: Floats, out: Floats
) -> None:
    """out[j,phi(u)] -= r own[p,u] for every link."""
    for e in range(parent.size):
        for u in range(own.shape[1]):
            out[child[e], ahead[child[e], u]] -= quantity[e] * own[parent[e], u]


@njit(cache=True, nogil=True)
def _gather_up(  # noqa: PLR0913 - compiled: arrays in, one filled
    parent: Ints, child: Ints, quantity: Floats, ahead: Ints, own: Floats, out: Floats
) -> None:
    """out[p,u] -= r own[j,phi(u)] for every link."""
    for e in range(parent.size):
        for u in range(own.shape[1]):
            out[parent[e], u] -= quantity[e] * own[child[e], ahead[child[e], u]]
