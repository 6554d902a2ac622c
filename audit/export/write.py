"""Write a log, or some of its entries, to a folder."""

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Protocol

from audit.artifact import Artifact
from audit.checkpoint import SignedCheckpoint
from audit.entry import read_header
from audit.errors import ExportError, NotInLedgerError
from audit.export.rows import ExportFormat, Row, row_of, write_rows
from audit.ledger import Testimony
from audit.note import Verifier

VERSION = "decision-log-export.v1"
_PIECE = 500  # entries held at a time
_README = """This folder is an export of the decision log `{origin}`: {entries} of {size} entries.

To check it on a machine without the service, its database or any secret:

    decisionctl audit verify THIS_FOLDER --key 'THE PUBLIC KEY YOU WERE GIVEN'

Do not take the key from keys.txt without comparing it with the one you were given.
What is checked, step by step, and how to do it without our program: docs/auditor.md.
"""


class ExportSource(Protocol):
    """A log that can be exported: a `LedgerView`, or a service's seen from afar."""

    def checkpoint(self) -> SignedCheckpoint | None:
        """Return the last checkpoint, to which all proofs lead."""
        ...

    def evidence(self, places: Sequence[int], size: int) -> Iterator[Testimony]:
        """Return entries, in rising order, with their payloads and proofs for the tree of `size`."""
        ...

    def notes(self, after: int, most: int) -> tuple[tuple[int, str], ...]:
        """Return checkpoints larger than `after` as size and note, smallest first, at most so many."""
        ...

    def artifact(self, digest: str) -> Artifact:
        """Return the content with this digest."""
        ...


def export(  # noqa: PLR0913 - what, whose keys, where to, which, how; the last is for a person who waits
    source: ExportSource,
    folder: Path,
    keys: Iterable[Verifier],
    seqs: Iterable[int] | None = None,
    form: ExportFormat = ExportFormat.JSONL,
    *,
    progress: Callable[[int], None] = lambda _entries: None,
) -> int:
    """
    Write entries with their proofs and a checkpoint; returns how many.

    Parameters
    ----------
    folder
        Must not exist, or be empty.
    keys
        Public keys of the log, for `keys.txt`.
    seqs
        Which entries; all, if nothing is said.

    Raises
    ------
    ExportError
        If the folder holds something, or cannot be written.
    NotInLedgerError
        If an entry asked for is not there.
    """
    last = source.checkpoint()
    if last is None:
        raise NotInLedgerError("a checkpoint")
    places = range(last.size) if seqs is None else sorted(set(seqs))
    if places and not 0 <= places[0] <= places[-1] < last.size:
        raise NotInLedgerError(f"entry {places[-1] if places[0] >= 0 else places[0]}")
    try:
        _make_empty(folder)
        named = _Named()
        write_rows(folder / f"entries.{form.value}", form, _rows(source, places, last.size, named, progress))
        _write_checkpoints(source, folder, last, is_whole=seqs is None)
        _write_artifacts(source, folder, named.digests)
        _write_text(folder / "keys.txt", "".join(key.vkey + "\n" for key in keys))
        _write_manifest(folder, last, len(places), form, is_whole=seqs is None)
    except OSError as error:
        raise ExportError(f"`{folder}` cannot be written: {error.strerror or error}") from error
    return len(places)


class _Named:
    """The artifacts that the exported entries name."""

    def __init__(self) -> None:
        self.digests: dict[str, None] = {}


def _rows(
    source: ExportSource,
    places: Sequence[int],
    size: int,
    named: _Named,
    progress: Callable[[int], None],
) -> Iterator[Row]:
    for first in range(0, len(places), _PIECE):
        some = places[first : first + _PIECE]
        for record, sealed, path in source.evidence(some, size):
            named.digests.update(dict.fromkeys(read_header(record.envelope).artifacts))
            yield row_of(record, sealed, path)
        progress(first + len(some))


def _make_empty(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.iterdir()):
        raise ExportError(f"`{folder}` is not empty; export to a new folder")


def _write_checkpoints(source: ExportSource, folder: Path, last: SignedCheckpoint, *, is_whole: bool) -> None:
    _write_text(folder / "checkpoint", last.note)
    if not is_whole:
        return
    with (folder / "checkpoints.jsonl").open("x", encoding="utf-8") as file:
        after = -1
        while found := source.notes(after, _PIECE):
            notes = [{"size": size, "note": note} for size, note in found if size <= last.size]
            file.writelines(json.dumps(note, ensure_ascii=False) + "\n" for note in notes)
            after = found[-1][0]


def _write_artifacts(source: ExportSource, folder: Path, digests: Iterable[str]) -> None:
    with (folder / "artifacts.jsonl").open("x", encoding="utf-8") as file:
        for digest in digests:
            artifact = source.artifact(digest)
            path = artifact_path(folder, digest)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(artifact.content)
            file.write(json.dumps({"digest": digest, "media_type": artifact.media_type}) + "\n")


def artifact_path(folder: Path, digest: str) -> Path:
    """Return where an export keeps the content of a digest."""
    name = digest.removeprefix("sha256:")
    return folder / "artifacts" / name[:2] / name


def _write_manifest(
    folder: Path, last: SignedCheckpoint, entries: int, form: ExportFormat, *, is_whole: bool
) -> None:
    manifest = {
        "version": VERSION,
        "origin": last.checkpoint.origin,
        "size": last.size,
        "entries": entries,
        "is_whole": is_whole,
        "format": form.value,
    }
    _write_text(folder / "manifest.json", json.dumps(manifest, indent=1) + "\n")
    _write_text(folder / "README.txt", _README.format(**manifest))


def _write_text(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8", newline="\n")
