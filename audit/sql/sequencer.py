"""
The elected sequencer: one replica at a time turns waiting requests into entries.

It leads as long as its session holds an advisory lock. When the process dies the lock is free at
once; when it freezes, the server ends its silent session after seconds. Requests of other replicas
are taken from the outbox as they are visible, never by the order of their ids alone: a smaller id
may be committed later. Requests of its own process need no outbox: they join the batch, and become
durable with it. Either way the outcome is recorded with the entries, so that nothing is sequenced
twice whatever became of the connection.
"""

import logging
import threading
import time
import uuid
from collections.abc import Sequence
from typing import Any, Protocol

import psycopg
from psycopg import ClientCursor
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from audit.errors import AuditError
from audit.sequence import Outcome, Request, Sequencing
from audit.sql.columns import register
from audit.sql.postgres import LEAD, SILENCE
from audit.sql.postgres_writing import KnownArtifacts, PostgresTransaction, begin
from audit.sql.wire import read_request

BATCH = 1000  # requests
RETRY = 0.5  # seconds between attempts to lead, and the longest a request waits unnoticed
_STEPS, _LONGEST = 4, 0.004  # looks at the desk before a batch; seconds, twice what they may take
_SWEEP = 10.0  # seconds between two sweeps of old outcomes

Waiting = tuple[uuid.UUID, Request]
_LOG = logging.getLogger(__name__)

_TAKE = """
    SELECT ticket, request FROM outbox o
    WHERE NOT EXISTS (SELECT 1 FROM outcome WHERE ticket = o.ticket) ORDER BY id LIMIT %s
"""


class Desk(Protocol):
    """Where the requests of this process wait."""

    def hand_over(self, most: int) -> Sequence[Waiting]:
        """Return what waits, oldest first, at most so many."""
        ...

    def waiting(self) -> int:
        """Return how many there are to hand over."""
        ...

    def put_back(self, waiting: Sequence[Waiting]) -> None:
        """Take back what was not sequenced, or not surely, before the lead was lost."""
        ...

    def answer(self, ticket: uuid.UUID, outcome: Outcome) -> None:
        """Hear what became of a request, of this process or of another."""
        ...


class Sequencer:
    """
    A candidate: leads when no other does.

    Parameters
    ----------
    sequencing
        Judges requests and signs batches.
    known
        Content that need not be sent.
    desk
        Hands over the requests of this process and hears their outcomes.
    """

    def __init__(
        self, writing: Engine, sequencing: Sequencing, known: KnownArtifacts, desk: "Desk", me: str
    ) -> None:
        self._writing = writing
        self._sequencing = sequencing
        self._known = known
        self._desk = desk
        self._me = me
        self.is_leading = False
        self._is_called = False
        self._swept = 0.0
        self._last = 0, 0.0  # requests of this process in the last batch, and how long to wait for as many
        self._work_is_there = threading.Event()
        self._is_closed = threading.Event()
        self._thread = threading.Thread(target=self._stand, name="ledger-sequencer", daemon=True)
        self._thread.start()

    def wake(self) -> None:
        """Look into the outbox now rather than in a while."""
        self._is_called = True
        self._work_is_there.set()

    def call(self) -> None:
        """Look at the desk now: a request of this process is there."""
        self._work_is_there.set()

    def close(self) -> None:
        """Stop leading."""
        self._is_closed.set()
        self._work_is_there.set()
        self._thread.join()

    def _stand(self) -> None:
        while not self._is_closed.is_set():
            try:
                with self._writing.connect() as connection:
                    try:
                        self._lead(connection.connection.driver_connection)
                    finally:
                        connection.invalidate()  # the lock goes with the session
            except (SQLAlchemyError, AuditError, psycopg.Error, ValueError) as error:
                _LOG.warning("the sequencer starts again: %s", error)
                # The lead is lost with the connection; whoever leads next finds the requests waiting.
                self._sequencing.forget()
            self._is_closed.wait(RETRY)

    def _lead(self, raw: Any) -> None:
        """Sequence for as long as the lock is ours."""
        register(raw)
        raw.autocommit = True  # transactions begin and end by statements of their own
        for setting in ("idle_session_timeout", "idle_in_transaction_session_timeout"):
            raw.execute(f"SET {setting} = '{SILENCE}'")
        if not raw.execute("SELECT pg_try_advisory_lock(%s)", (LEAD,)).fetchone()[0]:
            return
        self._sequencing.forget()
        self.is_leading = True
        self.wake()
        try:
            while not self._is_closed.is_set():
                is_quiet = not self._work_is_there.wait(RETRY)
                self._work_is_there.clear()
                is_called, self._is_called = self._is_called, False
                self._gather()
                own = self._desk.hand_over(BATCH)
                if own or is_called or is_quiet:
                    self._settle(raw, own)
        finally:
            self.is_leading = False
            self._desk.put_back([])

    def _gather(self) -> None:
        """
        Give those who were answered by the last batch a moment to come back.

        Otherwise the quickest of them gets a batch to itself, and all others wait for its commit. It
        is a fraction of that commit, and nothing for a request that comes alone.
        """
        expected, step = self._last
        for _ in range(_STEPS):
            if self._desk.waiting() >= expected:
                return
            time.sleep(step)

    def _settle(self, raw: Any, own: Sequence[Waiting]) -> None:
        """Sequence one batch."""
        started = time.monotonic()
        try:
            settled = self._sequence(raw, own)
        except BaseException:
            # The transaction may be committed all the same. The outbox tells: a ticket that has an
            # outcome is not sequenced again.
            self._desk.put_back(own)
            raise
        self._last = len(own), min(time.monotonic() - started, _LONGEST) / _STEPS / 2
        for ticket, outcome in settled:
            self._desk.answer(ticket, outcome)

    def _sequence(self, raw: Any, own: Sequence[Waiting]) -> list[tuple[uuid.UUID, Outcome]]:
        """Turn what waits into entries, durably; return the outcomes."""
        size, found = begin(raw, _TAKE, (BATCH,))
        others = [(ticket, read_request(request)) for ticket, request in found.fetchall()]
        if BATCH in (len(own), len(others)):
            self.wake()  # there may be more
        transaction = PostgresTransaction(raw, size, self._known)
        waiting = [*others, *own]  # what this process had put there before comes first
        outcomes = self._sequencing.run_within(transaction, [request for _, request in waiting])
        settled = [(ticket, outcome) for (ticket, _), outcome in zip(waiting, outcomes, strict=True)]
        sent = transaction.settle(settled) if settled else []
        self._commit(raw, [ticket for ticket, _ in others])
        self._known.learn(sent)
        return settled

    def _commit(self, raw: Any, others: list[uuid.UUID]) -> None:
        """End the transaction; other replicas hear of it if theirs was among it."""
        ending, values = "COMMIT", []
        if others:
            ending = "SELECT ledger_forget(%s::uuid[]), pg_notify('ledger_settled', %s); " + ending
            values = [others, self._me]
        if time.monotonic() - self._swept > _SWEEP:
            self._swept = time.monotonic()
            ending = "SELECT ledger_sweep(); " + ending
        ClientCursor(raw).execute(ending, values)
