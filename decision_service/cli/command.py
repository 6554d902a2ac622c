"""The options that every command takes, and how a command prints."""

import functools
import getpass
import json
import os
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.table import Table

from decision_service.cli.failure import exit_codes
from decision_service.cli.session import DEFAULT_DATA, Options

# Where nobody looks (a pipe, a file) tables need not fit a window.
_PIPE_WIDTH = 180
console = Console(highlight=False, width=None if sys.stdout.isatty() else _PIPE_WIDTH)

_COMMON = (
    click.option("--json", "is_json", is_flag=True, help="One JSON object instead of tables."),
    click.option(
        "--address", default="", metavar="HOST:PORT", help="A running service. Default: the embedded one."
    ),
    click.option(
        "--data",
        type=click.Path(file_okay=False, path_type=Path),
        default=DEFAULT_DATA,
        show_default=True,
        help="Folder of the embedded store.",
    ),
    click.option("--as", "called_as", default="", help="Who is calling. Default: the login name."),
    click.option("--roles", default="", help="Roles to call with, comma separated. Default: all."),
    click.option("--timeout", type=float, default=0.0, help="Seconds to wait; 0 = as long as it takes."),
)


def command(group: click.Group, name: str, **settings: Any) -> Callable[[Callable[..., None]], click.Command]:
    """A command of a group; the function gets `options` first and its own parameters by name."""

    def decorate(function: Callable[..., None]) -> click.Command:
        @functools.wraps(function)
        def run(**given: Any) -> None:
            options = Options(
                address=given.pop("address"),
                data=given.pop("data"),
                actor=given.pop("called_as") or _login(),
                roles=given.pop("roles"),
                is_json=given.pop("is_json"),
                timeout=given.pop("timeout"),
            )
            with exit_codes(is_json=options.is_json):
                function(options, **given)

        for option in reversed(_COMMON):
            run = option(run)
        made = group.command(name, **settings)(run)
        _refuse_shared_names(made)
        return made

    return decorate


def _login() -> str:
    """The login name; a container may run under a number that has none."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # the one before Python 3.13, the other since
        return f"uid-{os.getuid()}"


def _refuse_shared_names(made: click.Command) -> None:
    """Two parameters of one name would overwrite each other, and the common ones are taken out first."""
    names = [parameter.name for parameter in made.params]
    if len(set(names)) < len(names):
        raise TypeError(f"command `{made.name}`: two parameters share a name in {names}")


@contextmanager
def progress(options: Options, doing: str, total: int | None) -> Iterator[Callable[[int], None]]:
    """A bar for a person who waits; told how much is done altogether. Where nobody looks there is none."""
    if options.is_json or not sys.stderr.isatty():
        yield lambda _done: None
        return
    from rich.progress import Progress  # noqa: PLC0415 - most commands are short

    with Progress(console=Console(stderr=True), transient=True) as shown:
        bar = shown.add_task(doing, total=total)
        yield lambda done: shown.update(bar, completed=done)


def print_json(value: Any) -> None:
    """One JSON document on standard output."""
    click.echo(json.dumps(value, indent=2, ensure_ascii=False))


def table(title: str, columns: Iterable[str], rows: Iterable[Iterable[Any]]) -> None:
    """A table in the terminal; a name that starts with `>` aligns its column right, with `!` keeps it on one line."""
    shown = Table(title=title, title_justify="left", title_style="bold", header_style="bold")
    for column in columns:
        shown.add_column(
            column.lstrip(">!"),
            justify="right" if column.startswith(">") else "left",
            overflow="fold",
            no_wrap=column.startswith("!"),
        )
    for row in rows:
        shown.add_row(*(say(cell) for cell in row))
    console.print(shown)


def say(cell: Any) -> str:
    """A cell: numbers with thousands and as many decimals as they need."""
    if isinstance(cell, float):
        return f"{cell:,.2f}".rstrip("0").rstrip(".") if abs(cell) < 1e12 else f"{cell:.4g}"
    if isinstance(cell, int):
        return f"{cell:,}"
    return str(cell)


def message_json(message: Any) -> dict[str, Any]:
    """A protobuf message as JSON, with the names of the proto and enums without their prefix."""
    from google.protobuf.json_format import MessageToDict  # noqa: PLC0415 - local commands start faster

    return _short(MessageToDict(message, preserving_proto_field_name=True), message.DESCRIPTOR)  # type: ignore[no-any-return]  # a message gives an object


def _short(value: Any, descriptor: Any) -> Any:
    """Enum values by their short name, recursively."""
    for field in descriptor.fields:
        if field.name not in value:
            continue
        if field.enum_type is not None:
            value[field.name] = _without_prefix(value[field.name], field.enum_type)
        elif field.message_type is not None and not field.message_type.full_name.startswith("google."):
            value[field.name] = _short_message(value[field.name], field)
    return value


def _short_message(value: Any, field: Any) -> Any:
    if field.message_type.GetOptions().map_entry:
        return value
    if isinstance(value, list):
        return [_short(v, field.message_type) for v in value]
    return _short(value, field.message_type)


def _without_prefix(value: Any, enum: Any) -> Any:
    prefix = enum.values_by_number[0].name.removesuffix("UNSPECIFIED")
    if isinstance(value, list):
        return [v.removeprefix(prefix) for v in value]
    return value.removeprefix(prefix)
