"""
The tables of a database: brought up to a revision, taken back, looked at.

SQL is loaded when one of these is called, and Alembic when there is something to do: whoever verifies an export
needs neither.
"""

from pathlib import Path

HEAD = "head"


def upgrade(url: str, folder: Path, revision: str = HEAD) -> None:
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
    from audit.sql.revisions import is_at_head  # noqa: PLC0415 - see the head of this file

    if revision == HEAD and is_at_head(url, folder):
        return
    from audit.sql import migrate  # noqa: PLC0415

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
    from audit.sql import revisions  # noqa: PLC0415 - see the head of this file

    return revisions.current(url)
