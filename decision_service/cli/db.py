"""`db ...`: migrations of the log's database, and a new key for the log."""

from pathlib import Path

import click

from decision_service.cli.command import command, console, print_json
from decision_service.cli.main_group import cli
from decision_service.cli.session import Options, locked, settings_of
from decision_service.config import Settings


@cli.group()
def db() -> None:
    """The log's database: upgrade, current, rotate-key."""


_CONFIG = click.option("--config", type=click.Path(exists=True, dir_okay=False, path_type=Path))


def _settings(options: Options, config: Path | None) -> Settings:
    settings = settings_of(options, config)
    settings.data.mkdir(parents=True, exist_ok=True)
    return settings


@command(db, "upgrade")
@_CONFIG
def upgrade(options: Options, config: Path | None) -> None:
    """Migrate to the newest revision."""
    import audit  # noqa: PLC0415 - other commands start faster
    from decision_service.bootstrap import migrations_folder  # noqa: PLC0415

    url = _settings(options, config).database_url
    audit.upgrade(url, migrations_folder())
    _say(options, audit.current(url))


@command(db, "current")
@_CONFIG
def show_current(options: Options, config: Path | None) -> None:
    """The revision the database is at."""
    from audit import current  # noqa: PLC0415 - see above

    _say(options, current(_settings(options, config).database_url))


@command(db, "rotate-key")
@_CONFIG
def rotate_key(options: Options, config: Path | None) -> None:
    """Hand the log over to a new signing key; every service on this log is stopped first."""
    from audit import KeyRing  # noqa: PLC0415 - see above

    settings = _settings(options, config)
    with locked(settings.data):
        key = KeyRing(settings.data).rotate(settings.database_url).verifier.vkey
    if options.is_json:
        print_json({"key": key})
    else:
        console.print(f"the log is signed with {key} from now on", markup=False, soft_wrap=True)


def _say(options: Options, revision: str | None) -> None:
    if options.is_json:
        print_json({"revision": revision})
    else:
        console.print(f"revision {revision or 'none'}")
