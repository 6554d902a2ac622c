"""
Leases of replicas that share a PostgreSQL: advisory locks of one session.

The server frees them when the session ends, and ends the session of a process that has said nothing
for seconds. Whoever holds a lease therefore asks for it again now and then.
"""

import hashlib
import threading
from typing import Any

from sqlalchemy import Engine, create_engine
from sqlalchemy.engine import make_url

from audit.errors import StorageError
from audit.sql.store import translated

# Longer than the longest time between two looks of a replica at its leases.
SILENCE = "20s"


class PostgresLeases:
    """
    Leases by name; thread-safe.

    Parameters
    ----------
    url
        Of the database; the session is opened with the first lease.
    """

    def __init__(self, url: str) -> None:
        dsn = make_url(url).set(drivername="postgresql+psycopg")
        self._engine: Engine = create_engine(dsn, pool_size=1, max_overflow=0)
        self._door = threading.Lock()
        self._session: Any = None
        self._held: set[str] = set()

    def hold(self, name: str) -> bool:
        """
        Take a lease, or find that it is still ours; False where another replica has it.

        Raises
        ------
        StorageError
            The database is away; leases that were held are lost.
        """
        with self._door:
            if name in self._held:
                self._ask("SELECT 1", ())
                return True
            return self._take(name)

    def release(self, name: str) -> None:
        """Let another replica have it."""
        with self._door:
            if name in self._held:
                self._held.discard(name)
                self._ask("SELECT pg_advisory_unlock(%s)", (_number(name),))

    def close(self) -> None:
        """Let go of all."""
        with self._door:
            self._forget()
            self._engine.dispose()

    def _take(self, name: str) -> bool:
        if not self._ask("SELECT pg_try_advisory_lock(%s)", (_number(name),)):
            return False
        self._held.add(name)
        return True

    def _ask(self, statement: str, values: tuple[Any, ...]) -> Any:
        """One question to the session, to another one when the first was lost."""
        try:
            with translated():
                if self._session is None:
                    self._session = self._engine.connect().execution_options(isolation_level="AUTOCOMMIT")
                    self._session.exec_driver_sql(f"SET idle_session_timeout = '{SILENCE}'")
                return self._session.exec_driver_sql(statement, values).scalar()
        except StorageError:
            self._forget()
            raise

    def _forget(self) -> None:
        """Whatever was held is free: the locks go with the session."""
        session, self._session = self._session, None
        self._held.clear()
        if session is not None:
            session.invalidate()
            session.close()


def _number(name: str) -> int:
    """A lock of the one-number kind; the log's own locks are far from a hash."""
    return int.from_bytes(hashlib.sha256(f"lease {name}".encode()).digest()[:8], "big", signed=True)
