"""`audit verify / checkpoint / prove / export`: what auditors type. None of it needs a secret."""

from pathlib import Path
from typing import Any

import click

from decision_service.cli.command import command, console, print_json, progress, table
from decision_service.cli.failure import DOES_NOT_HOLD, Failure
from decision_service.cli.main_group import cli
from decision_service.cli.session import Options, session
from decision_service.v1 import audit_service_pb2 as pb

SERVICE = pb.DESCRIPTOR.services_by_name["AuditService"]
_PATH = click.Path(exists=True, path_type=Path)
KEY = click.option(
    "--key",
    "keys",
    multiple=True,
    metavar="KEY|FILE",
    help="Public key of the log, or a file that holds it; may be given more than once.",
)


@cli.group()
def audit() -> None:
    """The log: verify, checkpoint, prove, export, redact, hold, witness, replay."""


@command(audit, "verify")
@click.argument("target", type=_PATH, required=False, metavar="[EXPORT_FOLDER|PROOF_FILE]")
@KEY
@click.option(
    "--checkpoint",
    "checkpoints",
    type=_PATH,
    multiple=True,
    help="A checkpoint you kept, or a file or git folder of them.",
)
def verify(
    options: Options, target: Path | None, keys: tuple[str, ...], checkpoints: tuple[Path, ...]
) -> None:
    """Recompute every hash of an export, of one proof, or of the service's log; exit code 1 if it does not hold."""
    if target is not None and target.is_file():
        _verify_proof(options, target, keys)
        return
    kept = [note for path in checkpoints for note in _read_notes(path)]
    found = _verify_export(options, target, keys, kept) if target else _verify_service(options, kept)
    if options.is_json:
        print_json(found)
    else:
        show_verification(found)
    if found["problems"]:
        raise SystemExit(DOES_NOT_HOLD)


def _verify_export(options: Options, folder: Path, keys: tuple[str, ...], kept: list[str]) -> dict[str, Any]:
    from audit import verify_export  # noqa: PLC0415 - the other commands start faster

    with progress(options, "verifying", None) as advance:
        found = verify_export(folder, read_keys(keys), kept, advance)
    problems = [
        {"step": p.step, "index": p.seq, "kind": p.kind.value, "message": p.message} for p in found.problems
    ]
    if not keys:
        click.echo(
            "note: the keys came with the export, so this shows that it agrees with itself, not whose it is; "
            "give --key",
            err=True,
        )
    size, trusted = found.size, list(found.keys)
    return {"entries": found.entries, "root": found.root, "problems": problems, "size": size, "keys": trusted}


def _verify_service(options: Options, kept: list[str]) -> dict[str, Any]:
    with session(options) as service:
        return verified(service.call(SERVICE, "VerifyLog", pb.VerifyLogRequest(checkpoints=kept)))


def verified(response: Any) -> dict[str, Any]:
    """A service's answer as the command prints it."""
    problems = [
        {
            "step": found.step,
            "index": found.index if found.HasField("index") else None,
            "kind": found.kind,
            "message": found.message,
        }
        for found in response.findings
    ]
    return {"entries": response.entries, "root": response.root, "problems": problems}


def show_verification(found: dict[str, Any]) -> None:
    """The finding, and every problem."""
    if found["problems"]:
        table("Problems", (">step", ">entry", "kind", "what is wrong"),
              [(p["step"], "" if p["index"] is None else str(p["index"]), p["kind"], p["message"])
               for p in found["problems"]])  # fmt: skip
    says = f"{len(found['problems'])} problems" if found["problems"] else "the log holds"
    console.print(f"audit verify: {found['entries']} entries, root {found['root']}: {says}")


def _verify_proof(options: Options, path: Path, keys: tuple[str, ...]) -> None:
    from audit import NoteError, ProofError, read_proof  # noqa: PLC0415 - the other commands start faster
    from audit.entry import read_header  # noqa: PLC0415

    if not keys:
        raise Failure(f"{path}: a proof brings no key along; give the log's public key with --key")
    proof = read_proof(_read_text(path))
    if not proof.extra:
        raise Failure(f"{path}: the proof does not carry its entry; make it with `audit prove`")
    header = read_header(proof.extra)
    found: dict[str, Any] = {"index": proof.index, "kind": header.kind, "subject": header.subject}
    found |= {"recorded_at": header.recorded_at, "size": None, "root": None, "problems": []}
    try:
        checkpoint = proof.verify(proof.extra, read_keys(keys))
        found |= {"size": checkpoint.size, "root": checkpoint.root.hex()}
    except (NoteError, ProofError) as error:
        found["problems"] = [
            {"step": 8, "index": proof.index, "kind": "PROOF_CHANGED", "message": str(error)}
        ]
    if options.is_json:
        print_json(found)
    else:
        says = found["problems"][0]["message"] if found["problems"] else "is in the log, as signed"
        console.print(
            f"entry {proof.index}: {header.kind} about {header.subject}, {header.recorded_at}: {says}",
            markup=False,
        )
    if found["problems"]:
        raise SystemExit(DOES_NOT_HOLD)


