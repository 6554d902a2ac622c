"""
The elected sequencer: one replica at a time turns waiting requests into entries.

It leads as long as its session holds an advisory lock, and writes in that session only, one
statement a batch. When the process dies the lock is free at once; when it freezes, the server ends
its silent session after seconds. Requests of other replicas are taken from the outbox as they are
visible, never by the order of their ids alone: a smaller id may be committed later. Requests of its
own process need no outbox: they join the batch, and become durable with it. Either way the outcome
is recorded with the entries, so that nothing is sequenced twice whatever became of the connection.
"""

import logging
import threading
import time
import uuid
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, Protocol

import psycopg
from psycopg import DataError, Notify
from psycopg.errors import DiskFull, ProgramLimitExceeded
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from audit.errors import AuditError, StorageError
from audit.sequence import Outcome, Request, Sequencing, Sitting
from audit.sql.bell import Bell, Ears
from audit.sql.columns import Texts
from audit.sql.known import KnownArtifacts
from audit.sql.postgres import LEAD, SILENCE
from audit.sql.postgres_writing import (
    WRITE,
    PostgresStanding,
    commit,
    prepare_session,
)
from audit.sql.statement import Statement
from audit.sql.wire import read_request, write_news, write_outcome
from audit.store import Batch, TakenError

BATCH = 1000  # requests
RETRY = 0.5  # seconds until a lost connection is made again, and the longest a request waits unnoticed
_CANDIDACY = 0.1  # seconds between two looks whether nobody leads
_STEPS, _LONGEST = 4, 0.004  # looks at the desk before a batch; seconds, twice what they may take
_SWEEP = 10.0  # seconds between two sweeps of old outcomes

Waiting = tuple[uuid.UUID, Request]
_LOG = logging.getLogger(__name__)

# What is wrong with a value, and not with the server.
_NOT_TAKEN = (DataError, ProgramLimitExceeded, ValueError)
_SIZE = "SELECT coalesce(max(seq), -1) + 1 FROM entry"
_TAKE = """
    SELECT ticket, request FROM outbox o
    WHERE NOT EXISTS (SELECT 1 FROM outcome WHERE ticket = o.ticket) ORDER BY id LIMIT %b
"""
_TELL = "SELECT pg_notify('ledger_settled', piece) FROM unnest(%b::text[]) AS news (piece)"


