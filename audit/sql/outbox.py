"""
A replica's way into a shared log: put the request into the outbox, wait for its outcome.

The insert is a short transaction of its own, together with whatever else waits in this process, and
does not touch the head of the log; so replicas do not queue for each other. Which replica then
sequences it does not matter.
"""

import threading
import time
import uuid
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import Any

from sqlalchemy import Engine, text
from sqlalchemy.exc import SQLAlchemyError

from audit.entry import Appended
from audit.errors import AuditError, LedgerClosedError, StorageError
from audit.sequence import Request, Sequencing
from audit.sql.sequencer import RETRY, Sequencer
from audit.sql.store import SqlStore, SqlTransaction, translated
from audit.sql.wire import artifacts_of, read_outcome, write_request

PATIENCE = 30.0  # seconds until an unanswered request is given back to its caller

_WAITING = text("SELECT pg_notify('ledger_waiting', :me)")
_PUT = text("INSERT INTO outbox (ticket, request) VALUES (:ticket, :request)")
_OUTCOMES = text("SELECT ticket, content FROM outcome WHERE ticket = ANY(:tickets)")

_Answer = Future[tuple[Appended, ...]]


class Outbox:
    """
    Submits to the outbox, listens for outcomes, and stands for election.

    Parameters
    ----------
    store
        The shared log, for reading what was appended.
    writing, reading
        Its engines.
    """

    def __init__(self, store: SqlStore, engines: tuple[Engine, Engine], sequencing: Sequencing) -> None:
        self._store = store
        self._reading = engines[1]
        self._me = uuid.uuid4().hex  # in notifications: what this process did itself it knows already
        self._door = threading.Lock()
        self._is_closed = False
        self._new: list[tuple[Request, _Answer]] = []
        self._waiting: dict[uuid.UUID, tuple[_Answer, float]] = {}
        self._has_new, self._has_outcome = threading.Event(), threading.Event()
        self._threads = [
            self._start(self._put_all),
            self._start(self._collect_all),
            self._start(self._listen),
        ]
        self._sequencer = Sequencer(engines[0], sequencing, self._has_outcome.set, self._me)

    def submit(self, request: Request) -> _Answer:
        """Queue a request; the future is done when it is durable or refused."""
        answer: _Answer = Future()
        answer.set_running_or_notify_cancel()
        with self._door:
            if self._is_closed:
                raise LedgerClosedError("the ledger is closed; open it again to append")
            self._new.append((request, answer))
        self._has_new.set()
        return answer

    def close(self) -> None:
        """Finish what was submitted, then refuse."""
        with self._door:
            self._is_closed = True
        for thread in self._threads:
            self._has_new.set()
            self._has_outcome.set()
            thread.join()
        self._sequencer.close()

    @property
    def _is_done(self) -> bool:
        with self._door:
            return self._is_closed and not self._new and not self._waiting

    def _start(self, work: Callable[[], None]) -> threading.Thread:
        thread = threading.Thread(target=work, name=f"ledger{work.__name__}", daemon=True)
        thread.start()
        return thread

    def _put_all(self) -> None:
        while not self._is_done:
            self._has_new.wait(RETRY)
            self._has_new.clear()
            with self._door:
                batch, self._new = self._new, []
                tickets = [uuid.uuid4() for _ in batch]
                due = time.monotonic() + PATIENCE
                self._waiting |= {t: (answer, due) for t, (_, answer) in zip(tickets, batch, strict=True)}
            if batch:
                self._put(tickets, [request for request, _ in batch])

    def _put(self, tickets: Sequence[uuid.UUID], requests: Sequence[Request]) -> None:
        rows = [{"ticket": t, "request": write_request(r)} for t, r in zip(tickets, requests, strict=True)]
        try:
            with translated(), self._reading.begin() as connection:
                SqlTransaction(connection).keep(a for request in requests for a in artifacts_of(request))
                connection.execute(_PUT, rows)
                connection.execute(_WAITING, {"me": self._me})
        except AuditError as error:
            for ticket in tickets:
                self._answer(ticket, error)
        self._sequencer.wake()

    def _collect_all(self) -> None:
        while not self._is_done:
            self._has_outcome.wait(RETRY)
            self._has_outcome.clear()
            try:
                self._collect()
            except (AuditError, SQLAlchemyError):
                time.sleep(RETRY)  # the database is away; the outcomes are where they were
            self._give_up()

    def _collect(self) -> None:
        with self._door:
            tickets = list(self._waiting)
        if not tickets:
            return
        with self._reading.connect() as connection:
            found = {
                row.ticket: read_outcome(row.content)
                for row in connection.execute(_OUTCOMES, {"tickets": tickets})
            }
        places = [seq for outcome in found.values() if isinstance(outcome, tuple) for seq, _ in outcome]
        entries = self._store.by_seqs(places) if places else {}
        for ticket, outcome in found.items():
            if isinstance(outcome, tuple):
                self._answer(ticket, tuple(Appended(entries[seq], is_repeat) for seq, is_repeat in outcome))
            else:
                self._answer(ticket, outcome)

    def _give_up(self) -> None:
        now = time.monotonic()
        with self._door:
            late = [ticket for ticket, (_, due) in self._waiting.items() if due < now]
        for ticket in late:
            self._answer(
                ticket,
                StorageError("not confirmed in time; it may still be recorded: ask again with the same key"),
            )

    def _answer(self, ticket: uuid.UUID, outcome: tuple[Appended, ...] | AuditError) -> None:
        with self._door:
            found = self._waiting.pop(ticket, None)
        if found is None:
            return
        if isinstance(outcome, tuple):
            found[0].set_result(outcome)
        else:
            found[0].set_exception(outcome)

    def _listen(self) -> None:
        """Turn the database's notifications into events of this process."""
        while not self._is_done:
            try:
                with self._reading.connect() as connection:
                    self._hear(connection.connection.driver_connection)
                    connection.invalidate()
            except Exception:  # noqa: BLE001 - psycopg's own errors: notifications only save waiting
                time.sleep(RETRY)

    def _hear(self, raw: Any) -> None:
        raw.autocommit = True
        raw.execute("LISTEN ledger_settled")
        raw.execute("LISTEN ledger_waiting")
        while not self._is_done:
            for notice in raw.notifies(timeout=RETRY, stop_after=1):
                if notice.payload == self._me:
                    continue
                if notice.channel == "ledger_settled":
                    self._has_outcome.set()
                else:
                    self._sequencer.wake()
