"""Facts in, outcome and evidence out; everything that is no fact of the schema is refused by name."""

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

import pytest

from rules import (
    DerivationError,
    FactError,
    FactValueError,
    MissingFactError,
    Reading,
    UnknownFactError,
    UnknownTableError,
    compile_ruleset,
    evaluate,
    evaluate_stage,
)
from rules.feel import YearMonthDuration

TWO = (
    '{id: R1, when: {order.value: "> 100000", supplier.risk: ">= 0.7"}, then: {answer: ask}, because: "{order.value} at risk {supplier.risk}"}',
    "{id: R2, then: {answer: go}}",
)


@pytest.fixture(scope="module")
def table(compile_table):
    return compile_table(TWO, inputs="order.value, supplier.risk")


def test_evidence_says_what_was_looked_at(table):
    """
    Every input with its value and the condition the row puts on it; the reason with values filled in.
    """
    found = evaluate(table, {"order.value": Decimal("120000.50"), "supplier.risk": Decimal("0.70")})

    assert ("120,000.5 at risk 0.7",) == found.reasons
    assert (
        Reading("order.value", Decimal("120000.50"), "R1", "> 100000"),
        Reading("supplier.risk", Decimal("0.70"), "R1", ">= 0.7"),
    ) == found.trace
    assert ("row R2 of t",) == evaluate(table, {"order.value": 1, "supplier.risk": None}).reasons


def test_boundaries_are_exact(table):
    """
    Decimal comparison: the threshold itself does not pass `>`, one unit in the last place does.
    """
    for value, row in (("100000", "R2"), ("100000.0000000001", "R1"), ("99999.99", "R2")):
        facts = {"order.value": Decimal(value), "supplier.risk": Decimal("0.7")}

        assert (row,) == evaluate(table, facts).determining_rows


def test_a_missing_fact_is_an_error(table):
    """
    Never false, never null: null has to be said, and only where the schema allows it.
    """
    with pytest.raises(MissingFactError, match=r"fact `supplier.risk`: missing; give a number or null"):
        evaluate(table, {"order.value": Decimal(1)})
    with pytest.raises(FactValueError, match=r"fact `order.value`: null; give a number"):
        evaluate(table, {"order.value": None, "supplier.risk": None})


def test_an_unknown_fact_is_an_error(table):
    """
    A fact that the schema does not declare is a typing error somewhere.
    """
    with pytest.raises(UnknownFactError, match=r"fact `order.valeu`: unknown; did you mean `order.value`"):
        evaluate(table, {"order.value": 1, "supplier.risk": None, "order.valeu": 2})


def test_facts_of_other_tables_may_be_given(table):
    """
    One set of facts serves all tables of a stage.
    """
    assert evaluate(table, {"order.value": 1, "supplier.risk": None, "item.abc": "A"}).outcome


REFUSED = {
    "text for a number": "9",
    "a float": 0.1,
    "a boolean for a number": True,
    "not a number": Decimal("NaN"),
    "a signalling NaN": Decimal("sNaN"),
    "infinity": Decimal("Infinity"),
    "too many digits": Decimal("1." + "1" * 34),
    "a huge exponent": Decimal("1E+7000"),
    "a tiny exponent": Decimal("1E-7000"),
    "below the range": Decimal("-0.01"),
    "a list": [1],
    "a map": {"a": 1},
    "bytes": b"1",
    "a whole number of 7,000 digits": 10**7000,
    "a day": date(2026, 1, 1),
}


@pytest.mark.parametrize("case", REFUSED)
def test_values_that_are_no_number(table, case):
    """
    Type, digits, range: nothing is converted, coerced or clamped.
    """
    with pytest.raises(FactValueError) as refused:
        evaluate(table, {"order.value": REFUSED[case], "supplier.risk": None})

    assert "order.value" == refused.value.fact
    assert len(str(refused.value)) < 400


OTHERS = {
    "order.kind": ("purchase", "PURCHASE"),
    "order.note": ("x" * 10_001, "x" * 10_000),
    "order.due": (datetime(2026, 1, 1, tzinfo=UTC), date(2026, 1, 1)),
    "order.at": ("12:00", time(12)),
    "order.moment": (date(2026, 1, 1), datetime(2026, 1, 1, 12, tzinfo=UTC)),
    "order.lead": (3, timedelta(days=3)),
    "order.terms": (timedelta(days=30), YearMonthDuration(1)),
    "order.is_rush": (1, True),
}


