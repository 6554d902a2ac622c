"""
Where the programme on many demand paths starts: from its solution on one.

Flows, stocks and what has arrived, A, keep the status that they have where one priced path is served.
With A known, every lost-sales path follows: stock is basic where some is left, lost sales where none
is, and the pieces of the cost of events are full up to A. A backorder market is one row a period
anyway and starts cold. The optimum is the same; on the networks of the benchmark simplex needs a
seventh of the steps, on small ones a third.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from optimization.matrix import Matrix
from optimization.network import DemandKind
from optimization.report import SolveReport
from optimization.solver import AT_LOWER, AT_UPPER, BASIC, new_basis
from optimization.uncertain.model import MarketPaths, arrivals
from optimization.uncertain.problem import UncertainProblem

Floats = NDArray[np.float64]
Statuses = dict[str, NDArray[Any]]
_HAIR = 1e-9


class Solved(NamedTuple):
    """A programme at its optimum; `flows` by route and period."""

    matrix: Matrix
    basis: Any
    flows: Floats
    report: SolveReport


def start_from(one: Solved, problem: UncertainProblem, matrix: Matrix, paths: Sequence[MarketPaths]) -> Any:
    """A basis of `matrix` near its optimum; HiGHS corrects how many are basic."""
    statuses = {"column": np.full(matrix.columns, AT_LOWER), "row": np.full(matrix.rows, BASIC)}
    _take_over(statuses, one, matrix)
    for path in paths:
        if path.market.kind is DemandKind.LOST_SALE:
            arrived = arrivals(problem, path.market.point, one.flows)
            _sell(statuses, matrix, path, arrived)
            _price_events(statuses, matrix, path, arrived)
    basis = new_basis()
    basis.col_status, basis.row_status = statuses["column"].tolist(), statuses["row"].tolist()
    return basis


def _take_over(statuses: Statuses, one: Solved, matrix: Matrix) -> None:
    """The status of what does not depend on the number of paths."""
    for kind, known in (("column", one.basis.col_status), ("row", one.basis.row_status)):
        old, given = one.matrix.blocks(kind), np.array(known, dtype=object)
        for name, numbers in matrix.blocks(kind).items():
            if name in old and old[name].shape == numbers.shape:
                statuses[kind][numbers] = given[old[name]]


def _sell(statuses: Statuses, matrix: Matrix, path: MarketPaths, arrived: Floats) -> None:
    """What is left, or lost, on every path."""
    columns, point = matrix.blocks("column"), path.market.point
    stock, lost = columns[f"stock[{point}]"], columns[f"lost[{point}]"]
    statuses["row"][matrix.block("row", f"sell[{point}]")] = AT_LOWER
    left = np.zeros(len(path.demand))
    for k, received in enumerate(np.diff(arrived, prepend=0.0)):
        left = left + received - path.demand[:, k]
        statuses["column"][stock[:, k]] = np.where(left > _HAIR, BASIC, AT_LOWER)
        statuses["column"][lost[:, k]] = np.where(left > _HAIR, AT_LOWER, BASIC)
        left = np.maximum(left, 0.0)


def _price_events(statuses: Statuses, matrix: Matrix, path: MarketPaths, arrived: Floats) -> None:
    """One column of each period is basic: the piece that A is in, or what is before or beyond all pieces."""
    events, point, columns = path.events, path.market.point, matrix.blocks("column")
    if not events.slope.shape[1]:
        return
    before, piece, free = (columns[f"{name}[{point}]"] for name in ("before", "piece", "free"))
    ends = events.start[:, None] + np.cumsum(events.width, axis=1)
    statuses["row"][matrix.block("row", f"events[{point}]")] = AT_LOWER
    statuses["column"][piece] = np.where(ends <= arrived[:, None], AT_UPPER, AT_LOWER)
    inside = np.where(
        ends[:, -1] > arrived,
        piece[np.arange(arrived.size), np.argmax(ends > arrived[:, None], axis=1)],
        free,
    )
    statuses["column"][np.where(arrived < events.start, before, inside)] = BASIC
