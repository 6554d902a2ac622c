"""
The elected sequencer: one replica at a time turns waiting requests into entries.

It leads as long as its session holds an advisory lock. When the process dies the lock is free at
once; when it freezes, the server ends its silent session after seconds. Requests are taken as they
are visible, never by the order of their ids alone: a smaller id may be committed later.
"""

import threading
from collections.abc import Callable

from sqlalchemy import Engine, text
from sqlalchemy.engine import Connection
from sqlalchemy.exc import SQLAlchemyError

from audit.errors import AuditError
from audit.sequence import Sequencing
from audit.sql.postgres import LEAD, SILENCE
from audit.sql.store import SqlTransaction
from audit.sql.wire import read_request, write_outcome

BATCH = 1000  # requests
RETRY = 0.5  # seconds between attempts to lead, and the longest a request waits unnoticed

_TAKE = text(
    "SELECT ticket, request FROM outbox o WHERE NOT EXISTS (SELECT 1 FROM outcome WHERE ticket = o.ticket) ORDER BY id LIMIT :most"
)
_SETTLED = text("SELECT ledger_forget(), pg_notify('ledger_settled', :me)")
_SETTLE = text("INSERT INTO outcome (ticket, content) VALUES (:ticket, :content)")


class Sequencer:
    """
    A candidate: leads when no other does.

    Parameters
    ----------
    sequencing
        Judges requests and signs batches.
    settled
        Called after each batch that was committed here.
    me
        Names this process in notifications.
    """

    def __init__(self, writing: Engine, sequencing: Sequencing, settled: Callable[[], None], me: str) -> None:
        self._writing = writing
        self._sequencing = sequencing
        self._settled = settled
        self._me = me
        self._work_is_there = threading.Event()
        self._is_closed = threading.Event()
        self._thread = threading.Thread(target=self._stand, name="ledger-sequencer", daemon=True)
        self._thread.start()

    def wake(self) -> None:
        """Look for work now rather than in a while."""
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
                    self._lead(connection)
            except (SQLAlchemyError, AuditError):
                # The lead is lost with the connection; whoever leads next finds the requests waiting.
                self._sequencing.forget()
            self._is_closed.wait(RETRY)

    def _lead(self, connection: Connection) -> None:
        """Sequence for as long as the lock is ours."""
        raw = connection.connection.driver_connection
        assert raw is not None  # noqa: S101 - a connection that is open has one
        raw.autocommit = True
        for setting in ("idle_session_timeout", "idle_in_transaction_session_timeout"):
            raw.execute(f"SET {setting} = '{SILENCE}'")
        if not raw.execute("SELECT pg_try_advisory_lock(%s)", (LEAD,)).fetchone()[0]:
            connection.invalidate()
            return
        raw.autocommit = False
        self._sequencing.forget()
        try:
            while not self._is_closed.is_set():
                if not self._settle(connection):
                    self._work_is_there.wait(RETRY)
                    self._work_is_there.clear()
        finally:
            connection.invalidate()  # the lock goes with the session

    def _settle(self, connection: Connection) -> bool:
        """Sequence one batch; whether there was any."""
        with connection.begin():
            waiting = connection.execute(_TAKE, {"most": BATCH}).all()
            if not waiting:
                return False
            requests = [read_request(bytes(row.request)) for row in waiting]
            outcomes = self._sequencing.run_within(SqlTransaction(connection), requests)
            rows = [
                {"ticket": row.ticket, "content": write_outcome(outcome)}
                for row, outcome in zip(waiting, outcomes, strict=True)
            ]
            connection.execute(_SETTLE, rows)
            connection.execute(_SETTLED, {"me": self._me})
        self._settled()
        return True
