"""Decisions on their way into the index, many at a time."""

import sqlite3
from collections import defaultdict
from collections.abc import Iterator
from itertools import groupby
from typing import Any

from decision_service.decision import Disposition
from decision_service.followers.index.tables import BLOCK, Words, add_bits, add_values
from decision_service.followers.index.wanted import DecisionFilter
from decision_service.followers.reading import Said

DECIDED = ("", "")  # the word of every decision
TOLD = ("mode", "verdict", "release", "actor", "scope")  # words that a line of a list shows
_ROW = f"INSERT INTO decision_index VALUES ({', '.join('?' * 13)})"  # noqa: S608 - a constant
_DISPOSITIONS = tuple(disposition.value for disposition in Disposition)


class Batch:
    """
    What is to be written of some decisions.

    Those of which the same is said, but for name, time and value, are counted together.
    """

    def __init__(self, words: Words) -> None:
        self._words = words
        self._rows: list[tuple[Any, ...]] = []
        self._numbers: dict[tuple[Any, ...], tuple[int, ...]] = {}
        self._bits: defaultdict[tuple[int, tuple[Any, ...]], int] = defaultdict(int)

    def add(self, seq: int, recorded_at: str, e: Said) -> None:
        """One more decision."""
        said = (
            e.mode, e.verdict, e.release, e.actor, e.scope,
            (e.approved > 0, e.referred > 0, e.blocked > 0), e.rules,
        )  # fmt: skip
        numbers = self._numbers.get(said)
        if numbers is None:
            numbers = self._numbers[said] = tuple(self._words.number(*word) for word in _words_in(*said))
        self._bits[seq // BLOCK, said] |= 1 << seq % BLOCK
        told = numbers[: len(TOLD)]
        counts = (e.approved, e.referred, e.blocked, float(e.value))
        self._rows.append((seq, e.name, e.request_id, recorded_at, *told, *counts))

    def write(self, connection: sqlite3.Connection) -> None:
        """All of it, in the caller's transaction."""
        connection.executemany(_ROW, self._rows)
        add_bits(connection, self._bits_of_words())
        for block, rows in groupby(self._rows, lambda row: row[0] // BLOCK):
            places, values = zip(*((row[0] % BLOCK, row[-1]) for row in rows), strict=True)
            add_values(connection, block, list(places), list(values))

    def _bits_of_words(self) -> Iterator[tuple[int, int, int]]:
        found: defaultdict[tuple[int, int], int] = defaultdict(int)
        for (block, said), bits in self._bits.items():
            for number in self._numbers[said]:
                found[number, block] |= bits
        return ((number, block, bits) for (number, block), bits in sorted(found.items()))


def _words_in(*said: Any) -> Iterator[tuple[str, str]]:
    """The words of a decision; first those that a line shows."""
    *told, has, rules = said
    yield from zip(TOLD, told, strict=True)
    yield DECIDED
    yield from (("disposition", name) for name, is_there in zip(_DISPOSITIONS, has, strict=True) if is_there)
    yield from (("rule", rule) for rule in rules)


def words_of(wanted: DecisionFilter) -> Iterator[list[tuple[str, str]]]:
    """Words that a filter asks for, one of each group; every decision has the first."""
    yield [DECIDED]
    for kind in (*TOLD, "disposition", "rule"):
        if text := getattr(wanted, kind):
            yield [(kind, str(text))]
    if "*" not in wanted.scopes:
        yield [("scope", scope) for scope in wanted.scopes]
