"""
A mixed-integer linear model as arrays, collected block by block.

    min  offset + cost . x   s.t.  row_lower <= A x <= row_upper,  lower <= x <= upper

A block of columns or rows has the shape of its index set; `names` of rows and columns,
``balance[3,7]``, are computed when someone asks, so a model of a million rows carries none.
"""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(slots=True)
class Matrix:
    """Columns, rows and entries in the order they were added."""

    offset: float = 0.0  # added to the cost
    columns: int = 0
    rows: int = 0
    _lower: list[Floats] = field(default_factory=list)
    _upper: list[Floats] = field(default_factory=list)
    _cost: list[Floats] = field(default_factory=list)
    _integer: list[NDArray[np.bool_]] = field(default_factory=list)
    _row_lower: list[Floats] = field(default_factory=list)
    _row_upper: list[Floats] = field(default_factory=list)
    _entries: list[tuple[Ints, Ints, Floats]] = field(default_factory=list)
    _blocks: dict[str, list[tuple[str, int, tuple[int, ...]]]] = field(
        default_factory=lambda: {"row": [], "column": []}
    )

    def add_columns(  # noqa: PLR0913 - a block of columns is these five things
        self,
        name: str,
        shape: tuple[int, ...],
        *,
        lower: ArrayLike = 0.0,
        upper: ArrayLike = np.inf,
        cost: ArrayLike = 0.0,
        integer: bool = False,
    ) -> Ints:
        """Column numbers of a new block, in its shape."""
        numbers = np.arange(self.columns, self.columns + int(np.prod(shape)), dtype=np.int64).reshape(shape)
        self._blocks["column"].append((name, self.columns, shape))
        self.columns += numbers.size
        self._lower.append(_spread(lower, shape))
        self._upper.append(_spread(upper, shape))
        self._cost.append(_spread(cost, shape))
        self._integer.append(np.full(numbers.size, integer))
        return numbers

    def add_rows(
        self, name: str, shape: tuple[int, ...], *, lower: ArrayLike = -np.inf, upper: ArrayLike = np.inf
    ) -> Ints:
        """Row numbers of a new block, in its shape."""
        numbers = np.arange(self.rows, self.rows + int(np.prod(shape)), dtype=np.int64).reshape(shape)
        self._blocks["row"].append((name, self.rows, shape))
        self.rows += numbers.size
        self._row_lower.append(_spread(lower, shape))
        self._row_upper.append(_spread(upper, shape))
        return numbers

    def put(self, rows: ArrayLike, columns: ArrayLike, values: ArrayLike) -> None:
        """Add entries; the three arrays broadcast against each other."""
        r, c, v = np.broadcast_arrays(
            np.asarray(rows, np.int64), np.asarray(columns, np.int64), np.asarray(values, np.float64)
        )
        self._entries.append((r.ravel(), c.ravel(), v.ravel()))

    def row_name(self, row: int) -> str:
        """For example ``balance[3,7]``."""
        return self._name("row", row)

    def column_name(self, column: int) -> str:
        """For example ``lots[3,7]``."""
        return self._name("column", column)

    def block(self, kind: str, name: str) -> Ints:
        """Numbers of a `row` or `column` block, in its shape."""
        _, first, shape = next(b for b in self._blocks[kind] if b[0] == name)
        return np.arange(first, first + int(np.prod(shape)), dtype=np.int64).reshape(shape)

    def blocks(self, kind: str) -> dict[str, Ints]:
        """Numbers of every `row` or `column` block by name, in its shape."""
        return {
            name: np.arange(first, first + int(np.prod(shape)), dtype=np.int64).reshape(shape)
            for name, first, shape in self._blocks[kind]
        }

    def arrays(self) -> dict[str, Any]:
        """The model by column (CSC), ready for `passModel`; entries at one place add up."""
        from scipy.sparse import coo_matrix  # noqa: PLC0415 - a slow import, needed only to solve

        r, c, v = (
            np.concatenate([e[k] for e in self._entries]) if self._entries else np.empty(0) for k in range(3)
        )
        csc = coo_matrix((v, (r, c)), shape=(self.rows, self.columns)).tocsc()
        csc.sort_indices()
        return {
            "cost": _join(self._cost),
            "lower": _join(self._lower),
            "upper": _join(self._upper),
            "row_lower": _join(self._row_lower),
            "row_upper": _join(self._row_upper),
            "start": csc.indptr.astype(np.int32),
            "index": csc.indices.astype(np.int32),
            "value": csc.data,
            "integer": np.concatenate(self._integer) if self._integer else np.empty(0, bool),
        }

    def _name(self, kind: str, number: int) -> str:
        name, first, shape = [b for b in self._blocks[kind] if b[1] <= number and np.prod(b[2]) > 0][-1]
        index = np.unravel_index(number - first, shape)
        return f"{name}[{','.join(str(int(i)) for i in index)}]"


def _spread(value: ArrayLike, shape: tuple[int, ...]) -> Floats:
    return np.broadcast_to(np.asarray(value, np.float64), shape).ravel()


def _join(blocks: list[Floats]) -> Floats:
    return np.concatenate(blocks) if blocks else np.empty(0)
