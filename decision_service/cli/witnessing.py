"""
`audit witness`: remember a log's last checkpoint, and refuse one that does not extend it.

The folder belongs to whoever witnesses, not to whoever runs the service. It holds the witness's key,
the public keys of the log, and the last checkpoint with the witness's own signature.
"""

import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from decision_service.cli.audit import KEY, audit, read_keys
from decision_service.cli.command import command, console, print_json
from decision_service.cli.failure import DOES_NOT_HOLD, Failure
from decision_service.cli.session import Options, Session, session

KEYS, PRIVATE = "log-keys.txt", "witness.key"


@command(audit, "witness")
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@KEY
@click.option("--name", default="witness", show_default=True, help="Name of a new witness.")
@click.option(
    "--publish",
    "target",
    type=click.Path(path_type=Path),
    help="Also add the checkpoint to this file or git folder.",
)
@click.option(
    "--every", type=click.FloatRange(min=1.0), help="Look again after so many seconds, until interrupted."
)
def witness(options: Options, folder: Path, keys: tuple[str, ...], **given: Any) -> None:
    """Remember the log's last checkpoint in FOLDER; exit code 1 if the log no longer extends what it once was."""
    with session(options) as service:
        while True:
            found = _look(service, folder, keys, given["name"], given["target"])
            if options.is_json:
                print_json(found)
            else:
                _show(found)
            if not found["holds"]:
                raise SystemExit(DOES_NOT_HOLD)
            if given["every"] is None:
                return
            time.sleep(given["every"])


def _look(
    service: Session, folder: Path, keys: tuple[str, ...], name: str, target: Path | None
) -> dict[str, Any]:
    """One look at the log."""
    from audit import Witness, WitnessRefusedError, publish  # noqa: PLC0415 - the other commands start faster
    from decision_service.cli.remote_log import RemoteLog  # noqa: PLC0415

    log = RemoteLog(service)
    folder.mkdir(parents=True, exist_ok=True)
    trusted, is_first = _trusted(log, folder, keys)
    watching = Witness(folder, _cosigner(folder, name), trusted, lambda: datetime.now(UTC))
    origin = trusted[0].name
    before = watching.remembered(origin)
    found: dict[str, Any] = {"origin": origin, "remembered": before.size if before else None}
    try:
        seen = watching.observe(log)
    except WitnessRefusedError as error:
        return found | {"holds": False, "refusal": error.refusal.name, "message": str(error)}
    if target and (before is None or before.size < seen.size):
        publish(seen, target)
    note = {"first_keys": [key.vkey for key in trusted]} if is_first else {}
    return found | note | {"holds": True, "size": seen.size, "checkpoint": seen.note}


def _trusted(log: Any, folder: Path, keys: tuple[str, ...]) -> tuple[tuple[Any, ...], bool]:
    """The log's keys: those given, those of last time, or, the first time, those the service states."""
    path = folder / KEYS
    if keys:
        trusted = read_keys(keys)
    elif path.exists():
        return read_keys((str(path),)), False
    else:
        trusted = log.keys()
    if not trusted:
        raise Failure("the service states no public key; give it with --key")
    path.write_text("".join(f"{key.vkey}\n" for key in trusted), encoding="utf-8")
    return trusted, not keys


def _cosigner(folder: Path, name: str) -> Any:
    from audit import Cosigner, create_signer, load_signer  # noqa: PLC0415 - the other commands start faster

    path = folder / PRIVATE
    signer = load_signer(path) if path.exists() else create_signer(path, name)
    return Cosigner(signer.name, signer.seed)


def _show(found: dict[str, Any]) -> None:
    for key in found.get("first_keys", ()):
        console.print(f"first time: compare this key with the one you were given: {key}", markup=False)
    if not found["holds"]:
        console.print(f"audit witness: REFUSED: {found['message']}", style="red", markup=False)
        return
    before = "nothing" if found["remembered"] is None else f"{found['remembered']} entries"
    console.print(
        f"audit witness: {found['origin']} has {found['size']} entries and extends {before} remembered"
    )