@command(audit, "checkpoint")
def checkpoint(options: Options) -> None:
    """Print a signed statement of the log's size and root (C2SP)."""
    with session(options) as service:
        response = service.call(SERVICE, "GetCheckpoint", pb.GetCheckpointRequest())
    found = {"checkpoint": response.checkpoint, "size": response.size, "root": response.root}
    if options.is_json:
        print_json(found | {"keys": list(response.keys)})
        return
    click.echo(response.checkpoint, nl=False)
    for key in response.keys:
        click.echo(f"public key: {key}", err=True)


@command(audit, "prove")
@click.argument("name", metavar="NAME|INDEX")
@click.option(
    "-o",
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    help="File to write; - or none: the terminal.",
)
def prove(options: Options, name: str, output: Path | None) -> None:
    """Prove that an entry is in the log: place, Merkle proof, signed checkpoint and the entry, in one text."""
    from audit import TlogProof  # noqa: PLC0415 - the other commands start faster
    from decision_service.cli.remote_log import RemoteLog  # noqa: PLC0415

    with session(options) as service:
        log = RemoteLog(service)
        place, last = log.place(name), log.checkpoint()
        if place >= last.size:
            raise Failure(f"entry {place} is not in the log: it has {last.size}")
        ((record, _, path),) = log.evidence((place,), last.size)
    proof = TlogProof(place, path, last.note, record.envelope)
    if output and str(output) != "-":
        output.write_text(proof.text, encoding="utf-8")
    found = {
        "index": place,
        "subject": record.subject,
        "leaf_hash": record.leaf_hash.hex(),
        "size": last.size,
    }
    if options.is_json:
        print_json(found | {"proof": proof.text})
    elif output and str(output) != "-":
        console.print(f"entry {place} of {last.size}, proven in {output}")
    else:
        click.echo(proof.text, nl=False)


@command(audit, "export")
@click.argument("folder", type=click.Path(path_type=Path))
@click.option(
    "--format", "form", type=click.Choice(["jsonl", "parquet", "csv"]), default="jsonl", show_default=True
)
@click.option(
    "--only",
    "names",
    multiple=True,
    metavar="NAME|INDEX",
    help="Only these entries, or all about these names.",
)
def export(options: Options, folder: Path, form: str, names: tuple[str, ...]) -> None:
    """Write the log to a folder that anyone can verify, with proofs, checkpoints, artifacts and public keys."""
    import audit as engine  # noqa: PLC0415 - the other commands start faster
    from decision_service.cli.remote_log import RemoteLog  # noqa: PLC0415

    with session(options) as service:
        log = RemoteLog(service)
        seqs = [seq for name in names for seq in log.places(name)]
        total = len(set(seqs)) if names else log.checkpoint().size
        with progress(options, "exporting", total) as advance:
            written = engine.export(
                log, folder, log.keys(), seqs if names else None, engine.ExportFormat(form), progress=advance
            )
    if options.is_json:
        print_json({"folder": str(folder), "entries": written, "format": form})
    else:
        console.print(
            f"{written} entries in {folder}; check them with: decisionctl audit verify {folder} --key KEY"
        )


def read_keys(given: tuple[str, ...]) -> tuple[Any, ...]:
    """Public keys as they were typed, or from files with one a line."""
    from audit import NoteError, read_vkey  # noqa: PLC0415 - the other commands start faster

    found: list[Any] = []
    for text in given:
        lines = _read_text(Path(text)).split() if Path(text).is_file() else [text]
        if not lines:
            raise Failure(f"--key {text}: the file holds no key")
        try:
            found.extend(map(read_vkey, lines))
        except NoteError as error:
            raise Failure(f"--key {text[:80]}: {error}") from error
    return tuple(found)


def _read_notes(path: Path) -> tuple[str, ...]:
    """A checkpoint in a file of its own, or all that were published to a file or folder."""
    from audit import published  # noqa: PLC0415 - the other commands start faster

    if path.is_dir() or path.suffix == ".jsonl":
        return published(path)
    return (_read_text(path),)


def _read_text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise Failure(f"{path}: cannot be read: {error}") from error
