"""The sets of a snapshot, each the answer of one SQL file, and whether they agree with each other."""

import re
from collections.abc import Callable
from typing import Any

from decision_service.ingest.errors import IngestError
from optimization.errors import InvalidNetworkError, Problem
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
    Stage,
    Supplier,
    UnitConversion,
)
from optimization.validate import validate_snapshot


def _by_id(row: Any) -> tuple[str, ...]:
    return (row.id,)


def _by_units(row: UnitConversion) -> tuple[str, ...]:
    return (row.item, row.from_unit, row.to_unit)


def _by_text(row: Finding) -> tuple[str, ...]:
    return (row.kind, row.subject, row.message)


SETS: tuple[tuple[str, type[Any], Callable[[Any], tuple[str, ...]]], ...] = (
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


def refuse_contradictions(snapshot: Snapshot) -> None:
    """
    Hold the sets against each other, as planning will.

    Raises
    ------
    IngestError
        Names the SQL file, the row by its key, and the column.
    """
    try:
        validate_snapshot(snapshot)
    except InvalidNetworkError as error:
        first, others = error.problems[0], len(error.problems) - 1
        more = f" (and {others} more problems)" if others else ""
        raise IngestError(_place(snapshot, first), first.problem + more, first.fix or "correct it") from None


def _place(snapshot: Snapshot, problem: Problem) -> str:
    """``lanes[7].source`` -> ``lanes.sql row `BUY:..` column `source` ``."""
    path = re.fullmatch(r"(\w+)(?:\[(\d+)\])?\.?(.*)", problem.field)
    keys = {name: key for name, _, key in SETS}
    if not path or path[1] not in keys:
        return problem.field
    key, column = "", f" column `{path[3]}`" if path[3] else ""
    if path[2]:
        key = f" row `{' '.join(filter(None, keys[path[1]](getattr(snapshot, path[1])[int(path[2])])))}`"
    return f"{path[1]}.sql{key}{column}"
