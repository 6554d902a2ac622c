"""Decisions on their way into the index, many at a time."""

import sqlite3
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from decision_service.decision import Disposition
from decision_service.followers.index.tables import BLOCK, Words, add_bits, add_values
from decision_service.followers.index.wanted import DecisionFilter
from decision_service.followers.reading import Said

DECIDED = ("", "")  # the word of every decision
ACTOR = "actor"
_KINDS = ("mode", "verdict", "release", ACTOR, "scope")  # a decision has one word of each
_DISPOSITIONS = tuple(disposition.value for disposition in Disposition)


class Batch:
    """
    What is to be written of some decisions.

    Those of which the same is said, but for name, time and value, are counted together.
    """

    def __init__(self, words: Words) -> None:
        self._words = words
        self._bits: defaultdict[tuple[int, tuple[Any, ...]], int] = defaultdict(int)
        self._values: defaultdict[int, dict[int, float]] = defaultdict(dict)

    def add(self, seq: int, e: Said) -> None:
        """One more decision."""
        block, place = divmod(seq, BLOCK)
        has = (e.approved > 0, e.referred > 0, e.blocked > 0)
        self._bits[block, (e.mode, e.verdict, e.release, e.actor, e.scope, has, e.rules)] |= 1 << place
        self._values[block][place] = float(e.value)

    def write(self, connection: sqlite3.Connection) -> None:
        """All of it, in the caller's transaction."""
        add_bits(connection, self._bits_of_words())
        for block, values in self._values.items():
            add_values(connection, block, values)

    def _bits_of_words(self) -> Iterator[tuple[int, int, int]]:
        found: defaultdict[tuple[int, int], int] = defaultdict(int)
        numbers: dict[tuple[Any, ...], tuple[int, ...]] = {}
        for (block, said), bits in self._bits.items():
            if said not in numbers:
                numbers[said] = tuple(self._words.number(*word) for word in _words_in(*said))
            for number in numbers[said]:
                found[number, block] |= bits
        return ((number, block, bits) for (number, block), bits in sorted(found.items()))


def _words_in(*said: Any) -> Iterator[tuple[str, str]]:
    """The words of a decision."""
    *words, has, rules = said
    yield from zip(_KINDS, words, strict=True)
    yield DECIDED
    yield from (("disposition", name) for name, is_there in zip(_DISPOSITIONS, has, strict=True) if is_there)
    yield from (("rule", rule) for rule in rules)


def words_of(wanted: DecisionFilter) -> Iterator[list[tuple[str, str]]]:
    """Words that a filter asks for, one of each group; every decision has the first."""
    yield [DECIDED]
    for kind in (*_KINDS, "disposition", "rule"):
        if text := getattr(wanted, kind):
            yield [(kind, str(text))]
    if "*" not in wanted.scopes:
        yield [("scope", scope) for scope in wanted.scopes]
