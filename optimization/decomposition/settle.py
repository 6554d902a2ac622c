"""
From plans that nearly fit to plans that fit, with next to nothing lost on the way.

1. `settle`: sweeps in which capacity trades at a price, each sweep stiffer than the one before, so that
   use comes to the capacities from both sides;
2. `unload`: items of overloaded cells move, at prices that rise round by round on what is overloaded
   and on what has less room than one large lot, until nothing overflows; what will not move is dropped;
3. `fill`: what is left of the capacities is used, at prices below those of the bound.

All three are cheap: few items are settled several times in other orders, and the best is kept.

The first sweep sees every item, the others so many of them in turns: of a million, each resource has
thousands of items that hardly mind which of two periods they order in.
"""

from dataclasses import dataclass

import numpy as np

from optimization.decomposition.blocks import Prices
from optimization.decomposition.instance import Floats, Instance, Ints
from optimization.decomposition.relief import clear, touching
from optimization.decomposition.state import State
from optimization.decomposition.sweep import Terms, sweep

# Excess, as a share of capacity but at least two large lots, that raises a price by the price scale.
_EXCESS, _LEAST_EXCESS = (0.02, 0.005, 0.001, 0.0002), 2.0
_BEFORE = 0.5  # large lots before the capacity: room for what comes in lots
# Share of the bound's prices, and the excess in large lots.
_FILLS = ((0.9, 10.0), (1.0, 10.0), (0.75, 10.0), (0.5, 5.0))
_ROUNDS, _CYCLE = 48, 12
_FIRST_RAISE, _GROWTH = 0.5, 1.6  # price scales on overloaded cells; back to the first after a cycle
_MOST = 50_000  # items of a sweep after the first
_STARTS, _AGAIN, _SETTLED_ITEMS = 8, 3, 10_000  # at most so many starts and repeats, of so many items in all


@dataclass(slots=True)
class Turns:
    """Items in a mixed order, so many at a time, round and round."""

    order: Ints
    at: int = 0

    def some(self) -> Ints:
        """The next ones."""
        begin, most = self.at, min(_MOST, self.order.size)
        self.at = (begin + most) % self.order.size
        return self.order.take(np.arange(begin, begin + most), mode="wrap")


def turns(count: int, rng: np.random.Generator) -> Turns:
    """All items, in an order that the generator decides on."""
    return Turns(rng.permutation(count).astype(np.int32))


def fit(state: State, centre: Prices, rng: np.random.Generator) -> list[Ints]:
    """
    Settle, unload and fill; where there are few items, from the same plans several times.

    The state is the best of them; the plans of all of them come back where there are few items.
    """
    count = state.instance.items.count
    starts = int(np.clip(_SETTLED_ITEMS // count, 1, _STARTS))
    if starts == 1:
        order = turns(count, rng)
        settle(state, centre, order)
        mend(state, centre, order, rng)
        return []
    seen, costs = _several(state, centre, rng, starts)
    set_plans(state, seen[int(np.argmin(costs))])
    return seen


def _several(
    state: State, centre: Prices, rng: np.random.Generator, starts: int
) -> tuple[list[Ints], list[float]]:
    """Plans and objectives of so many starts, and of settling each again."""
    begun, seen, costs = state.plans.copy(), [], []
    for _ in range(starts):
        order = turns(state.instance.items.count, rng)
        set_plans(state, begun)
        for _ in range(_AGAIN):
            settle(state, centre, order)
            mend(state, centre, order, rng)
            seen.append(state.plans.copy())
            costs.append(state.objective)
    return seen, costs


def set_plans(state: State, plans: Ints) -> None:
    """Go back to these plans."""
    state.plans[:] = plans
    state.recount()


def mend(state: State, centre: Prices, order: Turns, rng: np.random.Generator) -> None:
    """Move what overflows, drop what will not move, then use what is left."""
    unload(state, centre, rng)
    clear(state)
    fill(state, centre, order)


def settle(state: State, centre: Prices, order: Turns) -> None:
    """Bring use to the capacities; a little overload is left."""
    for number, share in enumerate(_EXCESS):
        terms = _terms(state.instance, centre, (share, _LEAST_EXCESS), before=_BEFORE)
        sweep(state, order.some() if number else order.order, terms)
    state.recount()


def unload(state: State, centre: Prices, rng: np.random.Generator) -> None:
    """Move items until no resource is overloaded, at most `_ROUNDS` rounds."""
    for step in range(_ROUNDS):
        supply, storage = state.overload
        if not (supply.any() or storage.any()):
            return
        which = rng.permutation(touching(state, supply > 0.0, storage > 0.0))[:_MOST]
        raised = _FIRST_RAISE * _GROWTH ** (step % _CYCLE)
        surcharge = raised * state.instance.price_scale
        sweep(state, which, _terms(state.instance, centre, (0.0, 1.0 / raised), surcharge=surcharge))


def fill(state: State, centre: Prices, order: Turns) -> None:
    """Use what is left; cost never rises and no overload appears."""
    for share, lots in _FILLS:
        low = Prices(share * centre.supply, share * centre.storage)
        sweep(state, order.some(), _terms(state.instance, low, (0.0, lots)))
    state.recount()


def _terms(
    instance: Instance,
    prices: Prices,
    excess: tuple[float, float],
    *,
    before: float | None = None,
    surcharge: float = 0.0,
) -> Terms:
    """Prices that rise by one scale over the excess (a share, least lots); hard unless `before` says where."""
    lots = large_lots(instance)
    capacity = instance.supply, instance.storage
    early = 1.0 if before is None else before
    edge = capacity[0] - early * lots[0], capacity[1] - early * lots[1]
    stiffness = (
        _stiffness(instance, capacity[0], lots[0], excess),
        _stiffness(instance, capacity[1], lots[1], excess),
    )
    return Terms((prices.supply, prices.storage), edge, stiffness, surcharge, is_hard=before is None)


def _stiffness(instance: Instance, capacity: Floats, lot: float, excess: tuple[float, float]) -> Floats:
    limited = np.isfinite(capacity)
    width = np.maximum(excess[0] * np.where(limited, capacity, 0.0), excess[1] * lot)
    return np.where(limited, instance.price_scale / width, 0.0)


def large_lots(instance: Instance) -> tuple[float, float]:
    """The space at a supplier, and in a store, that nine lots in ten do not exceed."""
    items = instance.items
    return _large(items.unit_use * items.lot), _large(items.volume * items.lot)


def _large(space: Floats) -> float:
    taken = space[space > 0.0]
    return float(np.quantile(taken, 0.9)) if taken.size else 1.0