@pytest.mark.parametrize("fact", OTHERS)
def test_every_type_takes_its_own_values_only(compile_table, fact):
    """
    A date-time is no date, 1 is no boolean, a text outside the declared values is an error.
    """
    bad, good = OTHERS[fact]
    table = compile_table(("{id: R1, when: {" + fact + ": '-'}, then: {answer: a}}",), inputs=fact)

    assert ("R1",) == evaluate(table, {fact: good}).determining_rows
    with pytest.raises(FactValueError):
        evaluate(table, {fact: bad})


@pytest.mark.parametrize("facts", [[], [{}], [1, 2, 3], "order.value", None, 7])
def test_facts_that_are_no_map(table, facts):
    """
    The inputs that crash a C engine are an ordinary error here.
    """
    with pytest.raises(FactError, match="facts"):
        evaluate(table, facts)


@pytest.mark.parametrize(
    "key", [None, 7, ("a",), "bzxiacvk", "x" * 10_000_000, "order.value\u200b", "Order.value"]
)
def test_keys_that_are_no_facts(table, key):
    """
    Names are compared whole: a hash collision, an invisible character or another case is another name.
    """
    with pytest.raises(UnknownFactError) as refused:
        evaluate(table, {"order.value": 1, "supplier.risk": None, key: 1})

    assert len(str(refused.value)) < 600


def test_three_hundred_properties(table):
    """
    More properties than a fact has are unknown facts.
    """
    with pytest.raises(UnknownFactError):
        evaluate(table, {"order.value": 1, "supplier.risk": None} | {f"p{i}": 1 for i in range(300)})


DERIVED = """\
facts:
  - {name: total, type: number, expression: "unit * order.quantity"}
  - {name: unit, type: number, expression: "order.value / order.quantity"}
"""


def test_derived_facts_are_computed_in_order(compile_table):
    """
    A derived fact may stand before what it is made of; only what the table needs is read.
    """
    rows = ('{id: R1, when: {unit: "> 2"}, then: {answer: dear}, because: "{unit} a unit"}',)
    table = compile_table(rows, head=DERIVED, inputs="unit")

    assert {"order.value", "order.quantity"} == {field.name for field in table.reads}
    assert ("2.5 a unit",) == evaluate(table, {"order.value": 10, "order.quantity": 4}).reasons
    with pytest.raises(DerivationError, match=r"fact `unit`: `order.value / order.quantity` has no value"):
        evaluate(table, {"order.value": 10, "order.quantity": 0})


def test_outputs_may_be_computed(compile_table):
    """
    `= expression` is computed from the facts; a value that is not of the declared type is an error.
    """
    rows = ('{id: R1, then: {fee: "= order.value * 0.1", answer: "= order.note"}}',)
    table = compile_table(rows, inputs="order.value", outputs="{fee: number, answer: [a, b]}")
    outcome = evaluate(table, {"order.value": 5, "order.note": "a"}).outcome

    assert {"fee": Decimal("0.5"), "answer": "a"} == outcome
    with pytest.raises(FactValueError, match="allowed: a, b"):
        evaluate(table, {"order.value": 5, "order.note": "c"})


def test_cells_may_compare_with_other_facts(compile_table):
    """
    A condition can read another fact, given or derived.
    """
    rows = ('{id: R1, when: {order.value: "> 2 * order.quantity"}, then: {answer: a}}',)
    table = compile_table(rows)

    assert ("R1",) == evaluate(table, {"order.value": 5, "order.quantity": 2}).determining_rows
    assert () == evaluate(table, {"order.value": 4, "order.quantity": 2}).determining_rows


def test_absent_facts_match_null_only(compile_table):
    """
    An optional fact that is null passes `null`, `-` and `not(...)` of texts, and no comparison.
    """
    rows = (
        '{id: R1, when: {supplier.risk: "< 0.5"}, then: {answer: a}}',
        '{id: R2, when: {supplier.risk: ">= 0.5"}, then: {answer: b}}',
        '{id: R3, when: {supplier.risk: "null"}, then: {answer: c}}',
    )
    table = compile_table(rows, hit="UNIQUE", inputs="supplier.risk")

    assert ("R3",) == evaluate(table, {"supplier.risk": None}).determining_rows


def test_a_stage_asks_its_tables_in_file_order(schema, header, table_text):
    """
    `evaluate_stage` gives one evaluation per table; a table that is not there is named.
    """
    second = table_text(("{id: R2, then: {answer: b}}",), name="second").removeprefix("tables:\n")
    ruleset = compile_ruleset(
        {"p.yaml": header + table_text(("{id: R1, then: {answer: a}}",), name="first") + second}, schema
    )

    assert ["first", "second"] == [e.table for e in evaluate_stage(ruleset, "review", {"order.value": 1})]
    assert () == evaluate_stage(ruleset, "admission", {})
    with pytest.raises(UnknownTableError, match="no table `third`; there are `first`, `second`"):
        ruleset.table("third")
