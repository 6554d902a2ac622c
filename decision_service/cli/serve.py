"""`serve`: the gRPC service until it is told to stop."""

import asyncio
import gc
import signal
from dataclasses import replace
from pathlib import Path

import click
import uvloop

from decision_service.cli.command import command, console
from decision_service.cli.main_group import cli
from decision_service.cli.session import ADDRESS, Options, found_with, locked, settings_of
from decision_service.config import Settings
from decision_service.observability import configure, configure_logs

CONTAINERS = 10_000  # more objects than at the last look before the collector looks again


@command(cli, "serve")
@click.option(
    "--config",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="TOML; see docs/operations.md.",
)
@click.option(
    "--found",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Policy folder that governs a store in which nothing was ever published.",
)
def serve(options: Options, config: Path | None, found: Path | None) -> None:
    """Serve until SIGINT or SIGTERM, then drain."""
    gc.disable()  # until `settle`: modules are no garbage, and looking for some is a sixth of the start
    settings = settings_of(options, config)
    if options.address:
        settings = replace(settings, address=options.address)
    configure_logs()
    configure(settings.telemetry, settings.trace_ratio, settings.prometheus_port)
    with locked(settings.data):
        uvloop.run(_serve(settings, found, options.actor))


async def _serve(settings: Settings, founding: Path | None, actor: str) -> None:
    from decision_service.bootstrap import build  # noqa: PLC0415 - see above

    app = build(settings)
    if founding:
        found_with(app.releases, founding, actor)
    # Asked before it serves: a service that has begun does not end where the log is away for a moment.
    entries = app.ledger.size
    running = await app.serve()
    settle()
    (settings.data / ADDRESS).write_text(running.address)
    console.print(f"serving on {running.address}, log of {entries} entries in {settings.data}", markup=False)
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    await stop.wait()
    await running.drain(settings.grace_seconds)
    app.close()
    (settings.data / ADDRESS).unlink(missing_ok=True)


def settle() -> None:
    """
    Tell the collector of cycles that what is there stays.

    It is not searched for garbage again and again; nor are the few dozen calls under way, each of which holds some
    hundred objects for a moment and would set it off several times a millisecond. The few thousand objects of garbage
    that a start leaves stay, too: finding them would be a tenth of it.
    """
    gc.freeze()
    gc.set_threshold(CONTAINERS)
    gc.enable()
