"""
Conditions on decisions, a block of the log at a time.

A condition tells where it holds, from the newest block down. All conditions hold where all their bits are set; a
block that one of them leaves out is not looked at.
"""

import heapq
import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import reduce
from itertools import groupby
from operator import or_
from typing import Any, NamedTuple, Protocol

from decision_service.followers.index.tables import BLOCK


class Found(NamedTuple):
    """A block and the places in it, as bits."""

    block: int
    bits: int


class Condition(Protocol):
    """What is asked of a decision."""

    def down(self, block: int) -> Iterator[Found]:
        """Where it holds: this block and those below it, newest first, without those where it does not."""


@dataclass(frozen=True, slots=True)
class OneWord:
    """The decision has a word."""

    connection: sqlite3.Connection
    word: int

    def down(self, block: int) -> Iterator[Found]:
        """Where it holds."""
        query = "SELECT block, bits FROM decision_bits WHERE word = ? AND block <= ? ORDER BY block DESC"
        for found, bits in self.connection.execute(query, (self.word, block)):
            yield Found(found, int.from_bytes(bits, "little"))


@dataclass(frozen=True, slots=True)
class AnyOf:
    """One of several conditions holds."""

    conditions: tuple[Condition, ...]

    def down(self, block: int) -> Iterator[Found]:
        """Where it holds."""
        merged = heapq.merge(*(c.down(block) for c in self.conditions), key=lambda found: -found.block)
        for newest, each in groupby(merged, lambda found: found.block):
            yield Found(newest, reduce(or_, (found.bits for found in each)))


@dataclass(frozen=True, slots=True)
class Listed:
    """
    The decision is among the rows of a table that an index of its own finds, newest first.

    Parameters
    ----------
    rows
        Table and condition; its rows have a `seq`.
    """

    connection: sqlite3.Connection
    rows: str
    values: tuple[Any, ...]

    def down(self, block: int) -> Iterator[Found]:
        """Where it holds."""
        query = f"SELECT seq FROM {self.rows} AND seq < ? ORDER BY seq DESC"  # noqa: S608 - ours, values are bound
        rows = self.connection.execute(query, (*self.values, (block + 1) * BLOCK))
        return _in_blocks(seq for (seq,) in rows)


@dataclass(frozen=True, slots=True)
class At:
    """
    The decision is at one of some places.

    Parameters
    ----------
    places
        The newest first.
    """

    places: tuple[int, ...]

    def down(self, block: int) -> Iterator[Found]:
        """Where it holds."""
        return _in_blocks(seq for seq in self.places if seq < (block + 1) * BLOCK)


def _in_blocks(places: Iterable[int]) -> Iterator[Found]:
    for block, each in groupby(places, lambda seq: seq // BLOCK):
        yield Found(block, reduce(or_, (1 << seq % BLOCK for seq in each)))


@dataclass(frozen=True, slots=True)
class Worth:
    """The value of the decision lies between two, both included."""

    connection: sqlite3.Connection
    low: float
    high: float

    def down(self, block: int) -> Iterator[Found]:
        """Where it holds; a block whose extremes lie outside is not looked at."""
        import numpy as np  # noqa: PLC0415 - a service starts without it

        query = (
            "SELECT block, worth FROM decision_values WHERE block <= ? AND high >= ? AND low <= ? "
            "ORDER BY block DESC"
        )
        for found, worth in self.connection.execute(query, (block, self.low, self.high)):
            values = np.frombuffer(worth)
            is_between = (values >= self.low) & (values <= self.high)
            if is_between.any():
                bits = np.packbits(is_between, bitorder="little").tobytes()
                yield Found(found, int.from_bytes(bits, "little"))


class _Walk:
    """A condition on the way down, for who asks of ever lower blocks."""

    def __init__(self, condition: Condition) -> None:
        self._condition = condition
        self._ahead: Iterator[Found] | None = None
        self._last: Found | None = None

    def newest(self, block: int) -> Found | None:
        """Where the condition holds, in the newest block at or below this one where it does; None = in none."""
        if self._last and self._last.block <= block:
            return self._last
        if self._ahead:
            self._last = next(self._ahead, None)
        if not self._ahead or (self._last and self._last.block > block):  # far below: not one by one
            self._ahead = self._condition.down(block)
            self._last = next(self._ahead, None)
        return self._last


def places(conditions: tuple[Condition, ...], start: int, stop: int) -> Iterator[int]:
    """Places from `start` to below `stop` where all conditions hold, newest first; there is at least one condition."""
    walks = tuple(map(_Walk, conditions))
    block = (stop - 1) // BLOCK
    while block >= start // BLOCK:
        found = _together(walks, block)
        if found is None:
            return
        if found.block == block:
            yield from _set_in(found, start, stop)
        block = min(found.block, block - 1)


def _together(walks: tuple[_Walk, ...], block: int) -> Found | None:
    """Where all hold in this block; or the block at or below which to look next, with no bits."""
    bits = (1 << BLOCK) - 1
    for walk in walks:
        found = walk.newest(block)
        if found is None or found.block < block:
            return found and Found(found.block, 0)
        bits &= found.bits
        if not bits:
            break
    return Found(block, bits)


def _set_in(found: Found, start: int, stop: int) -> Iterator[int]:
    first, bits = found.block * BLOCK, found.bits
    while bits:
        place = bits.bit_length() - 1
        bits ^= 1 << place
        if start <= first + place < stop:
            yield first + place
