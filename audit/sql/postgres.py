"""
Connections to PostgreSQL.

Who leads holds one advisory lock for the life of its session, and writes in no other; the server lets
go of it when that session has nothing in flight any more. Erasures take turns, with a lock each. Neither
is what keeps the log in one piece: places, keys and tickets are unique, and places dense, whoever writes.
"""

from typing import Any

from psycopg import Connection, Cursor
from psycopg.pq import Format
from psycopg.rows import tuple_row
from sqlalchemy import Engine, create_engine, event, text
from sqlalchemy.engine import Connection as Session
from sqlalchemy.engine import make_url

WRITE, LEAD = (
    0x6C65646701,
    0x6C65646702,
)  # advisory locks: one erasure at a time; one sequencer
# A server that hears nothing from the sequencer for so long ends its session, which frees the lead.
SILENCE = "3s"


def connect_postgres(url: str) -> tuple[Engine, Engine]:
    """Return an engine whose transactions take turns, and one for everything else."""
    dsn = make_url(url).set(drivername="postgresql+psycopg")
    writing = create_engine(dsn, pool_size=1, max_overflow=1, pool_pre_ping=True)
    reading = create_engine(
        dsn,
        pool_size=4,
        max_overflow=28,
        pool_pre_ping=True,
        connect_args={"cursor_factory": _BinaryCursor},
    )
    event.listen(writing, "begin", take_turn)
    return writing, reading


class _BinaryCursor(Cursor[Any]):
    """Fetches bytes as bytes: written out as text, they take three times as long to read."""

    def __init__(self, connection: Connection[Any], *, row_factory: Any = None) -> None:
        super().__init__(connection, row_factory=row_factory or tuple_row)
        self.format = Format.BINARY


def take_turn(session: Session) -> None:
    """Wait for other writers; the lock is let go with the transaction."""
    session.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": WRITE})
