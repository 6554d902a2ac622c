"""
The tables of a database: brought up to a revision, taken back, looked at.

Alembic and SQL are loaded when one of these is called: whoever verifies an export needs neither.
"""

from pathlib import Path


def upgrade(url: str, folder: Path, revision: str = "head") -> None:
    """
    Bring the tables up to a revision; does nothing if they are there.

    Parameters
    ----------
    folder
        Of the migrations: `migrations/` in a source tree, a folder of the installed package otherwise.

    Raises
    ------
    SchemaError
        If there is no such revision.
    StorageError
        If the database cannot be reached or a lock was not free in time.
    """
    from audit.sql import migrate  # noqa: PLC0415 - see the head of this file

    migrate.upgrade(url, folder, revision)


def downgrade(url: str, folder: Path, revision: str) -> None:
    """
    Take the tables back to a revision.

    Raises
    ------
    SchemaError
        If there is no such revision, or going back would destroy a log that holds entries.
    """
    from audit.sql import migrate  # noqa: PLC0415 - see the head of this file

    migrate.downgrade(url, folder, revision)


def current(url: str) -> str | None:
    """Return the revision the tables are at, or nothing in a database without them."""
    from audit.sql import migrate  # noqa: PLC0415 - see the head of this file

    return migrate.current(url)
