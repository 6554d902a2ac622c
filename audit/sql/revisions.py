"""
At which revision a database is, and which one a folder of migrations leads to.

Alembic is not asked: loading it takes a tenth of a service's start, which most often finds nothing to do.
"""

import re
from pathlib import Path

from sqlalchemy import Engine, create_engine, inspect, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import SQLAlchemyError

from audit.errors import StorageError

_PATIENCE = {"options": "-c lock_timeout=5s"}  # as long as a migration waits
_NAMED = re.compile(r'^(down_revision|revision) = "(.+)"$', re.MULTILINE)


def current(url: str) -> str | None:
    """Return the revision the tables are at, or nothing in a database without them."""
    engine = _connect(url)
    try:
        return _read(engine)
    except SQLAlchemyError as error:
        raise StorageError(f"the database cannot be reached: {error}") from error
    finally:
        engine.dispose()


def is_at_head(url: str, folder: Path) -> bool:
    """Whether there is nothing to do. Where that cannot be told there is: Alembic says what is wrong."""
    try:
        return current(url) == head(folder)
    except StorageError:
        return False


def head(folder: Path) -> str:
    """Return the revision that no other one follows; empty if that is none, or several."""
    named = [found for file in folder.glob("versions/*.py") for found in _NAMED.findall(file.read_text())]
    followed = {name for role, name in named if role == "down_revision"}
    last = {name for role, name in named if role == "revision"} - followed
    return last.pop() if len(last) == 1 else ""


def _connect(url: str) -> Engine:
    target = make_url(url)
    if target.get_backend_name() == "postgresql":
        return create_engine(target.set(drivername="postgresql+psycopg"), connect_args=_PATIENCE)
    return create_engine(target)


def _read(engine: Engine) -> str | None:
    if not inspect(engine).has_table("alembic_version"):
        return None
    with engine.connect() as connection:
        found: str | None = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
        return found