class Desk(Protocol):
    """Where the requests of this process wait."""

    def hand_over(self, most: int) -> Sequence[Waiting]:
        """Return what waits, oldest first, at most so many."""
        ...

    def waiting(self) -> int:
        """Return how many there are to hand over."""
        ...

    def put_back(self, waiting: Sequence[Waiting]) -> None:
        """Take back what was not sequenced, or not surely: it goes into the outbox now, whoever leads."""
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
        self._write: Statement  # of the session that leads
        self._size = 0
        self._is_called = False
        self._heard = 0  # requests that other replicas spoke of since the last look into the outbox
        self._taken: list[uuid.UUID] = []  # tickets of the batch that wait in the outbox
        self._looked = self._swept = 0.0
        self._last = 0, 0.0  # requests in the last batch, and how long to wait for as many
        self._bell = Bell()
        self._is_closed = threading.Event()
        self._thread = threading.Thread(target=self._stand, name="ledger-sequencer", daemon=True)
        self._thread.start()

    def wake(self) -> None:
        """Look into the outbox now rather than in a while."""
        self._is_called = True
        self._bell.ring()

    def call(self) -> None:
        """Look at the desk now: a request of this process is there."""
        self._bell.ring()

    def close(self) -> None:
        """Stop leading."""
        if self._is_closed.is_set():
            return
        self._is_closed.set()
        self._bell.ring()
        self._thread.join()
        self._bell.close()

    def _stand(self) -> None:
        while not self._is_closed.is_set():
            try:
                with self._writing.connect() as connection:
                    try:
                        self._lead(connection.connection.driver_connection)
                    finally:
                        connection.invalidate()  # the lock goes with the session
            except Exception as error:  # noqa: BLE001 - whatever it was, nobody may wait for ever
                is_known = isinstance(error, (SQLAlchemyError, AuditError, psycopg.Error))
                _LOG.warning("the sequencer starts again: %s", error, exc_info=not is_known)
                # The lead is lost with the connection; whoever leads next finds the requests waiting.
                self._sequencing.forget()
            self._is_closed.wait(RETRY)

    def _lead(self, raw: Any) -> None:
        """Stand until the lock is ours, then sequence for as long as it is."""
        prepare_session(raw)
        self._write = Statement(raw, "ledger_write", WRITE)
        raw.execute(f"SET idle_session_timeout = '{SILENCE}'")
        while not raw.execute("SELECT pg_try_advisory_lock(%s)", (LEAD,)).fetchone()[0]:
            if self._is_closed.wait(_CANDIDACY):
                return
        # Whoever led before has no statement in flight: its lock goes after them.
        self._size = raw.execute(_SIZE).fetchone()[0]
        self._sequencing.forget()
        raw.execute("LISTEN ledger_waiting")
        self.is_leading = True
        self.wake()
        try:
            with self._bell.beside(raw) as ears:
                while not self._is_closed.is_set():
                    self._gather(ears)
                    self._settle(raw, self._desk.hand_over(BATCH))
        finally:
            self.is_leading = False
            self._desk.put_back([])

    def _gather(self, ears: Ears) -> None:
        """
        Wait for work; then give those who were answered by the last batch a moment to come back.

        Otherwise the quickest of them gets a batch to itself, and all others wait for its commit. It
        is a fraction of that commit, and nothing for a request that comes alone.
        """
        self._hear(ears.listen(0))  # what came together with replies
        if not (self._is_called or self._desk.waiting()):
            self._hear(ears.listen(RETRY))
        expected, step = self._last
        for _ in range(_STEPS):
            if self._desk.waiting() + self._heard >= expected:
                return
            self._hear(ears.listen(step))

    def _hear(self, news: Sequence[Notify]) -> None:
        """Another replica put requests into the outbox."""
        for heard in news:
            sender, _, count = heard.payload.partition(" ")
            if sender != self._me:
                self._heard += int(count) if count.isdecimal() else 1
                self._is_called = True

    def _settle(self, raw: Any, own: Sequence[Waiting]) -> None:
        """Sequence one batch, and tell everybody."""
        started = time.monotonic()
        try:
            others = self._take(raw)
            settled = self._sequence(raw, [*others, *own]) if own or others else []
        except DiskFull as error:  # the statement was refused, and nothing of it is there
            said = " ".join(str(error).split())
            for ticket, _ in own:
                self._desk.answer(ticket, StorageError(f"the store refused: {said}; it was not recorded"))
            raise
        except BaseException:
            # The statement may be committed all the same. The outbox tells: a ticket that has an
            # outcome is not sequenced again.
            self._desk.put_back(own)
            raise
        self._last = len(settled), min(time.monotonic() - started, _LONGEST) / _STEPS / 2
        try:
            if others:
                self._tell(raw, settled[: len(others)])
        finally:  # it is durable, whether or not the connection still is
            for ticket, outcome in settled:
                self._desk.answer(ticket, outcome)
        self._sweep(raw)

    def _tell(self, raw: Any, settled: Sequence[tuple[uuid.UUID, Outcome]]) -> None:
        """Tell other replicas what became of their requests; this needs no disk."""
        news = write_news([(ticket, write_outcome(outcome)) for ticket, outcome in settled])
        raw.execute(_TELL, (Texts(f"{self._me} {piece}" for piece in news),))

    def _take(self, raw: Any) -> list[Waiting]:
        """Return what waits in the outbox, if anybody said so or nobody looked for a while."""
        self._taken = []
        if not self._is_called and time.monotonic() - self._looked < RETRY:
            return []
        self._is_called, self._heard, self._looked = False, 0, time.monotonic()
        found = raw.execute(_TAKE, (BATCH,), binary=True).fetchall()
        if len(found) == BATCH:
            self.wake()  # there may be more
        waiting = []
        for ticket, request in found:
            try:
                waiting.append((ticket, read_request(request)))
            except Exception as error:  # noqa: BLE001 - whatever stands there, it holds up no other
                self._tell(raw, _refuse(self._write, ticket, error))
        self._taken = [ticket for ticket, _ in waiting]
        return waiting

    def _sequence(self, raw: Any, waiting: list[Waiting]) -> list[tuple[uuid.UUID, Outcome]]:
        """Turn what waits into entries, durably; return the outcomes."""
        requests = [request for _, request in waiting]
        try:
            if presumed := self._sequencing.presume(requests):
                with suppress(TakenError):
                    return self._commit(waiting, presumed)
            standing = PostgresStanding(raw, self._size)
            return self._commit(waiting, self._sequencing.judge(standing, requests))
        except _NOT_TAKEN as error:
            if len(waiting) == 1:
                return _refuse(self._write, waiting[0][0], error)
            return self._sequence_each(raw, waiting)

    def _sequence_each(self, raw: Any, waiting: list[Waiting]) -> list[tuple[uuid.UUID, Outcome]]:
        """Sequence one by one, so that each is judged by the store for itself."""
        try:
            return [settled for each in waiting for settled in self._sequence(raw, [each])]
        except DiskFull as error:  # some are recorded, and the outbox will tell which
            raise StorageError(str(error)) from error

    def _commit(self, waiting: list[Waiting], sitting: Sitting) -> list[tuple[uuid.UUID, Outcome]]:
        tickets = [ticket for ticket, _ in waiting]
        settled = list(zip(tickets, sitting.outcomes, strict=True))
        artifacts = self._known.unknown(sitting.batch.artifacts.values())
        commit(self._write, sitting.batch, artifacts, settled, self._taken)
        self._known.learn(artifacts)
        self._sequencing.advance(sitting)
        self._size += len(sitting.batch.entries)
        return settled

    def _sweep(self, raw: Any) -> None:
        """Forget outcomes that nobody waits for any more."""
        if time.monotonic() - self._swept > _SWEEP:
            self._swept = time.monotonic()
            raw.execute("SELECT ledger_sweep()")


def _refuse(write: Statement, ticket: uuid.UUID, error: Exception) -> list[tuple[uuid.UUID, Outcome]]:
    """Settle a request that can never be stored, so that it holds up no other."""
    settled: list[tuple[uuid.UUID, Outcome]] = [(ticket, AuditError(f"the store does not take it: {error}"))]
    commit(write, Batch(), (), settled, (ticket,))
    return settled
