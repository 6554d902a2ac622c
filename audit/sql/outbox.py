"""
A replica's way into a shared log.

In the replica that leads, a request joins the sequencer's next batch. In any other it goes into the
outbox, in a short transaction together with whatever else waits in this process, which does not
touch the head of the log; so replicas do not queue for each other. The outcome is then read, when
the leader says that there is one.
"""

import logging
import threading
import time
import uuid
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import Any

import psycopg
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from audit.entry import Appended, Record, entry_of
from audit.errors import AuditError, LedgerClosedError, StorageError
from audit.sequence import Outcome, Request, Sequencing
from audit.sql.columns import Bytes, Uuids, register
from audit.sql.postgres_writing import ADD_ARTIFACTS, COLUMNS, KnownArtifacts, columns_of
from audit.sql.sequencer import RETRY, Sequencer, Waiting
from audit.sql.wire import artifacts_of, read_outcome, write_request

PATIENCE = 30.0  # seconds until an unanswered request is given back to its caller

# One statement, so that a replica which freezes leaves no transaction open. A ticket may come back
# after its sequencer lost the connection, and again after that.
_PUT = f"""
    WITH artifacts AS (
      {ADD_ARTIFACTS}
    ), requests AS (
      INSERT INTO outbox (ticket, request) SELECT * FROM unnest(%b::uuid[], %b::bytea[])
      ON CONFLICT (ticket) DO NOTHING
    )
    SELECT pg_notify('ledger_waiting', %s)
"""  # noqa: S608 - names of this package
# Outcomes, and beside them the entries whose places they hold.
_OUTCOMES = f"""
    SELECT o.ticket, o.content, {COLUMNS}
    FROM outcome o
    LEFT JOIN LATERAL jsonb_array_elements(o.content::jsonb -> 'entries') place ON true
    LEFT JOIN entry e ON e.seq = (place ->> 0)::bigint
    WHERE o.ticket = ANY(%b::uuid[])
"""  # noqa: S608 - names of this package

_Answer = Future[tuple[Appended, ...]]
_LOG = logging.getLogger(__name__)


