"""Each hit policy of DMN 1.3, section 8.2.8, on rows that match together."""

from decimal import Decimal

import pytest

from rules import HitPolicyError, evaluate

RANKED = "{answer: [low, middle, high]}"
THREE = (
    '{id: R1, when: {order.value: "> 10"}, then: {answer: high}}',
    '{id: R2, when: {order.value: "> 20"}, then: {answer: low}}',
    '{id: R3, when: {order.value: "> 30"}, then: {answer: middle}}',
)
NUMBERS = (
    '{id: R1, when: {order.value: "> 10"}, then: {fee: 1.10}}',
    '{id: R2, when: {order.value: "> 20"}, then: {fee: 0.20}}',
    '{id: R3, when: {order.value: "> 30"}, then: {fee: 3}}',
)


def ask(table, value):
    found = evaluate(table, {"order.value": Decimal(value)})
    return dict(found.outcome), found.determining_rows


@pytest.mark.parametrize(
    ("hit", "outputs", "at_15", "at_25", "at_35"),
    [
        ("FIRST", "{answer: text}", ("high", "R1"), ("high", "R1"), ("high", "R1")),
        ("PRIORITY", RANKED, ("high", "R1"), ("low", "R2"), ("low", "R2")),
    ],
)
def test_one_row_answers(compile_table, hit, outputs, at_15, at_25, at_35):
    """
    FIRST takes the first row, PRIORITY the one whose output stands first in the list.
    """
    table = compile_table(THREE, hit=hit, outputs=outputs)

    for value, (answer, row) in ((15, at_15), (25, at_25), (35, at_35)):
        assert ({"answer": answer}, (row,)) == ask(table, value)
    assert ({}, ()) == ask(table, 10)


@pytest.mark.parametrize(
    ("hit", "answers", "rows"),
    [
        ("COLLECT", ("high", "low", "middle"), ("R1", "R2", "R3")),
        ("RULE ORDER", ("high", "low", "middle"), ("R1", "R2", "R3")),
        ("OUTPUT ORDER", ("low", "middle", "high"), ("R2", "R3", "R1")),
    ],
)
def test_all_rows_answer(compile_table, hit, answers, rows):
    """
    COLLECT and RULE ORDER list outcomes as the rows stand, OUTPUT ORDER by the list of outputs.
    """
    table = compile_table(THREE, hit=hit, outputs=RANKED)

    assert ({"answer": answers}, rows) == ask(table, 35)
    assert ({"answer": ()}, ()) == ask(table, 0)


@pytest.mark.parametrize(
    ("aggregate", "folded"), [("SUM", "4.30"), ("MIN", "0.20"), ("MAX", "3"), ("COUNT", "3")]
)
def test_aggregates(compile_table, aggregate, folded):
    """
    COLLECT folds the numbers of the rows that match, exactly; nothing matched is 0 rows and no number.
    """
    table = compile_table(NUMBERS, hit="COLLECT", outputs="{fee: number}", more=f"aggregate: {aggregate}")
    nothing = {"fee": Decimal(0)} if aggregate == "COUNT" else {}

    assert ({"fee": Decimal(folded)}, ("R1", "R2", "R3")) == ask(table, 31)
    assert (nothing, ()) == ask(table, 1)


def test_unique_refuses_two_rows(compile_table):
    """
    An overlap in a UNIQUE table is an error that names the rows, not a tie.
    """
    table = compile_table(THREE, hit="UNIQUE")

    with pytest.raises(HitPolicyError) as refused:
        ask(table, 25)

    assert ("t", ("R1", "R2")) == (refused.value.table, refused.value.rows)
    assert ({"answer": "high"}, ("R1",)) == ask(table, 15)


def test_any_needs_agreement(compile_table):
    """
    Rows of an ANY table may match together when they say the same; all of them are evidence.
    """
    rows = (
        '{id: R1, when: {order.value: "> 10"}, then: {answer: "yes"}}',
        '{id: R2, when: {order.value: "> 20"}, then: {answer: "yes"}}',
        '{id: R3, when: {order.value: "> 30"}, then: {answer: "no"}}',
    )
    table = compile_table(rows, hit="ANY")

    assert ({"answer": "yes"}, ("R1", "R2")) == ask(table, 25)
    with pytest.raises(HitPolicyError, match="`R1`, `R2`, `R3`: rows of an ANY table disagree"):
        ask(table, 35)


def test_priority_among_equals_takes_the_first_row(compile_table):
    """
    Priorities of several outputs count from the left; among equals the file's order decides.
    """
    rows = (
        "{id: R1, then: {answer: low, second: late}}",
        "{id: R2, then: {answer: low, second: soon}}",
        "{id: R3, then: {answer: low, second: soon}}",
    )
    table = compile_table(rows, hit="PRIORITY", outputs="{answer: [low], second: [soon, late]}")

    assert ({"answer": "low", "second": "soon"}, ("R2",)) == ask(table, 0)


def test_the_default_answers_when_no_row_does(compile_table):
    """
    `default` is a row of last resort, for single and for multiple hits.
    """
    for hit, expected in (("UNIQUE", "none"), ("COLLECT", ("none",))):
        table = compile_table(
            THREE[:1], hit=hit, more='default: {then: {answer: none}, because: "at {order.value}"}'
        )

        assert ({"answer": expected}, ("default",)) == ask(table, 1)
        assert ("at 1",) == evaluate(table, {"order.value": 1}).reasons


def test_outputs_a_row_leaves_open_are_absent(compile_table):
    """
    A row may give some outputs only; lists of several rows stay in step, with null for what is open.
    """
    rows = ("{id: R1, then: {answer: a}}", "{id: R2, then: {fee: 2}}")
    outputs = "{answer: text, fee: number}"

    assert ({"answer": "a"}, ("R1",)) == ask(compile_table(rows, outputs=outputs), 0)
    assert {"answer": ("a", None), "fee": (None, Decimal(2))} == ask(
        compile_table(rows, hit="COLLECT", outputs=outputs), 0
    )[0]
