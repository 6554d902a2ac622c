"""Rows that become objects when they are asked for: what a million of them say fits in arrays."""

from collections.abc import Callable, Iterator, Sequence
from typing import Generic, TypeVar, overload

Row = TypeVar("Row")


class Rows(Sequence[Row], Generic[Row]):
    """
    `count` rows, each made by `make(number)` whenever it is read; equal to any sequence of equal rows.
    """

    __slots__ = ("_count", "_make")

    def __init__(self, count: int, make: Callable[[int], Row]) -> None:
        self._count, self._make = count, make

    def __len__(self) -> int:
        return self._count

    @overload
    def __getitem__(self, place: int) -> Row: ...
    @overload
    def __getitem__(self, place: slice) -> tuple[Row, ...]: ...
    def __getitem__(self, place: int | slice) -> Row | tuple[Row, ...]:
        if isinstance(place, slice):
            return tuple(self._make(k) for k in range(self._count)[place])
        return self._make(range(self._count)[place])

    def __iter__(self) -> Iterator[Row]:
        return map(self._make, range(self._count))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Sequence):
            return NotImplemented
        return len(self) == len(other) and all(a == b for a, b in zip(self, other, strict=True))

    def __hash__(self) -> int:
        return hash(tuple(self))

    def __repr__(self) -> str:
        return repr(tuple(self))

    def __reduce__(self) -> tuple[type, tuple[tuple[Row, ...]]]:
        return tuple, (tuple(self),)
