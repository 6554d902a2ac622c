"""A `decisionTable` element to a table; every cell that cannot be read is named by row and column."""

from collections.abc import Callable
from typing import TypeVar

from rules.dmn.errors import DmnError
from rules.dmn.table import Aggregation, HitPolicy, Input, Output, Row, Table
from rules.dmn.types import TypeBook
from rules.dmn.xml_tree import Element
from rules.feel import Expression, FeelError, FeelType, UnaryTests, Value, parse_expression, parse_unary_tests

_Parsed = TypeVar("_Parsed", Expression, UnaryTests)
_LETTERS = {
    "U": HitPolicy.UNIQUE,
    "A": HitPolicy.ANY,
    "P": HitPolicy.PRIORITY,
    "F": HitPolicy.FIRST,
    "R": HitPolicy.RULE_ORDER,
    "O": HitPolicy.OUTPUT_ORDER,
    "C": HitPolicy.COLLECT,
}
_ORDERED = frozenset({HitPolicy.PRIORITY, HitPolicy.OUTPUT_ORDER})


def read_table(table: Element, owner: str, names: tuple[str, ...], types: TypeBook) -> Table:
    """
    The table.

    Parameters
    ----------
    owner
        What the table belongs to, for messages.
    names
        Names its expressions may read.
    """
    policy, aggregation = _hit_policy(table, owner), _aggregation(table, owner)
    inputs = tuple(_input(clause, owner, at, names) for at, clause in enumerate(table.all("input"), 1))
    outputs = tuple(_output(clause, owner, names, types) for clause in table.all("output"))
    if not outputs:
        raise DmnError(owner, "the table has no output", table.line)
    if aggregation is not Aggregation.LIST and (policy is not HitPolicy.COLLECT or len(outputs) > 1):
        raise DmnError(owner, f"{aggregation} needs hit policy COLLECT and one output", table.line)
    if policy in _ORDERED and not any(output.order for output in outputs):
        raise DmnError(owner, f"{policy} needs output values, best first", table.line)
    rows = tuple(
        _row(rule, owner, at, names, (len(inputs), len(outputs)))
        for at, rule in enumerate(table.all("rule"), 1)
    )
    _check_ids(rows, owner, table.line)
    return Table(policy, aggregation, inputs, outputs, rows)


def _hit_policy(table: Element, owner: str) -> HitPolicy:
    written = table.get("hitPolicy", "UNIQUE")
    if written in _LETTERS:
        return _LETTERS[written]
    try:
        return HitPolicy(written)
    except ValueError:
        known = ", ".join(HitPolicy)
        raise DmnError(owner, f"unknown hit policy `{written[:40]}`; known are {known}", table.line) from None


def _aggregation(table: Element, owner: str) -> Aggregation:
    written = table.get("aggregation", "LIST")
    try:
        return Aggregation(written)
    except ValueError:
        raise DmnError(owner, f"unknown aggregation `{written[:40]}`", table.line) from None


def _input(clause: Element, owner: str, at: int, names: tuple[str, ...]) -> Input:
    place = f"{owner} input {at}"
    expression = clause.one("inputExpression")
    if expression is None or not expression.text_of("text"):
        raise DmnError(place, "has no input expression; name the input it reads", clause.line)
    parsed = _parse(parse_expression, expression, place, names)
    allowed = clause.one("inputValues")
    tests = None if allowed is None else _parse(_any_tests, allowed, f"{place} input values", names)
    return Input(parsed, expression.get("typeRef"), tests)


def _output(clause: Element, owner: str, names: tuple[str, ...], types: TypeBook) -> Output:
    place = f"{owner} output `{clause.get('name')[:80]}`"
    declared = clause.one("outputValues")
    order: tuple[Value, ...] = ()
    if declared is not None:
        order = _listed(_parse_list(declared, f"{place} output values", names))
    elif clause.get("typeRef"):
        allowed = types.find(clause.get("typeRef"), place).allowed
        order = _listed(parse_expression(f"[{allowed.text}]")) if allowed and allowed.values() else ()
    default = clause.one("defaultOutputEntry")
    entry = None if default is None else _parse(parse_expression, default, f"{place} default", names)
    return Output(clause.get("name"), clause.get("typeRef"), order, entry)


def _parse_list(declared: Element, place: str, names: tuple[str, ...]) -> Expression:
    try:
        return parse_expression(f"[{declared.text_of('text')}]", names)
    except FeelError as error:
        raise DmnError(place, error.message, declared.line) from error


def _listed(expression: Expression) -> tuple[Value, ...]:
    values = expression.evaluate() if expression.is_constant else ()
    return values if isinstance(values, tuple) else ()


def _row(rule: Element, owner: str, at: int, names: tuple[str, ...], width: tuple[int, int]) -> Row:
    place = f"{owner} row {at}"
    cells, entries = tuple(rule.all("inputEntry")), tuple(rule.all("outputEntry"))
    if (len(cells), len(entries)) != width:
        problem = (
            f"has {len(cells)} inputs and {len(entries)} outputs; the table has {width[0]} and {width[1]}"
        )
        raise DmnError(place, problem, rule.line)
    tests = tuple(
        _parse(_any_tests, cell, f"{place} input {column}", names) for column, cell in enumerate(cells, 1)
    )
    outputs = tuple(
        _parse(parse_expression, entry, f"{place} output {column}", names)
        for column, entry in enumerate(entries, 1)
    )
    notes = [note.text_of("text") for note in rule.all("annotationEntry")] + [rule.text_of("description")]
    return Row(rule.get("id") or str(at), tests, outputs, "; ".join(filter(None, notes)))


def _check_ids(rows: tuple[Row, ...], owner: str, line: int) -> None:
    seen: set[str] = set()
    for row in rows:
        if row.id in seen:
            raise DmnError(owner, f"two rows have the id `{row.id[:80]}`; give each its own", line)
        seen.add(row.id)


def _any_tests(text: str, names: tuple[str, ...]) -> UnaryTests:
    return parse_unary_tests(text, FeelType.ANY, names)


def _parse(
    parse: Callable[[str, tuple[str, ...]], _Parsed], element: Element, place: str, names: tuple[str, ...]
) -> _Parsed:
    text = element.text_of("text")
    if not text and parse is parse_expression:
        text = "null"  # an empty output is null: DMN 1.3, 8.3.3
    try:
        return parse(text, names)
    except FeelError as error:
        raise DmnError(place, f"`{text[:80]}`: {error.message}", element.line) from error
