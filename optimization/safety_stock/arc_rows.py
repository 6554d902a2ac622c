"""The rows of all arcs in the transport programme: low[t] <= high[t], made at once."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from optimization.matrix import Matrix
from optimization.safety_stock.model import Order

Ints = NDArray[np.int64]
Grids = dict[int, Ints]  # the values a variable may take, ascending from 0


@dataclass(frozen=True, slots=True)
class OrderRows:
    """
    The rows of all arcs.

    Parameters
    ----------
    pairs
        (low, high) of each arc.
    starts
        Where the values of each arc's `low` begin in one row of them all.
    places
        Which of these values each row stands for.
    """

    pairs: tuple[tuple[int, int], ...]
    starts: tuple[int, ...]
    rows: Ints
    places: Ints


def add_orders(matrix: Matrix, orders: list[Order], tails: dict[int, Ints], grids: Grids) -> OrderRows:
    """low[t] - high[first value >= t] <= 0, all arcs at once; beyond the reach of `high`, `low` ends."""
    if not orders:
        return OrderRows((), (0,), np.zeros(0, np.int64), np.zeros(0, np.int64))
    sizes = {x: grids[x].size for x in grids}
    count = np.array([sizes[o.low] - 1 for o in orders])
    place = _ragged_range(count) + 1
    arc = np.repeat(np.arange(len(orders)), count)
    wanted = np.concatenate([grids[o.low][1:] for o in orders])
    first = _first_not_below(wanted, np.array([o.high for o in orders])[arc], grids)
    is_row = first < np.array([sizes[o.high] for o in orders])[arc]
    place, arc, first = place[is_row], arc[is_row], first[is_row]
    rows = matrix.add_rows("orders", (place.size,), upper=0.0)
    start = {x: int(t[0]) if t.size else 0 for x, t in tails.items()}
    matrix.put(rows, np.array([start[o.low] for o in orders])[arc] + place - 1, 1.0)
    matrix.put(rows, np.array([start[o.high] for o in orders])[arc] + first - 1, -1.0)
    starts = np.concatenate([[0], np.cumsum(count + 1)])
    return OrderRows(
        tuple((o.low, o.high) for o in orders), tuple(starts.tolist()), rows, starts[arc] + place
    )


def _first_not_below(values: Ints, variables: Ints, grids: Grids) -> Ints:
    """For each value the position in its variable's grid of the first that is not below it."""
    most = 1 + max(int(values.max(initial=0)), *(int(grid[-1]) for grid in grids.values()))
    ranked = sorted(grids)
    keys = np.concatenate([grids[x] + most * x for x in ranked])  # one sorted array for all variables
    starts = np.searchsorted(keys, most * variables)
    found: Ints = np.searchsorted(keys, values + most * variables) - starts
    reach = np.array([grids[x].size for x in ranked])[np.searchsorted(ranked, variables)]
    return np.asarray(np.minimum(found, reach), np.int64)


def _ragged_range(counts: Ints) -> Ints:
    """0 .. count - 1 for every count, end to end."""
    ends_at = np.cumsum(counts)
    ragged: Ints = np.arange(int(ends_at[-1])) - np.repeat(ends_at - counts, counts)
    return ragged
