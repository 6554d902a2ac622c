"""Policy files that try to hang, exhaust or deceive: refused, or compiled, in bounded time and memory."""

import resource
import time
from decimal import Decimal

import pytest

from rules import (
    CompileError,
    DerivationError,
    RulesError,
    check_ruleset,
    compile_ruleset,
    evaluate,
    read_yaml,
    run_tests,
)

SECONDS = 15.0  # of CPU, far above what any case takes; a blow-up takes minutes
HEAD = "policy: p\nversion: 1.0.0\nowner: o\neffective: 2026-01-01\n"
TABLE = (
    "tables:\n  - name: t\n    stage: review\n    hit: FIRST\n    inputs: [order.value, order.note]\n"
    "    outputs: {answer: text, fee: number}\n    rows:\n"
)


def cell(text):
    return f"{HEAD}{TABLE}      - {{id: R1, when: {{order.value: {text}}}, then: {{answer: a}}}}\n"


def bomb(levels, width):
    lines = ["a0: &a0 [x, x]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * width)}]" for i in range(1, levels)]
    return "\n".join(lines)


REFUSED = {
    "a billion laughs": lambda: bomb(30, 9),
    "an alias of itself": lambda: "a: &a [*a]",
    "merge keys": lambda: "a: &a {x: 1}\nb: {<<: *a}",
    "25 levels of lists": lambda: "[" * 26 + "]" * 26,
    "a million open brackets": lambda: "[" * 1_000_000,
    "a million levels of indentation": lambda: "\n".join(" " * i + "a:" for i in range(1_500)),
    "nine million characters": lambda: "#" * 9_000_000,
    "half a million values": lambda: "[" + "1," * 500_000 + "]",
    "a value of 20,001 characters": lambda: cell('"' + "x" * 20_001 + '"'),
    "a number of a million digits": lambda: cell("9" * 1_000_000),
    "an exponent of a million": lambda: cell("1e1000000"),
    "a key of a million characters": lambda: HEAD + "x" * 1_000_000 + ": 1",
    "a Python object": lambda: "!!python/object/apply:os.system [echo]",
    "a NUL byte": lambda: HEAD + "\0",
    "lone surrogates": lambda: HEAD + "description: \ud800",
    "right to left": lambda: HEAD + 'description: "a\u202eb"',
    "a zero width joiner in an id": lambda: cell('"-"').replace("R1", "R\u200d1"),
    "a full width id": lambda: cell('"-"').replace("R1", "\uff32\uff11"),
    "a combining accent": lambda: cell('"-"').replace("R1", "Re\u0301"),
    "10,000 brackets in an expression": lambda: cell('"' + "(" * 9_000 + "1" + ")" * 9_000 + '"'),
    "10,000 signs in an expression": lambda: cell('"> ' + "-" * 15_000 + '1"'),
    "10,000 nested choices": lambda: cell('"' + "if true then 1 else " * 900 + '1"'),
    "a tower of powers": lambda: cell('"> 9**9**9**9**9"'),
    "an endless loop in a constant": lambda: cell('"> sum(for i in 1..1000000000 return i)"'),
    "nested loops in a constant": lambda: cell('"> count(for i in 1..9999, j in 1..9999, k in 1..9999 return 1)"'),
    "a text that doubles": lambda: HEAD + chain("x + x"),
    "Python in a cell": lambda: cell('"__import__(\'os\').system(\'x\')"'),
    "dunders": lambda: cell('"> order.value.__class__.__mro__"'),
    "a catastrophic pattern": lambda: cell('"matches(order.note, \\"(a+)+$\\")"'),
    "a table of one thousand faults": lambda: HEAD + TABLE + '      - {id: R1, when: {x: "> "}, then: {y: 1}}\n' * 1_000,
    "cyclic derived facts": lambda: HEAD + "facts:\n" + "".join(f'  - {{name: d{i}, type: number, expression: "d{(i + 1) % 500} + 1"}}\n' for i in range(500)),
}  # fmt: skip


def chain(step):
    """A text fact that grows with every derived fact."""
    lines = '  - {name: x0, type: text, expression: "order.note"}\n'
    lines += "".join(
        f'  - {{name: x{i}, type: text, expression: "{step.replace("x", f"x{i - 1}")}"}}\n'
        for i in range(1, 60)
    )
    return "facts:\n" + lines + TABLE + '      - {id: R1, when: {x59: "-"}, then: {answer: a}}\n'


