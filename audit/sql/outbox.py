"""
A replica's way into a shared log.

In the replica that leads, a request joins the sequencer's next batch. In any other it goes into the
outbox, in a short transaction together with whatever else waits in this process, which does not
touch the head of the log; so replicas do not queue for each other. The leader says what became of
them, to whoever listens; what nobody heard is read. (It says so to everybody who may connect to the
database. But an answer is believed for a ticket only, and nobody can guess a ticket that is open.)

The outbox need not be durable by itself: a caller is answered once the sequencer's commit is on the
disk, and all that it builds on is before it in the same write-ahead log. What a crash of the server
took away is put there again, under its old ticket.
"""

import logging
import threading
import time
import uuid
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import Any

import psycopg
from psycopg import Notify
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from audit.entropy import random_bytes
from audit.entry import Appended, Record, entry_of
from audit.errors import AuditError, LedgerClosedError, StorageError
from audit.sequence import Outcome, Request, Sequencing
from audit.sql.columns import BigIntegers, Bytes, Uuids
from audit.sql.known import KnownArtifacts
from audit.sql.postgres_writing import ADD_ARTIFACTS, COLUMNS, columns_of, prepare_session
from audit.sql.sequencer import RETRY, Sequencer, Waiting
from audit.sql.store import LOST
from audit.sql.wire import Places, artifacts_of, read_news, read_outcome, write_request

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
    SELECT pg_notify('ledger_waiting', %b)
