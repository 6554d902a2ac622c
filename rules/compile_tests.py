"""Tests of a policy set as written to tests that can run."""

from rules.compile_facts import Vocabulary
from rules.diagnostics import Code
from rules.document import DEFAULT_ROW, TestDocument
from rules.errors import FactError
from rules.feel import Value
from rules.literals import LiteralError, read_literal
from rules.ruleset import RuleTest
from rules.schema import FactType
from rules.shapes import Shapes, did_you_mean
from rules.table import DecisionTable
from rules.yaml_reader import ListNode, MapNode, Node, Scalar


def compile_test(
    document: TestDocument, tables: tuple[DecisionTable, ...], vocabulary: Vocabulary, shapes: Shapes
) -> RuleTest:
    """The test, its values typed by the schema and by the outputs of the tables."""
    given = {key.text: _given(key, scalar, vocabulary, shapes) for key, scalar in document.given}
    by_name = {table.name: table for table in tables}
    expect: dict[str, dict[str, Value]] = {}
    for key, node in document.expect:
        table = by_name.get(key.text)
        if table is None:
            shapes.note(
                key, Code.UNKNOWN, f"unknown table `{key.text[:80]}`", did_you_mean(key.text, by_name)
            )
        else:
            expect[table.name] = _expected(node, table, shapes)
    rows = {row.id for name in expect for row in by_name[name].rows} | {DEFAULT_ROW}
    for scalar in document.rows:
        if scalar.text not in rows:
            fix = did_you_mean(scalar.text, rows)
            shapes.note(scalar, Code.UNKNOWN, f"no row `{scalar.text}` in the tables expected here", fix)
    return RuleTest(given, expect, tuple(scalar.text for scalar in document.rows), document.position)


def _given(key: Scalar, scalar: Scalar, vocabulary: Vocabulary, shapes: Shapes) -> Value:
    declared = vocabulary.given.get(key.text)
    if declared is None:
        fix = did_you_mean(key.text, vocabulary.given)
        shapes.note(key, Code.UNKNOWN, f"`{key.text[:80]}` is no given fact", fix)
        return None
    try:
        return declared.check(read_literal(scalar, declared.type))
    except LiteralError as error:
        shapes.note(
            scalar, Code.TYPE, f"`{key.text}`: `{scalar.text[:80]}` is not a {declared.type}", str(error)
        )
    except FactError as error:
        shapes.note(scalar, Code.TYPE, f"`{key.text}`: {error.problem}", error.fix)
    return None


def _expected(node: MapNode, table: DecisionTable, shapes: Shapes) -> dict[str, Value]:
    known = {output.name: output.type for output in table.outputs}
    found: dict[str, Value] = {}
    for key, value in node.entries:
        if key.text not in known:
            fix = did_you_mean(key.text, known)
            shapes.note(key, Code.UNKNOWN, f"`{key.text[:80]}` is no output of `{table.name}`", fix)
        else:
            found[key.text] = _expected_value(value, known[key.text], table, shapes)
    return found


def _expected_value(node: Node, kind: FactType, table: DecisionTable, shapes: Shapes) -> Value:
    """One value, or a list of them where the hit policy returns all rows."""
    if isinstance(node, ListNode) and not table.hit.is_single and table.aggregate is None:
        return tuple(_expected_value(item, kind, table, shapes) for item in node.items)
    if not isinstance(node, Scalar):
        shapes.note(node, Code.SHAPE, f"`{table.name}` gives one value here", "write one value")
        return None
    try:
        return read_literal(node, kind)
    except LiteralError as error:
        shapes.note(node, Code.TYPE, f"`{node.text[:80]}` is not a {kind}", str(error))
        return None
