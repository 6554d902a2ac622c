"""
An ERP's export and a mapping -> a snapshot.

A mapping is a folder: `constants.yaml` declares the files and what no file says; `prepare.sql`
(optional) creates what several sets share; then one SQL file for each set of the snapshot, named
like it. A set without a file is empty. `findings.sql` says what the export got wrong and what was
done about it. Rows are ordered by their ids: the same files give the same snapshot, byte for byte.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import duckdb

from decision_service.ingest.constants import FILE, Constants, Folder, read_constants
from decision_service.ingest.errors import IngestError
from decision_service.ingest.rows import check_unique, read_set, run_preparation
from decision_service.ingest.sets import SETS, refuse_contradictions
from decision_service.ingest.tables import TableLoader, digest_of, open_database, seal
from optimization.network import Snapshot, SourceFile

Progress = Callable[[str, int, int], None]
"""Called with what is being read, how many steps are done, and how many there are."""

PREPARATION = "prepare.sql"


def import_snapshot(mapping: Path, source: Path, progress: Progress | None = None) -> Snapshot:
    """
    The snapshot that a mapping reads from an export.

    Parameters
    ----------
    mapping
        Folder of `constants.yaml` and the SQL files.
    source
        Folder of the export: CSV or Parquet files.
    progress
        Told about every file read.

    Raises
    ------
    IngestError
        When a file, a column, a value or the SQL is not what the mapping declares, or when the
        sets contradict each other.
    """
    constants = _open(mapping, source)
    steps = _Steps(progress or _silent, len(constants.files) + len(SETS))
    database = open_database(constants)
    try:
        folders = {Folder.SOURCE: source, Folder.MAPPING: mapping}
        files = tuple(_load(TableLoader(database, constants, folders), steps))
        seal(database)
        sets, scripts = _select(database, mapping, steps)
    finally:
        database.close()
    snapshot = Snapshot(
        as_of=constants.as_of,
        source=constants.source,
        currency=constants.currency,
        bucket_days=constants.bucket_days,
        horizon=constants.horizon,
        sources=tuple(sorted((*files, *scripts), key=lambda file: file.name)),
        **sets,
    )
    refuse_contradictions(snapshot)
    return snapshot


class _Steps:
    """Counts the files read, for whoever looks."""

    def __init__(self, progress: Progress, total: int) -> None:
        self._progress = progress
        self._total = total
        self._done = 0

    def start(self, name: str) -> None:
        self._progress(name, self._done, self._total)
        self._done += 1


def _silent(name: str, done: int, total: int) -> None:
    pass


def _open(mapping: Path, source: Path) -> Constants:
    for folder, role in ((mapping, "mapping"), (source, "source")):
        if not folder.is_dir():
            raise IngestError(str(folder), f"is no folder, so it cannot be the {role}", "name a folder")
    known = {PREPARATION, *(f"{name}.sql" for name, _, _ in SETS)}
    for path in sorted(mapping.glob("*.sql")):
        if path.name not in known:
            raise IngestError(path.name, "belongs to no set", f"name it one of {', '.join(sorted(known))}")
    return read_constants(mapping)


def _load(loader: TableLoader, steps: _Steps) -> Iterator[SourceFile]:
    for table, contract in loader.constants.files.items():
        steps.start(contract.file)
        yield loader.load(table, contract)


def _select(
    database: duckdb.DuckDBPyConnection, mapping: Path, steps: _Steps
) -> tuple[dict[str, Any], list[SourceFile]]:
    scripts = [_script(mapping / FILE, 0)]
    preparation = mapping / PREPARATION
    if preparation.is_file():
        run_preparation(database, preparation)
        scripts.append(_script(preparation, 0))
    sets: dict[str, Any] = {}
    for name, form, key in SETS:
        path = mapping / f"{name}.sql"
        steps.start(path.name)
        if path.is_file():
            rows = read_set(database, path, form)
            check_unique(path, rows, key)
            sets[name] = tuple(sorted(rows, key=key))
            scripts.append(_script(path, len(rows)))
    return sets, scripts


def _script(path: Path, rows: int) -> SourceFile:
    return SourceFile(name=f"mapping/{path.name}", digest=digest_of(path), rows=rows, contract="mapping")
