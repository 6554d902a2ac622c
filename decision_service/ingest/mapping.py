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
from decision_service.ingest.tables import TableLoader, digest_of, open_database, seal
from optimization.network import (
    Calendar,
    Demand,
    Finding,
    Item,
    Lane,
    Location,
    OrderGroup,
    Receipt,
    Resource,
    Snapshot,
    SourceFile,
    Stage,
    Supplier,
    UnitConversion,
)

Progress = Callable[[str, int, int], None]
"""Called with what is being read, how many steps are done, and how many there are."""

PREPARATION = "prepare.sql"


def _by_id(row: Any) -> tuple[str, ...]:
    return (row.id,)


def _by_units(row: UnitConversion) -> tuple[str, ...]:
    return (row.item, row.from_unit, row.to_unit)


def _by_text(row: Finding) -> tuple[str, ...]:
    return (row.kind, row.subject, row.message)


_SETS: tuple[tuple[str, type[Any], Callable[[Any], tuple[str, ...]]], ...] = (
    ("items", Item, _by_id),
    ("locations", Location, _by_id),
    ("suppliers", Supplier, _by_id),
    ("calendars", Calendar, _by_id),
    ("stages", Stage, _by_id),
    ("lanes", Lane, _by_id),
    ("order_groups", OrderGroup, _by_id),
    ("resources", Resource, _by_id),
    ("demands", Demand, lambda row: (row.stage,)),
    ("receipts", Receipt, _by_id),
    ("conversions", UnitConversion, _by_units),
    ("findings", Finding, _by_text),
)


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
        When a file, a column, a value or the SQL is not what the mapping declares.
    """
    constants = _open(mapping, source)
    steps = _Steps(progress or _silent, len(constants.files) + len(_SETS))
    database = open_database(constants)
    try:
        folders = {Folder.SOURCE: source, Folder.MAPPING: mapping}
        files = tuple(_load(TableLoader(database, constants, folders), steps))
        seal(database)
        sets, scripts = _select(database, mapping, steps)
    finally:
        database.close()
    return Snapshot(
        as_of=constants.as_of,
        source=constants.source,
        currency=constants.currency,
        bucket_days=constants.bucket_days,
        horizon=constants.horizon,
        sources=tuple(sorted((*files, *scripts), key=lambda file: file.name)),
        **sets,
    )


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
    known = {PREPARATION, *(f"{name}.sql" for name, _, _ in _SETS)}
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
    for name, form, key in _SETS:
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
