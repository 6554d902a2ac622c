"""Decisions on their way into the book, many at a time."""

import sqlite3
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from itertools import chain
from typing import Any

import orjson

from audit import Ledger, canonical
from audit.entry import read_time
from decision_service.decision import DecisionMode, Outcome
from decision_service.followers.order_book.orders import OPEN, begun, microseconds
from decision_service.followers.order_book.tables import LIVE, NUMBER
from decision_service.followers.reading import Decided
from decision_service.usecases.approvals.opening import Opening

_OUTCOMES = 4096  # whose numbers are at hand
_PLANS = 64  # whose stages are: thousands of each
_ROWS = 10_000  # that are held unwritten

_PLAN = DecisionMode.PLAN.value
_KNOWN = (
    f"SELECT digest, number, EXISTS (SELECT 1 FROM begun WHERE key = number << {NUMBER}) FROM outcome "  # noqa: S608 - a constant
    "WHERE digest IN (SELECT value FROM json_each(?))"
)
_MOVE = f"UPDATE orders SET moved_by = ? WHERE {LIVE} AND stage = ? AND key < ? AND (scope = ? OR scope = '*' OR ? = '*')"  # noqa: S608 - constants of ours


class _Table:
    """
    Writes rows of a table, many in a statement where there are many: each costs what several rows cost.

    Parameters
    ----------
    columns
        How many it has.
    """

    _TOGETHER = 32

    def __init__(self, name: str, columns: int) -> None:
        row = f"({', '.join('?' * columns)})"
        self._one = f"INSERT INTO {name} VALUES {row}"  # noqa: S608 - a name of ours
        self._many = f"INSERT INTO {name} VALUES {', '.join([row] * self._TOGETHER)}"  # noqa: S608 - as above

    def insert(self, connection: sqlite3.Connection, rows: list[tuple[Any, ...]]) -> None:
        """Rows, in their order."""
        rest = len(rows) - len(rows) % self._TOGETHER
        for first in range(0, rest, self._TOGETHER):
            some = rows[first : first + self._TOGETHER]
            connection.execute(self._many, tuple(chain.from_iterable(some)))
        connection.executemany(self._one, rows[rest:])


_BEGUN, _OPENED = _Table("begun", 12), _Table("opened", 8)


@dataclass(slots=True)
class _Rows:
    """What is not written yet; numbers of outcomes by their digests."""

    outcomes: dict[str, int] = field(default_factory=dict)
    begun: list[tuple[Any, ...]] = field(default_factory=list)
    opened: list[tuple[Any, ...]] = field(default_factory=list)
    moves: list[tuple[Any, ...]] = field(default_factory=list)


class Batch:
    """
    Rows of decisions, written together.

    An outcome is read for the first decision that reached it, and for a plan, which replaces earlier proposals; for
    every other the book knows it by its number, which is the place of the first.
    """

    def __init__(self, ledger: Ledger, connection: sqlite3.Connection) -> None:
        self._ledger, self._connection = ledger, connection
        self._numbers: dict[str, int | None] = {}  # of outcomes; None for one without orders
        self._stages: dict[str, frozenset[str]] = {}
        self._rows = _Rows()

    def expect(self, decided: Sequence[Decided]) -> None:
        """These come next: what `add` has to know of their outcomes is read at one look."""
        self._make_room()
        reached = {d.said.outcome_digest for d in decided}
        plans = {d.said.outcome_digest for d in decided if d.said.mode == _PLAN} - self._stages.keys()
        new = self._new(reached - self._numbers.keys())
        if not new and not plans:
            return
        first = {d.said.outcome_digest: d.place for d in reversed(decided)}
        contents = self._ledger.artifacts(new | plans)
        for digest in sorted(contents, key=first.__getitem__):
            opening = Opening(canonical.decode_object(contents[digest].content, Outcome))
            if digest in new:
                self._begin(digest, first[digest], opening)
            if digest in plans:
                self._stages[digest] = opening.stages

    def add(self, decided: Decided) -> None:
        """One that was expected."""
        place, e = decided.place, decided.said
        if e.mode == _PLAN:  # a judged proposal of the caller replaces nothing
            moves = (
                (e.name, stage, place << NUMBER, e.scope, e.scope) for stage in self._stages[e.outcome_digest]
            )
            self._rows.moves += moves
        number = self._numbers[e.outcome_digest]
        if number is None:
            return
        at = decided.recorded_at
        moment = microseconds(read_time(at))
        row = (place, e.name, at, moment, e.release, e.snapshot_digest, e.scope, number)
        self._rows.opened.append(row)

    def write(self) -> None:
        """All that was added, in the caller's transaction; before anything is looked up or changed."""
        rows, self._rows = self._rows, _Rows()
        write = self._connection.executemany
        if rows.outcomes:
            write("INSERT INTO outcome VALUES (?, ?)", rows.outcomes.items())
            _BEGUN.insert(self._connection, rows.begun)
        if rows.opened:
            _OPENED.insert(self._connection, rows.opened)
            self._connection.execute(OPEN, rows.opened[0][:1])
        if rows.moves:
            write(_MOVE, rows.moves)  # each of what lies before its plan

    def forget(self) -> None:
        """What was added is undone, with the numbers that were given."""
        self._rows = _Rows()
        self._numbers.clear()

    def _make_room(self) -> None:
        is_much = (
            len(self._rows.moves) + len(self._rows.begun) > _ROWS
        )  # a plan moves as many as it has stages
        if is_much or len(self._numbers) > _OUTCOMES:
            self.write()
        if len(self._numbers) > _OUTCOMES:
            self._numbers.clear()
        if len(self._stages) > _PLANS:
            self._stages.clear()

    def _new(self, digests: AbstractSet[str]) -> AbstractSet[str]:
        """Those of some outcomes that the book does not know; it remembers the others."""
        if not digests:
            return digests
        known = self._connection.execute(_KNOWN, (orjson.dumps([*digests]).decode(),)).fetchall()
        self._numbers |= {digest: number if has_orders else None for digest, number, has_orders in known}
        return digests - self._numbers.keys()

    def _begin(self, digest: str, place: int, opening: Opening) -> None:
        """How the orders of an outcome begin is kept once."""
        self._rows.outcomes[digest] = place
        self._rows.begun += begun(place, opening)
        self._numbers[digest] = place if opening.begun else None
