"""
Policy files to a ruleset, or every diagnostic.

Names are resolved against the fact schema, cells and expressions are parsed for the types of
their columns, outcomes are checked against the declared outputs. Nothing is left to find out
while a decision is made.
"""

from collections.abc import Mapping

from rules.compile_facts import compile_facts
from rules.compile_tables import compile_table
from rules.compile_tests import compile_test
from rules.diagnostics import Code, Diagnostic, Position
from rules.document import DEFAULT_ROW, RulesetDocument
from rules.document_reader import read_document
from rules.errors import CompileError
from rules.joins import JoinRule, compile_joins
from rules.ruleset import Playbook, Ruleset, Waiver, digest_of
from rules.schema import FactSchema
from rules.shapes import Shapes, did_you_mean
from rules.table import DecisionTable
from rules.yaml_reader import MapNode, Scalar

_PLAYBOOK_OUTPUT = "playbook"


def compile_ruleset(files: Mapping[str, str], schema: FactSchema) -> Ruleset:
    """
    The ruleset that policy files make together.

    Parameters
    ----------
    files
        Text by file name; tables, tests and the header may stand in any of them.
    schema
        The facts that the service provides.

    Raises
    ------
    CompileError
        With every diagnostic of every file.
    """
    problems: list[Diagnostic] = []
    document = read_document(files, problems)
    ruleset = _compile(document, schema, digest_of(files), Shapes(problems)) if document else None
    if problems or ruleset is None:
        raise CompileError(tuple(sorted(set(problems))))
    return ruleset


def _compile(document: RulesetDocument, schema: FactSchema, digest: str, shapes: Shapes) -> Ruleset:
    vocabulary = compile_facts(document.facts, schema, shapes)
    _refuse_repeats(document, shapes)
    tables = tuple(compile_table(table, vocabulary, shapes) for table in document.tables)
    _refuse_unknown_playbooks(document, tables, shapes)
    joins = compile_joins(document.joins, schema.kinds, shapes.problems) if schema.kinds else ()
    tests = tuple(compile_test(test, tables, vocabulary, shapes) for test in document.tests)
    header = document.header
    return Ruleset(
        name=header.policy,
        version=header.version,
        owner=header.owner,
        owner_place=header.owner_place,
        effective=header.effective,
        digest=digest,
        schema=schema,
        derived=vocabulary.derived,
        tables=tables,
        joins=joins,
        join_places=tuple(_place_of(rule, document) for rule in joins),
        playbooks=tuple(
            Playbook(book.name.text, book.when, book.reason_codes, book.checklist, book.actions)
            for book in document.playbooks
        ),
        tests=tests,
        waivers=_waivers(document, tables, shapes),
    )


def _waivers(
    document: RulesetDocument, tables: tuple[DecisionTable, ...], shapes: Shapes
) -> tuple[Waiver, ...]:
    """The waivers, each for a row that exists."""
    rows = {table.name: {row.id for row in table.rows} | {DEFAULT_ROW} for table in tables}
    for waiver in document.waivers:
        table, row = waiver.table, waiver.row
        if table.text not in rows:
            fix = did_you_mean(table.text, rows)
            shapes.note(table, Code.UNKNOWN, f"unknown table `{table.text}`", fix)
        elif row.text not in rows[table.text]:
            fix = did_you_mean(row.text, rows[table.text])
            shapes.note(row, Code.UNKNOWN, f"no row `{row.text}` in table `{table.text}`", fix)
    return tuple(Waiver(w.table.text, w.row.text, w.by, w.until, w.reason) for w in document.waivers)


def _place_of(rule: JoinRule, document: RulesetDocument) -> Position:
    nodes = (node for node in document.joins if isinstance(node, MapNode))
    names = (node.get("name") for node in nodes)
    return next(name.position for name in names if isinstance(name, Scalar) and name.text == rule.name)


def _refuse_unknown_playbooks(
    document: RulesetDocument, tables: tuple[DecisionTable, ...], shapes: Shapes
) -> None:
    """The output `playbook` names a playbook of the set."""
    known = {book.name.text for book in document.playbooks}
    for table in tables:
        for row in table.rows:
            name = row.outcome.get(_PLAYBOOK_OUTPUT)
            if isinstance(name, str) and name not in known:
                problem = f"row `{row.id}` names the playbook `{name[:80]}`, which does not exist"
                shapes.problems.append(
                    Diagnostic(row.where, Code.UNKNOWN, problem, did_you_mean(name, known))
                )


def _refuse_repeats(document: RulesetDocument, shapes: Shapes) -> None:
    """Names mean one thing in a policy set; a row id names one row, so that reasons are unambiguous."""
    _refuse_twice("table", [table.name for table in document.tables], shapes)
    _refuse_twice("playbook", [book.name for book in document.playbooks], shapes)
    _refuse_twice("row id", [row.id for table in document.tables for row in table.rows], shapes)


def _refuse_twice(what: str, names: list[Scalar], shapes: Shapes) -> None:
    first: dict[str, Scalar] = {}
    for name in names:
        if name.text in first:
            problem = f"{what} `{name.text}` is used twice, first at {first[name.text].position}"
            shapes.note(name, Code.DUPLICATE, problem, "rename one of them")
        first.setdefault(name.text, name)