"""  # noqa: S608 - names of this package
_OUTCOMES = "SELECT ticket, content FROM outcome WHERE ticket = ANY(%b::uuid[])"
_ENTRIES = f"SELECT {COLUMNS} FROM entry e WHERE seq = ANY(%b::bigint[])"  # noqa: S608 - names of this package

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
        self._new: list[Waiting] = []  # what nobody has seen yet
        self._again: list[Waiting] = []  # what may have been recorded: only the outbox can tell
        self._doubtful: set[uuid.UUID] = set()  # all that ever was among it, and is not answered
        self._there: dict[uuid.UUID, Request] = {}  # what is put there and is not answered
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
        waiting = (uuid.UUID(bytes=random_bytes(16), version=4), request)
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
        return 0 if self._is_putting else len(self._new)

    def put_back(self, waiting: Sequence[Waiting]) -> None:
        """Leave requests to whichever replica leads."""
        with self._door:
            self._again.extend(waiting)
            self._doubtful.update(ticket for ticket, _ in waiting)
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
                        prepare_session(raw)
                        work(raw)
                    finally:
                        connection.invalidate()
            except Exception as error:  # noqa: BLE001 - whatever it was, nobody may wait for ever
                is_known = isinstance(error, (SQLAlchemyError, psycopg.Error, AuditError))
                _LOG.warning("the outbox connects again: %s", error, exc_info=not is_known)
                self._give_up()
                time.sleep(RETRY)  # the database is away; what waits in it is where it was

    def _put_all(self, raw: Any) -> None:
        raw.execute("SET synchronous_commit = off")  # see the head of this file
        while not self._is_done:
            self._has_new.wait(RETRY)
            self._has_new.clear()
            if batch := self._take_up():
                try:
                    self._put(raw, batch)
                finally:
                    self._is_putting = False
                self._sequencer.wake()

    def _take_up(self) -> list[Waiting]:
        """Return what belongs into the outbox."""
        with self._door:
            batch, self._again = self._again, []
            if not self._sequencer.is_leading:
                batch, self._new = batch + self._new, []
            self._is_putting = bool(batch)
        return batch

    def _put(self, raw: Any, batch: Sequence[Waiting]) -> None:
        artifacts = self._known.unknown(a for _, request in batch for a in artifacts_of(request))
        with self._door:  # before: the leader may be quicker than the reply to this statement
            self._there.update(each for each in batch if each[0] in self._waiting)
        try:
            requests = Bytes(write_request(request) for _, request in batch)
            tickets = Uuids(ticket for ticket, _ in batch)
            raw.execute(_PUT, (*columns_of(artifacts), tickets, requests, f"{self._me} {len(batch)}"))
        except (psycopg.Error, ValueError) as error:  # a value no database takes, too
            self._not_put(batch, error, is_lost=raw.closed)
            raise

    def _not_put(self, batch: Sequence[Waiting], error: Exception, *, is_lost: bool) -> None:
        if is_lost:
            self.put_back(batch)
            return
        said = " ".join(str(error).split())
        for ticket, _ in batch:
            fate = LOST if ticket in self._doubtful else "it was not recorded"
            self.answer(ticket, StorageError(f"the store refused: {said}; {fate}"))

    def _put_again(self) -> None:
        """A server that crashed may have forgotten what was put; a ticket it still knows is no other."""
        with self._door:
            lost, self._there = self._there, {}
        self.put_back(list(lost.items()))

    def _collect_all(self, raw: Any) -> None:
        """Turn the database's notifications into answers."""
        raw.execute("LISTEN ledger_settled")
        self._put_again()
        self._sequencer.wake()
        looked = -RETRY
        while not self._is_done:
            if time.monotonic() - looked >= RETRY:  # a leader that froze has told nobody
                self._collect(raw)
                self._give_up()
                looked = time.monotonic()
            for heard in list(raw.notifies(timeout=RETRY, stop_after=1)):  # it holds the connection meanwhile
                self._hear(raw, heard)

    def _hear(self, raw: Any, heard: Notify) -> None:
        """Turn what the leader says into answers."""
        sender, _, told = heard.payload.partition(" ")
        if sender == self._me:
            return
        if told and (news := read_news(told)):
            for ticket, content in news:
                if request := self._there.get(ticket):
                    self.answer(ticket, _outcome(raw, content, request))
        else:
            self._collect(raw)

    def _collect(self, raw: Any) -> None:
        """Answer what was put and is settled."""
        with self._door:
            there = dict(self._there)
        if not there:
            return
        for ticket, content in raw.execute(_OUTCOMES, (Uuids(there),), binary=True).fetchall():
            self.answer(ticket, _outcome(raw, content, there[ticket]))

    def _give_up(self) -> None:
        now = time.monotonic()
        with self._door:
            late = [ticket for ticket, (_, due) in self._waiting.items() if due < now]
        for ticket in late:
            self.answer(
                ticket,
                StorageError(f"not confirmed in time; {LOST}"),
            )

    def answer(self, ticket: uuid.UUID, outcome: Outcome) -> None:
        """Tell whoever waits for this ticket here, if anybody does."""
        with self._door:
            found = self._waiting.pop(ticket, None)
            there = self._there.pop(ticket, ())
            self._doubtful.discard(ticket)
        if found is None:
            return
        if isinstance(outcome, tuple):
            self._known.learn(artifacts_of(there))
            found[0].set_result(outcome)
        else:
            found[0].set_exception(outcome)


def _outcome(raw: Any, content: str, request: Request) -> Outcome:
    """Return what is told of a request, its entries read where they cannot be made from it."""
    try:
        told = read_outcome(content, request)
        return _read(raw, told.entries, len(request)) if isinstance(told, Places) else told
    except (ValueError, LookupError, TypeError) as error:  # no sequencer wrote that; the others are answered
        return StorageError(f"what is told of it cannot be read: {error}; {LOST}")


def _read(raw: Any, places: Sequence[tuple[int, bool]], count: int) -> tuple[Appended, ...]:
    """Return the entries at these places, so many, each with whether it was there before."""
    if len(places) != count:
        raise ValueError(f"{len(places)} places for {count} entries")
    wanted = BigIntegers(seq for seq, _ in places)
    found = map(Record._make, raw.execute(_ENTRIES, (wanted,), binary=True).fetchall())
    entries = {record.seq: entry_of(record) for record in found}
    return tuple(Appended(entries[seq], is_repeat) for seq, is_repeat in places)
