"""An export as evidence: what `audit.verify` reads when there is no database."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec

from audit.canonical import digest
from audit.errors import ExportError, NoteError
from audit.evidence import Piece
from audit.export.rows import ExportFormat, Fault, read_row, read_rows
from audit.export.write import VERSION, artifact_path
from audit.note import Verifier, read_vkey

_PIECE = 1000  # entries held at a time
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}\Z")


class _Manifest(msgspec.Struct, frozen=True):
    version: str
    origin: str
    size: int
    entries: int
    is_whole: bool
    format: str


_MANIFEST = msgspec.json.Decoder(_Manifest)


class ExportEvidence:
    """
    The log, or a selection of it, in an export folder.

    Raises
    ------
    ExportError
        If the folder is not an export.
    """

    def __init__(self, folder: Path) -> None:
        self.faults: list[str] = []
        self._folder = folder
        self._manifest = _read_manifest(folder)
        self._form = ExportFormat(self._manifest.format)
        self.is_whole = self._manifest.is_whole

    def keys(self) -> tuple[Verifier, ...]:
        """Return the public keys that the export brings along."""
        try:
            lines = (self._folder / "keys.txt").read_text(encoding="utf-8").split()
            return tuple(map(read_vkey, lines))
        except (OSError, UnicodeDecodeError, NoteError) as error:
            raise ExportError(f"`keys.txt` cannot be read: {error}; name the log's public key") from error

    def pieces(self) -> Iterator[Piece]:
        """Return the entries, in the order of the file."""
        piece = _Gathering()
        read = 0
        for row in read_rows(self._folder / f"entries.{self._form.value}", self._form):
            found = row if isinstance(row, Fault) else read_row(row)
            if isinstance(found, Fault):
                self.faults.append(found.message)
                continue
            read += 1
            piece.add(*found)
            if len(piece.records) == _PIECE:
                yield piece.done()
                piece = _Gathering()
        yield piece.done()
        if read != self._manifest.entries:
            self.faults.append(
                f"the manifest announces {self._manifest.entries} entries, and {read} could be read"
            )

    def notes(self) -> Iterator[tuple[int, str]]:
        """Return the checkpoints as size and note, smallest first."""
        if self.is_whole:
            yield from sorted(self._listed())
        else:
            yield self._manifest.size, self.last_note()

    def last_note(self) -> str:
        """Return the checkpoint that the proofs lead to."""
        try:
            return (self._folder / "checkpoint").read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise ExportError(f"`checkpoint` cannot be read: {error}; ask for the export again") from error

    def tile(self, _level: int, _number: int) -> bytes | None:
        """Exports hold no tiles: the entries are the tree."""
        return None

    def known_artifacts(self, digests: Iterable[str]) -> frozenset[str]:
        """Return those of the digests under which something is kept."""
        return frozenset(
            name for name in digests if _DIGEST.match(name) and artifact_path(self._folder, name).is_file()
        )

    def false_artifacts(self) -> Iterator[str]:
        """Return the digests of artifacts whose content has another."""
        for path in sorted((self._folder / "artifacts").glob("*/*")):
            name = f"sha256:{path.name}"
            if not path.is_file() or digest(path.read_bytes()) != name:
                yield name

    def pointers(self) -> Mapping[str, str] | None:
        """Exports hold no pointers: they follow from the entries."""
        return None

    def _listed(self) -> Iterator[tuple[int, str]]:
        name = "checkpoints.jsonl"
        try:
            lines = (self._folder / name).read_text(encoding="utf-8").split("\n")
        except (OSError, UnicodeDecodeError) as error:
            self.faults.append(f"`{name}` cannot be read: {error}")
            return
        for number, line in enumerate(lines, 1):
            if line:
                yield from self._checkpoint(f"line {number} of `{name}`", line)

    def _checkpoint(self, where: str, line: str) -> Iterator[tuple[int, str]]:
        try:
            content: Any = json.loads(line)
            yield int(content["size"]), str(content["note"])
        except (ValueError, KeyError, TypeError) as error:
            self.faults.append(f"{where} is not a checkpoint: {error!r}")


class _Gathering:
    """A piece in the making."""

    def __init__(self) -> None:
        self.records: list[Any] = []
        self._sealed: dict[int, Any] = {}
        self._paths: dict[int, tuple[bytes, ...]] = {}

    def add(self, record: Any, sealed: Any, path: tuple[bytes, ...]) -> None:
        self.records.append(record)
        self._paths[record.seq] = path
        if sealed:
            self._sealed[record.seq] = sealed

    def done(self) -> Piece:
        return Piece(tuple(self.records), self._sealed, self._paths)


def _read_manifest(folder: Path) -> _Manifest:
    try:
        manifest = _MANIFEST.decode((folder / "manifest.json").read_bytes())
    except (OSError, msgspec.DecodeError) as error:
        raise ExportError(f"`{folder}` is not an export: manifest.json: {error}") from error
    if manifest.version != VERSION or manifest.format not in {form.value for form in ExportFormat}:
        raise ExportError(
            f"`{folder}` is an export of another version: `{manifest.version}`, `{manifest.format}`"
        )
    return manifest
