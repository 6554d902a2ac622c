"""`db ...`: migrations of the log's database."""

from pathlib import Path

import click

from decision_service.cli.command import command, console, print_json
from decision_service.cli.main_group import cli
from decision_service.cli.session import Options
from decision_service.config import Settings, load_settings


@cli.group()
def db() -> None:
    """The log's database: upgrade, current."""


_CONFIG = click.option("--config", type=click.Path(exists=True, dir_okay=False, path_type=Path))


def _settings(options: Options, config: Path | None) -> Settings:
    settings = load_settings(config) if config else Settings(data=options.data)
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


def _say(options: Options, revision: str | None) -> None:
    if options.is_json:
        print_json({"revision": revision})
    else:
        console.print(f"revision {revision or 'none'}")
