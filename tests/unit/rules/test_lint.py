"""Single findings: what each says, where it points, and what the check refuses to guess."""

from dataclasses import replace
from decimal import Decimal

import pytest

from rules import FindingKind, check_ruleset, compile_ruleset

RISKS = (
    '{id: R1, when: {order.value: "<= 1500"}, then: {answer: go, role: boss}}',
    '{id: R2, when: {order.value: ">= 1500.01"}, then: {answer: ask, role: boss}}',
)
OUTPUTS = "{answer: [go, ask], role: text}"


@pytest.fixture(scope="module")
def check(schema, charter, table_text):
    def run(rows, *, head="policy: p\nversion: 1.0.0\nowner: boss\neffective: 2026-01-01\n", **settings):
        files = {"p.yaml": head + table_text(rows, **{"outputs": OUTPUTS, **settings})}
        return check_ruleset(compile_ruleset(files, schema), charter)

    return run


def test_the_hole_between_two_thresholds(check):
    """
    1,500 and 1,500.01: one finding, with the amount that nobody answers for, and not a gap besides.
    """
    (found,) = check(RISKS, hit="UNIQUE")

    assert (FindingKind.THRESHOLD_HOLE, ("R1", "R2")) == (found.kind, found.rows)
    assert {"order.value": Decimal("1500.005")} == dict(found.witness)
    assert (
        "p.yaml:12:14: THRESHOLD_HOLE: `t`: order.value 1,500.005 falls between rows `R1` and `R2`; for example "
        "order.value = 1500.005; let one row end exactly where the other begins, one of them including the threshold"
    ) == str(found)


def test_a_hole_behind_a_catch_all_is_a_hole(check):
    """
    The last row answers for 1,500.005, and nobody meant it to.
    """
    rows = (*RISKS, "{id: R9, then: {answer: ask, role: boss}}")

    assert [FindingKind.THRESHOLD_HOLE] == [finding.kind for finding in check(rows)]


@pytest.mark.parametrize(
    ("end", "start"),
    [("< 1500", ">= 1500.01"), ("<= 1500", "> 1500.01"), ("< 1500", "> 1500.01"), ("< 1500", "> 1500")],
)
def test_holes_with_their_ends(check, end, start):
    """
    The hole may hold one threshold, the other, or both.
    """
    rows = (
        f'{{id: R1, when: {{order.value: "{end}"}}, then: {{answer: go, role: boss}}}}',
        f'{{id: R2, when: {{order.value: "{start}"}}, then: {{answer: ask, role: boss}}}}',
    )

    for catch_all in ((), ("{id: R9, then: {answer: ask, role: boss}}",)):
        assert [FindingKind.THRESHOLD_HOLE] == [found.kind for found in check((*rows, *catch_all))]


@pytest.mark.parametrize("text", ["order.value: '<= 1500'", "order.value: '< 1500.01'"])
def test_thresholds_that_meet_are_no_hole(check, text):
    """
    One row ends where the next begins.
    """
    start = ">" if "<=" in text else ">="
    limit = text.rstrip("'").split()[-1]
    rows = (
        f"{{id: R1, when: {{{text}}}, then: {{answer: go, role: boss}}}}",
        f"{{id: R2, when: {{order.value: '{start} {limit}'}}, then: {{answer: ask, role: boss}}}}",
    )

    assert () == check(rows, hit="UNIQUE")


def test_a_default_closes_gaps(check):
    """
    With `default` nothing is left out; COLLECT tables may leave facts unanswered.
    """
    one, outputs = RISKS[:1], "{answer: text, role: text}"
    closed = "default: {then: {answer: ask, role: boss}}"

    assert [FindingKind.GAP] == [finding.kind for finding in check(one, hit="UNIQUE", outputs=outputs)]
    assert () == check(one, hit="UNIQUE", outputs=outputs, more=closed)
    assert () == check(one, hit="COLLECT", outputs=outputs)


def test_ranges_of_the_schema_close_gaps(check):
    """
    A risk lies between 0 and 1 or is absent: rows that cover just that cover everything.
    """
    rows = (
        '{id: R1, when: {supplier.risk: "< 0.5"}, then: {answer: go, role: boss}}',
        '{id: R2, when: {supplier.risk: ">= 0.5"}, then: {answer: ask, role: boss}}',
        '{id: R3, when: {supplier.risk: "null"}, then: {answer: ask, role: boss}}',
    )

    assert () == check(rows, hit="UNIQUE", inputs="supplier.risk")
    (found,) = check(rows[:2], hit="UNIQUE", inputs="supplier.risk")
    assert (FindingKind.GAP, {"supplier.risk": None}) == (found.kind, dict(found.witness))


