"""
Finding the rows that match without looking at the others.

The rows of a table become a tree: each branch looks one fact up (a hash for listed values, a
binary search for thresholds) and leads to the rows that are still possible; a leaf tests what is
left of their conditions. The fact that leaves the fewest rows comes first. Where rows are asked
in order of preference (FIRST, PRIORITY), a row with nothing left to test ends its list. Size and work
are bounded together: when they are used up, what is left stays a leaf.
"""

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeAlias, TypeVar

from rules.conditions import LISTED, ORDERED, Cell, Column, cut, is_analysable
from rules.feel import Check, EffortError, Value
from rules.schema import FactType

R = TypeVar("R")
Candidate: TypeAlias = tuple[R, tuple[Cell, ...]]
Tree: TypeAlias = "_Ordered[R] | _Listed[R] | tuple[Leaf[R], ...]"
Leaf: TypeAlias = "tuple[R, tuple[tuple[str, Check], ...]]"  # what is left to test, ready to be called

SMALL = 3  # rows that are faster to test than to look up
ROOM_PER_ROW = 400  # candidates that may be sorted into lists, per row of the table
_GAIN = 0.7  # a branch has to leave this share of the rows, or fewer


@dataclass(frozen=True, slots=True)
class _Ordered(Generic[R]):
    fact: str
    cuts: tuple[Any, ...]
    children: tuple["Tree[R]", ...]

    def child(self, value: Any) -> "Tree[R]":
        if value is None:
            return self.children[-1]
        place = bisect_left(self.cuts, value)
        if place < len(self.cuts) and self.cuts[place] == value:
            return self.children[2 * place + 1]
        return self.children[2 * place]


@dataclass(frozen=True, slots=True)
class _Listed(Generic[R]):
    fact: str
    children: Mapping[Any, "Tree[R]"]
    other: "Tree[R]"

    def child(self, value: Any) -> "Tree[R]":
        return self.children.get(value, self.other)


@dataclass(frozen=True, slots=True)
class RowIndex(Generic[R]):
    """
    The rows of a table, ready to be found.

    Parameters
    ----------
    is_preferential
        Whether the first row that matches is enough.
    """

    tree: "Tree[R]"
    is_preferential: bool

    def find(self, scope: Mapping[str, Value]) -> list[R]:
        """Rows whose conditions all hold, in the order they were given; only one if preferential."""
        node = self.tree
        while type(node) is not tuple:
            node = node.child(scope[node.fact])  # type: ignore[union-attr]  # a tuple ends the loop
        matched = []
        try:
            for row, checks in node:
                for fact, check in checks:
                    if check(scope[fact], scope) is not True:
                        break
                else:
                    matched.append(row)
                    if self.is_preferential:
                        break
        except RecursionError:
            raise EffortError("a condition recurses too deeply; end the recursion") from None
        return matched


def build_index(
    rows: Sequence[Candidate[R]], kinds: Mapping[str, FactType], *, is_preferential: bool
) -> RowIndex[R]:
    """
    Index rows with their conditions, given in the order in which they are to be found.

    Parameters
    ----------
    kinds
        Type of each fact that conditions look at.
    """
    builder: _Builder[R] = _Builder(kinds, is_preferential, ROOM_PER_ROW * len(rows) + 10_000)
    return RowIndex(builder.tree(tuple(rows)), is_preferential)


@dataclass(slots=True)
class _Builder(Generic[R]):
    kinds: Mapping[str, FactType]
    is_preferential: bool
    room: int

    def tree(self, rows: tuple[Candidate[R], ...]) -> "Tree[R]":
        if len(rows) <= SMALL or self.room < len(rows):
            return _leaf(rows)
        for column in self._columns(rows):
            lists = self._distribute(rows, column)
            if lists is not None:
                return self._branch(column, lists)
        return _leaf(rows)

    def _columns(self, rows: tuple[Candidate[R], ...]) -> list[Column]:
        """Facts worth looking up, the most selective first."""
        facts = sorted({cell.fact for _, cells in rows for cell in cells})
        usable = [fact for fact in facts if self.kinds[fact] in ORDERED | LISTED]
        self.room -= len(rows) * len(usable)
        weighed = [(self._entries(column), column) for column in (self._column(f, rows) for f in usable)]
        worth = [
            (entries / column.segments, column.fact, column)
            for entries, column in weighed
            if entries <= _GAIN * len(rows) * column.segments
            and (self.is_preferential or entries <= self.room)
        ]
        return [column for _, _, column in sorted(worth, key=lambda found: found[:2])]

    def _column(self, fact: str, rows: tuple[Candidate[R], ...]) -> Column:
        cells = [next((cell for cell in cells if cell.fact == fact), None) for _, cells in rows]
        return cut(fact, self.kinds[fact], cells)

    def _entries(self, column: Column) -> int:
        """Rows in all lists together, if none closes a segment."""
        return sum(
            column.segments if found is None else sum(last - first + 1 for first, last in found)
            for found in column.stretches
        )

    def _distribute(self, rows: tuple[Candidate[R], ...], column: Column) -> list[list[Candidate[R]]] | None:
        """Rows by segment; None when there is no room for them."""
        lists: list[list[Candidate[R]]] = [[] for _ in range(column.segments)]
        open_from = list(range(column.segments + 1))  # next segment that no row has closed yet
        for candidate, stretches in zip(rows, column.stretches, strict=True):
            left = self._left(candidate, column.fact)
            closes = self.is_preferential and not left[1]
            for first, last in stretches if stretches is not None else ((0, column.null_segment),):
                place = _next_open(open_from, first)
                while place <= last:
                    lists[place].append(left)
                    self.room -= 1
                    if closes:
                        open_from[place] = place + 1
                    place = _next_open(open_from, place + 1)
            if self.room < 0:
                return None
        return lists

    def _left(self, candidate: Candidate[R], fact: str) -> Candidate[R]:
        """The conditions that the look-up has not settled."""
        row, cells = candidate
        kind = self.kinds[fact]
        return row, tuple(cell for cell in cells if cell.fact != fact or not is_analysable(cell, kind))

    def _branch(self, column: Column, lists: list[list[Candidate[R]]]) -> "Tree[R]":
        known: dict[tuple[int, ...], Tree[R]] = {}
        children = []
        for rows in lists:
            key = tuple(id(row) for row, _ in rows)
            if key not in known:
                known[key] = self.tree(tuple(rows))
            children.append(known[key])
        if column.is_ordered:
            return _Ordered(column.fact, column.points, tuple(children))
        by_value = dict(zip(column.points, children, strict=False))
        return _Listed(column.fact, {**by_value, None: children[-1]}, children[-2])


def _leaf(rows: tuple[Candidate[R], ...]) -> "tuple[Leaf[R], ...]":
    return tuple([(row, tuple([(cell.fact, cell.tests.check) for cell in cells])) for row, cells in rows])


def _next_open(open_from: list[int], place: int) -> int:
    while open_from[place] != place:
        open_from[place] = open_from[open_from[place]]
        place = open_from[place]
    return place
