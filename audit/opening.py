"""
Open a ledger by the URL of its store and the file of its key.

Whoever verifies an export has no database, so SQL is loaded when a store that needs it is opened.
"""

import os
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from audit.errors import NoteError, StorageError
from audit.leases import Leases, OwnLeases
from audit.ledger import Ledger, LedgerView
from audit.note import Signer, read_private_key
from audit.sequence import Clock
from audit.store import MemoryStore, Store


def now() -> datetime:
    """Return the present time, UTC."""
    return datetime.now(UTC)


def open_ledger(url: str, signer: Signer, clock: Clock = now) -> Ledger:
    """
    Open a ledger for appending.

    Parameters
    ----------
    url
        ``sqlite:///path/to/file`` (one writer process), ``postgresql://...`` (many replicas) or
        ``memory://``.
    signer
        The log's key; see `load_signer`.

    Raises
    ------
    SchemaError
        If the tables are missing: upgrade the database first.
    VerificationError
        If what is stored is not what was signed last.
    """
    if url.startswith("postgresql"):
        from audit.sql.outbox import Outbox  # noqa: PLC0415 - see the head of this file
        from audit.sql.postgres import connect_postgres  # noqa: PLC0415
        from audit.sql.store import SqlStore  # noqa: PLC0415

        engines = connect_postgres(url)
        store = SqlStore(*engines)
        return Ledger(store, signer, clock, appender=partial(Outbox, engines))
    return Ledger(_open_store(url), signer, clock)


def open_view(url: str) -> LedgerView:
    """Open a ledger for reading only; no key is needed."""
    return LedgerView(_open_store(url))


def open_leases(url: str) -> Leases:
    """Open the leases of a replica of this store; a store of one process has no rivals."""
    if url.startswith("postgresql"):
        from audit.sql.leases import PostgresLeases  # noqa: PLC0415 - see the head of this file

        return PostgresLeases(url)
    return OwnLeases()


def create_signer(path: Path, origin: str, entropy: Callable[[int], bytes] = os.urandom) -> Signer:
    """
    Make a key for a new log and keep it in a file that only its owner can read.

    Parameters
    ----------
    origin
        Name of the log, for example ``example.com/decisions``; it cannot change later.

    Raises
    ------
    StorageError
        If the file exists: a key is never overwritten.
    """
    signer = Signer(origin, entropy(32))
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        raise StorageError(f"key file `{path}`: {error.strerror}") from error
    with os.fdopen(descriptor, "w") as file:
        file.write(signer.private_text + "\n")
    return signer


def load_signer(path: Path) -> Signer:
    """
    Read the key of a log.

    Raises
    ------
    NoteError
        If the file is missing or holds no key.
    """
    try:
        return read_private_key(path.read_text())
    except (OSError, UnicodeDecodeError) as error:
        raise NoteError(f"key file `{path}` cannot be read: {error}") from error


def _open_store(url: str) -> Store:
    if url.startswith("memory:"):
        return MemoryStore()
    if url.startswith(("sqlite:///", "postgresql")):
        return _open_database(url)
    raise StorageError(f"`{url}`: a ledger lives in `sqlite:///path`, `postgresql://...` or `memory://`")


def _open_database(url: str) -> Store:
    from audit.sql.store import SqlStore  # noqa: PLC0415 - see the head of this file

    if url.startswith("sqlite"):
        from audit.sql.sqlite import connect_sqlite  # noqa: PLC0415

        return SqlStore(*connect_sqlite(url))
    from audit.sql.postgres import connect_postgres  # noqa: PLC0415

    return SqlStore(*connect_postgres(url))
