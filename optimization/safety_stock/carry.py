"""
From the optimal basis of one relaxation to a start for another with the same edges and other sizes.

A longer lead time lengthens what customers downstream may be promised, so columns and rows come and go.
Each is labelled by what it stands for, and takes over the status of its like; a new tail starts at 0, a
new row with room to spare.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from optimization.safety_stock.transport import TransportProgramme
from optimization.solver import AT_LOWER, BASIC, new_basis

Ints = NDArray[np.int64]


def start_like(programme: TransportProgramme, other: TransportProgramme) -> None:
    """Start a programme from the basis of another."""
    old = other.root_basis
    if old is None:
        return
    size = 1 + max(grid.size for p in (programme, other) for grid in p.grids.values())
    count = 1 + max(programme.grids)
    (columns, rows), (old_columns, old_rows) = (_labels(p, count, size) for p in (programme, other))
    basis = new_basis()
    basis.col_status = _carry(old.col_status, old_columns, columns, AT_LOWER)
    basis.row_status = _carry(old.row_status, old_rows, rows, BASIC)
    programme.start_from(basis)


def _labels(programme: TransportProgramme, count: int, size: int) -> tuple[Ints, Ints]:
    """
    What every column and row stands for, as numbers.

    Parameters
    ----------
    count, size
        Above every variable, and above every position in a grid.
    """
    columns, rows = np.zeros(programme.columns, np.int64), np.zeros(programme.rows, np.int64)
    for x, tails in programme.tails.items():
        columns[tails] = x * size + np.arange(1, tails.size + 1)
    for (x, y), (is_possible, pairs) in programme.pairs.items():
        first, second = np.nonzero(is_possible)
        columns[pairs] = -1 - (((x * count + y) * size + first) * size + second)
    for (x, a, b), marginals in programme.marginals.items():
        end = (int(x == a) * count + a) * count + b
        rows[marginals] = -1 - end * size - np.arange(marginals.size)
    monotone, first = programme.monotone
    rows[monotone] = columns[first]
    orders = programme.orders
    arcs = np.array([low * count + high for low, high in orders.pairs], np.int64)
    arc = np.searchsorted(orders.starts, orders.places, side="right") - 1
    place = orders.places - np.array(orders.starts)[arc]
    rows[orders.rows] = (count + arcs[arc]) * size + place
    return columns, rows


def _carry(statuses: Any, old: Ints, new: Ints, otherwise: Any) -> list[Any]:
    """The status of each label, where it was there before."""
    rank = np.argsort(old)
    place = np.minimum(np.searchsorted(old, new, sorter=rank), max(0, old.size - 1))
    held = np.array([*statuses, otherwise], dtype=object)
    found = rank[place] if old.size else place
    is_known = old[found] == new if old.size else np.zeros(new.size, bool)
    carried: list[Any] = held[np.where(is_known, found, old.size)].tolist()
    return carried
