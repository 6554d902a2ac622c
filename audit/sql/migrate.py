"""
Bring a database's tables to a revision, with Alembic.

The folder of migrations is a parameter: `migrations/` in a source tree, a folder of the installed
package otherwise. What a revision does, and how long it may wait for a lock, is in that folder.
"""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.util.exc import CommandError
from sqlalchemy import create_engine
from sqlalchemy.engine import make_url
from sqlalchemy.exc import SQLAlchemyError

from audit.errors import SchemaError, StorageError


def upgrade(url: str, folder: Path, revision: str) -> None:
    """Bring the tables up to a revision; see `audit.schema`."""
    _run(command.upgrade, url, folder, revision)


def downgrade(url: str, folder: Path, revision: str) -> None:
    """Take the tables back to a revision; see `audit.schema`."""
    _run(command.downgrade, url, folder, revision)


def current(url: str) -> str | None:
    """Return the revision the tables are at, or nothing in a database without them."""
    target = make_url(url)
    if target.get_backend_name() == "postgresql":
        target = target.set(drivername="postgresql+psycopg")
    engine = create_engine(target)
    try:
        with engine.connect() as connection:
            return MigrationContext.configure(connection).get_current_revision()
    except SQLAlchemyError as error:
        raise StorageError(f"the database cannot be reached: {error}") from error
    finally:
        engine.dispose()


def _run(verb: object, url: str, folder: Path, revision: str) -> None:
    config = Config()
    config.set_main_option("script_location", str(folder).replace("%", "%%"))
    config.attributes["url"] = url
    try:
        verb(config, revision)  # type: ignore[operator]  # command.upgrade or command.downgrade
    except CommandError as error:
        raise SchemaError(f"revision `{revision}`: {error}") from error
    except SQLAlchemyError as error:
        raise StorageError(f"revision `{revision}` was not reached: {error}; nothing was changed") from error
