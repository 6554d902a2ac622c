"""
What the rules of a release may say to the service.

Rules check that a table says what it declares; what the service can act on, only the service knows. It is held against
that before a release is published: a word that nobody understands would otherwise fail the decisions it is said in, and
a deadline beyond the calendar all who look at orders. Values that a row computes are known when it is evaluated.
"""

from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from typing import NamedTuple

from decision_service.decision import Disposition
from decision_service.errors import FieldViolation, InvalidRequestError
from optimization.network import ServiceLevelKind
from rules import Position, Ruleset, Severity

LONGEST = Decimal(3650)  # days that an order may wait for somebody


class _Range(NamedTuple):
    """Numbers between two others; the lower one counts, the higher one as well, unless `is_open`."""

    low: Decimal
    high: Decimal
    is_open: bool = False

    def __contains__(self, value: object) -> bool:
        inside = isinstance(value, Decimal) and self.low <= value <= self.high
        return inside and not (self.is_open and value in (self.low, self.high))

    def __str__(self) -> str:
        return f"{'more than ' if self.is_open else ''}{self.low} to {'less than ' if self.is_open else ''}{self.high}"


class _Words(frozenset[str]):
    """Some words."""

    def __str__(self) -> str:
        return ", ".join(sorted(self))


_Allowed = _Range | _Words
_WAITING: Mapping[str, _Allowed] = {
    "deadline_days": _Range(Decimal(0), LONGEST),
    "on_timeout": _Words({"BLOCK", "ESCALATE", "APPROVE"}),
}
_SAID: Mapping[str, Mapping[str, _Allowed]] = {
    "admission": {"verdict": _Words({"REJECTED", "ADMITTED"})},
    "parameters": {
        "service_level": _Range(Decimal(0), Decimal(1), is_open=True),
        "service_kind": _Words(kind.value for kind in ServiceLevelKind),
        "lead_time_std_factor": _Range(Decimal(0), Decimal(1000)),
        "safety_stock_factor": _Range(Decimal(0), Decimal(1000)),
    },
    "review": {"disposition": _Words(d.value for d in Disposition), **_WAITING},
    "escalation": {"severity": _Words(severity.value for severity in Severity)},
}


def check_outputs(ruleset: Ruleset) -> None:
    """
    Refuse what the service cannot act on.

    Raises
    ------
    InvalidRequestError
        With every value of every table and join rule.
    """
    problems = (*_in_tables(ruleset), *_in_joins(ruleset))
    if problems:
        raise InvalidRequestError(problems, "POLICY_INVALID")


def _in_tables(ruleset: Ruleset) -> Iterator[FieldViolation]:
    for table in ruleset.tables:
        allowed = _SAID.get(table.stage.value, {})
        for output in table.outputs:
            declared = ((table.where, output.name, value) for value in output.values)
            yield from _wrong(table.name, declared, allowed)
        rows = (*table.rows, *([table.default] if table.default else []))
        said = ((row.where, name, value) for row in rows for name, value in row.outcome.items())
        yield from _wrong(table.name, said, allowed)


def _in_joins(ruleset: Ruleset) -> Iterator[FieldViolation]:
    for join, where in zip(ruleset.joins, ruleset.join_places, strict=True):
        yield from _wrong(join.name, ((where, name, value) for name, value in join.then.items()), _WAITING)


def _wrong(
    rule: str, said: Iterable[tuple[Position, str, object]], allowed: Mapping[str, _Allowed]
) -> Iterator[FieldViolation]:
    for where, name, value in said:
        if value is not None and name in allowed and value not in allowed[name]:
            problem = f"{where}: `{rule}` says {name} `{value}`; say {allowed[name]}"
            yield FieldViolation(f"files[{where.file}]", problem)
