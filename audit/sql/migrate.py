"""
Bring a database's tables to a revision, with Alembic.

The folder of migrations is a parameter: `migrations/` in a source tree, a folder of the installed
package otherwise. What a revision does, and how long it may wait for a lock, is in that folder.
"""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.util.exc import CommandError
from sqlalchemy.exc import SQLAlchemyError

from audit.errors import SchemaError, StorageError


def upgrade(url: str, folder: Path, revision: str) -> None:
    """Bring the tables up to a revision; see `audit.schema`."""
    _run(command.upgrade, url, folder, revision)


def downgrade(url: str, folder: Path, revision: str) -> None:
    """Take the tables back to a revision; see `audit.schema`."""
    _run(command.downgrade, url, folder, revision)


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
