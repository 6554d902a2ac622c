"""
Reader for the public MULTILSB instances: multi-level lot sizing with backlog and family set-ups.

JSON documents of schema `LSDM.MULTILSB.normalized-source.v1` (Akartunali & Miller, University of
Strathclyde, doi 10.15129/252b7827-b62b-4af4-8869-64b12b1c69a1, CC BY 4.0), as published in
Lemoine-OR/LotSizingDataModel.Benchmarks. What the documents state is taken as it stands: machine
time per unit, one set-up a family and period that all members share, one bill of material per
component, marginal (echelon) holding cost, backlog of end items at `backorder_cost_coefficient`
times their conventional holding cost, nothing in stock at the start.

What they do not state is the capacity; only `resource_utilization` and its type are given. The
convention here, the same in every period: type 1, utilisation times the mean load with every
family set up once a period; type 2, utilisation times the mean load without set-ups.
"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from optimization.errors import InvalidNetworkError
from optimization.lot_sizing.problem import (
    NO_FAMILY,
    BillOfMaterial,
    Family,
    LotItem,
    LotSizingProblem,
    Machine,
)

SCHEMA = "LSDM.MULTILSB.normalized-source.v1"
_WITH_SETUPS, _WITHOUT_SETUPS = 1, 2
_MOST = 5_000  # items or periods; what goes into what is a square table
_LARGEST = 1e15


def read_multilsb(path: str | Path) -> LotSizingProblem:
    """
    The instance in a file.

    Raises
    ------
    InvalidNetworkError
        Naming the file or the field that cannot be used.
    """
    file = Path(path)
    try:
        document = json.loads(file.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise InvalidNetworkError(file.name, f"cannot be read: {error.strerror}", "check the path") from error
    except (UnicodeDecodeError, ValueError, RecursionError) as error:
        raise InvalidNetworkError(file.name, "is no JSON document", "use the published file") from error
    return parse_multilsb(document)


def parse_multilsb(document: Any) -> LotSizingProblem:
    """The instance in a parsed JSON document."""
    if not isinstance(document, dict) or document.get("schema") != SCHEMA:
        raise InvalidNetworkError("schema", "is not the published one", f"expected `{SCHEMA}`")
    count, periods = _whole(document, "item_count"), _whole(document, "period_count")
    machines = _machines(document)
    # What every item must have comes first: no count is larger than the document before anything is as large.
    unit_time = _by_item(document, "production_coefficients", "unit_capacity", count)
    machine = _by_item(document, "production_coefficients", "machine", count)
    demand = np.zeros((count, periods))
    for item, period, quantity in _table(document, "demand", ("item", "period", "quantity"), keys=2):
        demand[_position("demand", item, count), _position("demand", period, periods)] = quantity
    bills = tuple(
        BillOfMaterial(
            _position("bill_of_materials", part, count), _position("bill_of_materials", whole, count), q
        )
        for part, whole, q in _table(
            document, "bill_of_materials", ("component", "successor", "quantity"), keys=2
        )
    )
    families, members = _families(document, machines, count)
    holding = _conventional(
        _by_item(document, "marginal_holding_costs", "marginal_holding_cost", count), bills
    )
    owed = _number(document, "backorder_cost_coefficient")
    items = tuple(
        LotItem(
            f"item-{n + 1}",
            tuple(demand[n].tolist()),
            holding[n],
            machine=_known(machines, machine[n]),
            unit_time=unit_time[n],
            backlog_cost=owed * holding[n] if demand[n].any() else None,
            family=members[n],
        )
        for n in range(count)
    )
    return _with_capacity(document, items, machines, families, bills)


def _conventional(marginal: Sequence[float], bills: Sequence[BillOfMaterial]) -> list[float]:
    """Marginal cost plus the conventional cost of what went in."""
    value = list(marginal)
    for _ in marginal:
        raised = list(marginal)
        for bill in bills:
            raised[bill.successor] += bill.quantity * value[bill.component]
        if raised == value:
            return value
        value = raised
    raise InvalidNetworkError("bill_of_materials", "an item goes into itself", "remove one bill of the cycle")


def _families(
    document: dict[str, Any], machines: dict[Any, int], count: int
) -> tuple[tuple[Family, ...], list[int]]:
    rows = _table(document, "family_machine_setup_times", ("family", "machine", "setup_time"))
    number = {family: n for n, (family, _, _) in enumerate(rows)}
    members = [NO_FAMILY] * count
    for item, family in _table(document, "item_family_memberships", ("item", "family")):
        members[_position("item_family_memberships", item, count)] = _known(number, family)
    return tuple(Family(f"family-{f:g}", _known(machines, m), time) for f, m, time in rows), members


def _with_capacity(
    document: dict[str, Any],
    items: tuple[LotItem, ...],
    machines: dict[Any, int],
    families: tuple[Family, ...],
    bills: tuple[BillOfMaterial, ...],
) -> LotSizingProblem:
    """The capacity rule of the module's docstring."""
    kind = _whole(document, "resource_utilization_type")
    if kind not in (_WITH_SETUPS, _WITHOUT_SETUPS):
        raise InvalidNetworkError("resource_utilization_type", f"`{kind}` is unknown", "use 1 or 2")
    periods = len(items[0].demand)
    unlimited = tuple(Machine(f"machine-{m}", (0.0,) * periods) for m in machines)
    total = LotSizingProblem("", items, unlimited, families, bills).echelon() @ [sum(i.demand) for i in items]
    load = np.zeros(len(machines))
    np.add.at(load, [i.machine for i in items], total / periods * [i.unit_time for i in items])
    if kind == _WITH_SETUPS:
        for family in families:
            load[family.machine] += family.setup_time
    capacity = _number(document, "resource_utilization") * load
    limited = tuple(Machine(f"machine-{m}", (float(capacity[n]),) * periods) for m, n in machines.items())
    return LotSizingProblem(str(document.get("source_id", "")), items, limited, families, bills)