class Outbox:
    """
    Submits to the outbox, listens for outcomes, and stands for election.

    Parameters
    ----------
    writing, reading
        Engines of the shared log.
    """

    def __init__(self, engines: tuple[Engine, Engine], sequencing: Sequencing) -> None:
        self._reading = engines[1]
        self._me = uuid.uuid4().hex  # in notifications: what this process did itself it knows already
        self._door = threading.Lock()
        self._is_closed = False
        self._new: list[Waiting] = []
        self._is_putting = False
        self._waiting: dict[uuid.UUID, tuple[_Answer, float]] = {}
        self._has_new = threading.Event()
        self._known = KnownArtifacts()
        self._sequencer = Sequencer(engines[0], sequencing, self._known, self, self._me)
        self._threads = [self._start(self._put_all), self._start(self._collect_all)]

    def submit(self, request: Request) -> _Answer:
        """Queue a request; the future is done when it is durable or refused."""
        answer: _Answer = Future()
        answer.set_running_or_notify_cancel()
        waiting = (uuid.uuid4(), request)
        with self._door:
            if self._is_closed:
                raise LedgerClosedError("the ledger is closed; open it again to append")
            self._waiting[waiting[0]] = (answer, time.monotonic() + PATIENCE)
            self._new.append(waiting)
            is_first = len(self._new) == 1
        if not is_first:
            return answer  # whoever takes the first takes this one too
        if self._sequencer.is_leading:
            self._sequencer.call()
        else:
            self._has_new.set()
        return answer

    def hand_over(self, most: int) -> Sequence[Waiting]:
        """Return what waits, oldest first; nothing while older requests are on their way to the outbox."""
        with self._door:
            if self._is_putting:
                return ()
            some, self._new = self._new[:most], self._new[most:]
        return some

    def waiting(self) -> int:
        """Return how many there are to hand over."""
        return len(self._new)

    def put_back(self, waiting: Sequence[Waiting]) -> None:
        """Leave requests to whichever replica leads."""
        with self._door:
            self._new[:0] = waiting
        self._has_new.set()

    def close(self) -> None:
        """Finish what was submitted, then refuse."""
        with self._door:
            self._is_closed = True
        for thread in self._threads:
            self._has_new.set()
            thread.join()
        self._sequencer.close()

    @property
    def _is_done(self) -> bool:
        with self._door:
            return self._is_closed and not self._waiting

    def _start(self, work: Callable[[Any], None]) -> threading.Thread:
        thread = threading.Thread(
            target=self._keep_at, args=(work,), name=f"ledger{work.__name__}", daemon=True
        )
        thread.start()
        return thread

    def _keep_at(self, work: Callable[[Any], None]) -> None:
        """Work with a connection of one's own, and with another when it is lost."""
        while not self._is_done:
            try:
                with self._reading.connect() as connection:
                    try:
                        raw: Any = connection.connection.driver_connection
                        raw.autocommit = True
                        register(raw)
                        work(raw)
                    finally:
                        connection.invalidate()
            except (SQLAlchemyError, psycopg.Error, AuditError, ValueError) as error:
                _LOG.warning("the outbox connects again: %s", error)
                self._give_up()
                time.sleep(RETRY)  # the database is away; what waits in it is where it was

    def _put_all(self, raw: Any) -> None:
        while not self._is_done:
            self._has_new.wait(RETRY)
            self._has_new.clear()
            if self._sequencer.is_leading:
                self._sequencer.call()
                continue
            with self._door:
                batch, self._new = self._new, []
                self._is_putting = bool(batch)
            try:
                if batch:
                    self._put(raw, batch)
            finally:
                self._is_putting = False
                self._sequencer.wake()

    def _put(self, raw: Any, batch: Sequence[Waiting]) -> None:
        artifacts = self._known.unknown(a for _, request in batch for a in artifacts_of(request))
        tickets = [ticket for ticket, _ in batch]
        try:
            requests = Bytes(write_request(request) for _, request in batch)
            raw.execute(_PUT, (*columns_of(artifacts), Uuids(tickets), requests, self._me))
        except (psycopg.Error, ValueError) as error:  # a value no database takes, too
            for ticket in tickets:
                self.answer(ticket, _refusal(error))
            raise
        self._known.learn(artifacts)

    def _collect_all(self, raw: Any) -> None:
        """Turn the database's notifications into answers, and into work for the sequencer."""
        raw.execute("LISTEN ledger_settled")
        raw.execute("LISTEN ledger_waiting")
        while not self._is_done:
            self._collect(raw)
            self._give_up()
            while not self._is_done:
                heard = {
                    n.channel for n in raw.notifies(timeout=RETRY, stop_after=1) if n.payload != self._me
                }
                if "ledger_waiting" in heard:
                    self._sequencer.wake()
                if heard != {"ledger_waiting"}:
                    break  # something was settled; or nothing was heard, and it is time to look

    def _collect(self, raw: Any) -> None:
        with self._door:
            tickets = list(self._waiting)
        if not tickets:
            return
        rows: dict[uuid.UUID, list[Any]] = {}
        for row in raw.execute(_OUTCOMES, (Uuids(tickets),), binary=True):
            rows.setdefault(row[0], []).append(row[1:])
        for ticket, found in rows.items():
            self.answer(ticket, _outcome(found))

    def _give_up(self) -> None:
        now = time.monotonic()
        with self._door:
            late = [ticket for ticket, (_, due) in self._waiting.items() if due < now]
        for ticket in late:
            self.answer(
                ticket,
                StorageError("not confirmed in time; it may still be recorded: ask again with the same key"),
            )

    def answer(self, ticket: uuid.UUID, outcome: Outcome) -> None:
        """Tell whoever waits for this ticket here, if anybody does."""
        with self._door:
            found = self._waiting.pop(ticket, None)
        if found is None:
            return
        if isinstance(outcome, tuple):
            found[0].set_result(outcome)
        else:
            found[0].set_exception(outcome)


def _outcome(rows: Sequence[Any]) -> Outcome:
    """Return what a ticket's rows tell: the outcome, beside each an entry that it names."""
    outcome = read_outcome(rows[0][0])
    if not isinstance(outcome, tuple):
        return outcome
    entries = {row[1]: entry_of(Record._make(row[1:])) for row in rows if row[1] is not None}
    return tuple(Appended(entries[seq], is_repeat) for seq, is_repeat in outcome)


def _refusal(error: psycopg.Error | ValueError) -> StorageError:
    if isinstance(error, ValueError) or error.sqlstate:
        return StorageError(f"the store refused: {error}; nothing of this batch was kept")
    return StorageError(f"the store was lost: {error}; it may still be recorded: ask again with the same key")
