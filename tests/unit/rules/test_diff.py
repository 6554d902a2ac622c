"""What changed between two rulesets: rows and thresholds, and for which facts the answer changes."""

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules import ChangeKind, compile_ruleset, diff_rulesets, evaluate

ROWS = (
    '{id: R1, when: {order.value: "> 100000"}, then: {answer: finance}}',
    '{id: R2, when: {order.value: "> 25000"}, then: {answer: manager}}',
    "{id: R9, then: {answer: go}}",
)


@pytest.fixture(scope="module")
def diff(schema, header, table_text):
    def run(old, new, *, new_head="", **settings):
        files = [header + table_text(old, **settings), header + new_head + table_text(new, **settings)]
        before, after = (compile_ruleset({"p.yaml": text}, schema) for text in files)
        return diff_rulesets(before, after)

    return run


def changed(rows, old, new):
    return tuple(row.replace(old, new) for row in rows)


def test_a_threshold_moves(diff):
    """
    One condition changed, and the stretch in which the answer is another, with an example.
    """
    condition, answer = diff(ROWS, changed(ROWS, "100000", "120000"))

    assert "t R1: order.value `> 100000` -> `> 120000`" == str(condition)
    assert "for order.value in (100000..120000]: answer finance -> answer manager" == answer.message
    assert Decimal(100_000) < answer.witness["order.value"] <= Decimal(120_000)


def test_a_threshold_becomes_closed(diff):
    """
    `>` to `>=` changes the answer of a single amount.
    """
    _, answer = diff(ROWS, changed(ROWS, "> 25000", ">= 25000"))

    assert "t: for order.value = 25000: answer go -> answer manager; for example order.value = 25000" == str(
        answer
    )


def test_rows_come_and_go(diff):
    """
    A row that is new is described; one that changes no answer says so by silence.
    """
    new = '{id: R3, when: {order.value: "> 50000"}, then: {answer: manager}}'

    (added,) = diff(ROWS, (*ROWS[:2], new, ROWS[2]))

    assert (ChangeKind.ROW, "row added: order.value > 50000: answer manager") == (added.kind, added.message)
    removed, answer = diff(ROWS, (ROWS[0], ROWS[2]))
    assert "t R2: row removed: order.value > 25000: answer manager" == str(removed)
    assert "for order.value in (25000..100000]: answer manager -> answer go" == answer.message


def test_order_and_reasons(diff):
    """
    Rows in another order may change answers; another reason changes none.
    """
    order, answer = diff(ROWS, (ROWS[1], ROWS[0], ROWS[2]))

    assert (ChangeKind.ORDER, ChangeKind.ANSWER) == (order.kind, answer.kind)
    assert "for order.value > 100000: answer finance -> answer manager" == answer.message
    (reason,) = diff(ROWS, changed(ROWS, "{answer: go}}", "{answer: go}, because: fine}"))
    assert "t R9: another reason is given" == str(reason)


def test_outcomes_hit_policies_tables_and_facts(diff):
    """
    Every part of a policy set that changed has its own line.
    """
    fact = 'facts:\n  - {name: d, type: number, expression: "1"}\n'

    kinds = [change.kind for change in diff(ROWS, changed(ROWS, "answer: go", "answer: wait"), new_head=fact)]

    assert [ChangeKind.DERIVED_FACT, ChangeKind.OUTCOME, ChangeKind.ANSWER] == kinds
    assert () == diff(ROWS, ROWS)


def test_tables_are_added_and_removed(schema, header, table_text):
    """
    A table of another name is another table.
    """
    before, after = (
        compile_ruleset({"p.yaml": header + table_text(ROWS, name=name)}, schema) for name in ("a", "b")
    )

    assert ["a: table removed, 3 rows", "b: table added, 3 rows"] == [
        str(c) for c in diff_rulesets(before, after)
    ]


def test_two_inputs_give_a_region(diff):
    """
    The region names only the inputs that matter.
    """
    rows = (
        "{id: R1, when: {order.value: '> 1000', item.abc: '\"A\"'}, then: {answer: ask}}",
        "{id: R9, then: {answer: go}}",
    )

    _, answer = diff(rows, changed(rows, "> 1000", "> 500"), inputs="order.value, item.abc, order.is_rush")

    assert 'for order.value in (500..1000] and item.abc = "A": answer go -> answer ask' == answer.message


def test_regions_of_texts_and_booleans(diff):
    """
    What is left of a text is `not(...)`, of a boolean its other value.
    """
    rows = (
        '{id: R1, when: {item.abc: \'"A"\', order.is_rush: "true"}, then: {answer: ask}}',
        "{id: R2, when: {item.abc: '\"A\"'}, then: {answer: look}}",
        "{id: R9, then: {answer: go}}",
    )

    answers = [
        c.message
        for c in diff(rows, changed(rows, "answer: go", "answer: wait"), inputs="item.abc, order.is_rush")
    ]
    assert 'for item.abc not("A"): answer go -> answer wait' in answers
    answers = [
        c.message
        for c in diff(rows, changed(rows, "answer: look", "answer: see"), inputs="item.abc, order.is_rush")
    ]
    assert 'for item.abc = "A" and order.is_rush = false: answer look -> answer see' in answers


LIMITS = st.lists(st.integers(0, 9), min_size=3, max_size=3)


@settings(max_examples=60, deadline=None)
@given(LIMITS, LIMITS, st.permutations(range(3)))
def test_every_changed_answer_is_told_and_no_other(diff, schema, header, table_text, old, new, order):
    """
    The witness of each change does change, and a fact whose answer changes lies in a told change.
    """
    names = ("finance", "manager", "clerk")
    texts = [
        tuple(
            f'{{id: R{i}, when: {{order.value: "> {limits[i]}"}}, then: {{answer: {names[i]}}}}}'
            for i in places
        )
        for limits, places in ((old, range(3)), (new, order))
    ]
    tables = [compile_ruleset({"p.yaml": header + table_text(rows)}, schema).tables[0] for rows in texts]

    def answers(value):
        said = [evaluate(table, {"order.value": value}).outcome.get("answer") for table in tables]
        return tuple(f"answer {one}" if one else "no answer" for one in said)

    told = [c for c in diff(*texts) if c.kind is ChangeKind.ANSWER]

    for change in told:
        before, after = answers(change.witness["order.value"])
        assert before != after
        assert change.message.endswith(f": {before} -> {after}")
    for value in range(11):
        before, after = answers(value)
        assert before == after or any(c.message.endswith(f": {before} -> {after}") for c in told)
