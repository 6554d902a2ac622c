"""
Connections to PostgreSQL.

Whoever writes the log holds one advisory lock for the length of its transaction: a sequencer that
was deposed without knowing it cannot interleave with its successor.
"""

from sqlalchemy import Engine, create_engine, event, text
from sqlalchemy.engine import Connection, make_url

WRITE, LEAD = 0x6C65646701, 0x6C65646702  # advisory locks: one transaction at a time; one sequencer
# A server that hears nothing from the sequencer for so long ends its session, which frees the lead.
SILENCE = "3s"


def connect_postgres(url: str) -> tuple[Engine, Engine]:
    """Return an engine whose transactions exclude each other, and one for everything else."""
    dsn = make_url(url).set(drivername="postgresql+psycopg")
    writing = create_engine(dsn, pool_size=1, max_overflow=1, pool_pre_ping=True)
    reading = create_engine(dsn, pool_size=4, max_overflow=28, pool_pre_ping=True)
    event.listen(writing, "begin", take_turn)
    return writing, reading


def take_turn(connection: Connection) -> None:
    """Wait for other writers; the lock is let go with the transaction."""
    connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": WRITE})