def _by_item(document: dict[str, Any], table: str, column: str, count: int) -> list[float]:
    values: list[float | None] = [None] * count
    for item, value in _table(document, table, ("item", column)):
        values[_position(table, item, count)] = value
    for n, found in enumerate(values):
        if found is None:
            raise InvalidNetworkError(table, f"item `{n + 1}` is missing", "give every item a row")
    return [value for value in values if value is not None]


def _machines(document: dict[str, Any]) -> dict[Any, int]:
    machines: dict[Any, int] = {}
    for n, machine in enumerate(_list(document, "machine_ids")):
        if not _is_number(machine) or machine in machines:
            raise InvalidNetworkError(f"machine_ids[{n}]", f"`{machine}`", "list each machine's number once")
        machines[machine] = n
    return machines


def _table(
    document: dict[str, Any], name: str, columns: tuple[str, ...], keys: int = 1
) -> list[tuple[float, ...]]:
    """Rows of a table; the first `keys` columns say what a row is about, and no two are about the same."""
    rows: dict[tuple[float, ...], tuple[float, ...]] = {}
    for n, row in enumerate(_list(document, name)):
        if not isinstance(row, dict):
            raise InvalidNetworkError(f"{name}[{n}]", "is no object", f"give {', '.join(columns)}")
        values = tuple(_number(row, column, f"{name}[{n}].") for column in columns)
        if values[:keys] in rows:
            about = ", ".join(
                f"{column} {value:g}" for column, value in zip(columns, values[:keys], strict=False)
            )
            raise InvalidNetworkError(f"{name}[{n}]", f"{about} is there already", "give each one row")
        rows[values[:keys]] = values
    return list(rows.values())


def _list(document: dict[str, Any], name: str) -> list[Any]:
    value = document.get(name)
    if not isinstance(value, list):
        raise InvalidNetworkError(name, "is no list", "use the published file")
    return value


def _number(document: dict[str, Any], name: str, where: str = "") -> float:
    value: Any = document.get(name)
    if not _is_number(value):
        raise InvalidNetworkError(f"{where}{name}", f"`{value!r:.80}` is no number", "use the published file")
    return value  # type: ignore[no-any-return]  # an int or a float, as the document gives it


def _is_number(value: Any) -> bool:
    """Neither true nor infinite, nor a whole number of 400 digits."""
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= _LARGEST


def _whole(document: dict[str, Any], name: str) -> int:
    value = _number(document, name)
    if not 1 <= value <= _MOST or value != int(value):
        raise InvalidNetworkError(name, f"`{value}` is no count", f"give a whole number from 1 to {_MOST}")
    return int(value)


def _position(table: str, number: float, count: int) -> int:
    """Items and periods are counted from 1."""
    if number != int(number) or not 1 <= number <= count:
        raise InvalidNetworkError(table, f"`{number}` is out of range", f"use 1 .. {count}")
    return int(number) - 1


def _known(numbers: dict[Any, int], name: float) -> int:
    if name not in numbers:
        raise InvalidNetworkError("machine or family", f"`{name:g}` is unknown", "list it first")
    return numbers[name]