def test_what_cannot_be_proven_is_said(check):
    """
    A cell that compares two facts hides whether rows overlap or leave a gap: no silence, no guess.
    """
    rows = (
        '{id: R1, when: {order.value: "> order.quantity"}, then: {answer: go, role: boss}}',
        '{id: R2, when: {order.value: "<= order.quantity"}, then: {answer: ask, role: boss}}',
    )

    found = check(rows, hit="UNIQUE")

    assert {FindingKind.NOT_ANALYSED} == {finding.kind for finding in found}
    assert [("R1", "R2"), ()] == sorted((finding.rows for finding in found), reverse=True)


def test_the_owner_answers_for_a_domain(check):
    """
    A release whose owner owns no domain could never be approved.
    """
    head = "policy: p\nversion: 1.0.0\nowner: bos\neffective: 2026-01-01\n"
    rows = ("{id: R1, then: {answer: go, role: boss}}", "{id: R2, then: {answer: ask, role: boss}}")
    found = check(rows, head=head, hit="COLLECT")

    owner = next(finding for finding in found if finding.kind is FindingKind.UNKNOWN_ROLE)
    assert (3, 8) == (owner.where.line, owner.where.column)
    assert "did you mean `boss`?" == owner.fix


def test_computed_roles(check):
    """
    A role that is computed is checked by the values its output allows, or said to be unknown.
    """
    rows = ('{id: R1, when: {order.value: "> 1"}, then: {answer: go, role: "= order.note"}}',)

    assert FindingKind.NOT_ANALYSED in {finding.kind for finding in check(rows, hit="COLLECT")}
    found = check(rows, hit="COLLECT", outputs="{answer: [go], role: [boss, bos]}")
    assert {
        FindingKind.UNKNOWN_ROLE: "row `R1` asks the role `bos`, which the charter does not know",
        FindingKind.NO_VALUE: "row `R1`, output `role`: `x` is not allowed",
    } == {finding.kind: finding.message for finding in found}


def test_joins_that_multiply(schema, charter):
    """
    Two facts tied by no equality: a thousand orders are a million combinations.
    """
    kinds = {"order": schema}
    text = (
        "policy: p\nversion: 1.0.0\nowner: boss\neffective: 2026-01-01\njoins:\n"
        "  - {name: j, stage: conflicts, match: [{a: order}, {b: order}], where: [a.order.value > b.order.value],\n"
        "     then: {conflict: C, precedence: [service_risk], escalate: boss}}\n"
    )

    (found,) = check_ruleset(compile_ruleset({"p.yaml": text}, replace(schema, kinds=kinds)), charter)

    assert FindingKind.JOIN_EXPLOSION is found.kind
    assert "1,000,000 combinations" in found.message


NO_VALUE = {
    "a division by what may be nothing": ("order.value / order.quantity", {"order.quantity": 0}),
    "an absent supplier": ("2 * supplier.risk", {"supplier.risk": None}),
    "a choice that forgets a case": (
        'if item.abc = "A" then 1 else if item.abc = "B" then 2 else null',
        {"item.abc": "C"},
    ),
    "a number that is none": ("number(order.note)", {"order.note": "x"}),
}


@pytest.mark.parametrize("case", NO_VALUE)
def test_derived_facts_without_a_value(check, case):
    """
    One order without a value would fail the whole decision: found before publishing, with that order.
    """
    expression, proof = NO_VALUE[case]
    head = "policy: p\nversion: 1.0.0\nowner: boss\neffective: 2026-01-01\n"
    head += f"facts:\n  - {{name: d, type: number, expression: '{expression}'}}\n"
    rows = (
        "{id: R1, when: {d: '> 1'}, then: {answer: go, role: boss}}",
        "{id: R2, then: {answer: ask, role: boss}}",
    )

    (found,) = check(rows, head=head, inputs="d")

    assert (FindingKind.NO_VALUE, "facts") == (found.kind, found.table)
    assert proof.items() <= found.witness.items()


def test_a_row_that_excludes_the_case_is_no_finding(check):
    """
    The condition of the row keeps the division from being asked; without it the division is a finding.
    """
    rows = (
        "{id: R1, when: {order.quantity: '> 0'}, then: {answer: go, fee: '= order.value / order.quantity', role: boss}}",
        "{id: R2, then: {answer: ask, fee: 0, role: boss}}",
    )
    outputs = "{answer: [go, ask], fee: number, role: text}"

    assert () == check(rows, inputs="order.quantity", outputs=outputs)
    (found,) = check(
        (rows[0].replace("> 0", ">= 0"), rows[1]), inputs="order.quantity", outputs=outputs, hit="COLLECT"
    )
    assert (FindingKind.NO_VALUE, ("R1",), 0) == (found.kind, found.rows, found.witness["order.quantity"])