def within_bounds(call):
    """What the call gives or raises; fails when it takes long or much memory."""
    started, before = time.process_time(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    try:
        return call()
    finally:
        assert time.process_time() - started < SECONDS
        assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 1_500_000  # KB


@pytest.mark.parametrize("case", REFUSED)
def test_hostile_files_are_refused(schema, case):
    """
    A typed refusal with a place and a short message, never a crash, a hang or a blown-up memory.
    """
    text = REFUSED[case]()

    with pytest.raises(CompileError) as refused:
        within_bounds(lambda: compile_ruleset({"p.yaml": text}, schema))

    assert all(len(str(d)) < 2_000 for d in refused.value.diagnostics)


def test_work_at_run_time_is_bounded(schema):
    """
    What only facts decide, a loop over their size or a growing text, ends with a typed error.
    """
    loops = f"""{HEAD}facts:
  - {{name: work, type: number, expression: "sum(for i in 1..order.value return i)"}}
  - {{name: power, type: number, expression: "order.value ** order.value ** order.value"}}
tables:
  - {{name: a, stage: review, hit: FIRST, inputs: [work], outputs: {{o: text}}, rows: [{{id: A, then: {{o: a}}}}]}}
  - {{name: b, stage: review, hit: FIRST, inputs: [power], outputs: {{o: text}}, rows: [{{id: B, then: {{o: a}}}}]}}
"""
    ruleset = compile_ruleset({"p.yaml": loops}, schema)

    for table in ruleset.tables:
        with pytest.raises(DerivationError):
            within_bounds(lambda table=table: evaluate(table, {"order.value": 10**12}))


def test_work_in_cells_is_bounded(schema):
    """
    A condition that loops as often as a fact says ends with a typed error too.
    """
    table = compile_ruleset({"p.yaml": cell('"count(for i in 1..order.value return i) > 3"')}, schema).tables[
        0
    ]

    with pytest.raises(RulesError, match="iterations"):
        within_bounds(lambda: evaluate(table, {"order.value": 10**12, "order.note": ""}))


def test_ten_thousand_rows(schema):
    """
    10,000 rows with 10,000 thresholds compile, are checked, and answer by the right row.
    """
    rows = "".join(
        f'      - {{id: R{i}, when: {{order.value: "[{i}..{i + 1})"}}, then: {{answer: a{i}}}}}\n'
        for i in range(10_000)
    )
    text = (
        HEAD
        + TABLE.replace("FIRST", "UNIQUE")
        + rows
        + '      - {id: R, when: {order.value: ">= 10000"}, then: {answer: b}}\n'
    )
    ruleset = within_bounds(lambda: compile_ruleset({"p.yaml": text}, schema))

    for value in (0, 4_711, 9_999):
        assert (f"R{value}",) == evaluate(
            ruleset.tables[0], {"order.value": Decimal(value) + Decimal("0.5"), "order.note": ""}
        ).determining_rows


def test_a_thousand_entangled_rows_are_checked_or_said_to_be_too_entangled(schema, charter):
    """
    Six inputs with independent ranges make a grid that nobody can walk: the check ends and says so.
    """
    facts = ("order.value", "order.quantity", "supplier.risk", "order.note", "order.is_rush", "item.abc")
    table = TABLE.replace("order.value, order.note", ", ".join(facts))
    rows = "".join(
        f'      - {{id: R{i}, when: {{order.value: "> {i * 7919 % 1000}", order.quantity: "< {i * 104729 % 997}", '
        f'supplier.risk: "> {i * 31 % 100 / 100}", order.note: \'"{i % 37}", "{i % 41}"\'}}, then: {{answer: a}}}}\n'
        for i in range(1_000)
    )
    ruleset = compile_ruleset({"p.yaml": HEAD + table + rows}, schema)

    findings = within_bounds(lambda: check_ruleset(ruleset, charter))

    assert {"GAP", "NOT_ANALYSED"} & {finding.kind.value for finding in findings}


def test_long_chains_of_derived_facts_are_no_recursion(schema):
    """
    A thousand derived facts in a row, written backwards.
    """
    lines = [f'  - {{name: d{i}, type: number, expression: "d{i - 1} + 1"}}\n' for i in range(1, 1_000)]
    head = (
        HEAD
        + "facts:\n"
        + "".join(reversed(lines))
        + '  - {name: d0, type: number, expression: "order.value"}\n'
    )
    table = TABLE.replace("order.value, order.note", "d999")
    ruleset = compile_ruleset({"p.yaml": head + table + '      - {id: R, then: {fee: "= d999"}}\n'}, schema)

    assert {"fee": Decimal(1_000)} == evaluate(ruleset.tables[0], {"order.value": 1}).outcome


def test_tests_of_a_policy_cannot_hang_it(schema):
    """
    A test whose facts make a table fail is a failed test, not a crash.
    """
    test = "tests:\n  - {given: {order.value: 1}, expect: {t: {answer: a}}}\n"
    report = run_tests(compile_ruleset({"p.yaml": cell('"> 1"') + test}, schema))

    assert (0, 1) == (report.passed, len(report.failures))
    assert "fact `order.note`: missing" in str(report.failures[0])


@pytest.mark.parametrize(
    "text",
    ["", "\ufeff", "#", "---", "\x85", "%YAML 9.9\n---\na: 1", "? a\n: b\n? [c]\n: d", "a: b: c", "- - -"],
)
def test_odd_documents(text):
    """
    Every text is a value or a refusal.
    """
    try:
        assert isinstance(read_yaml(text, "odd.yaml"), str | dict | list | None)
    except CompileError as error:
        assert error.diagnostics  # noqa: PT017  # either is right
