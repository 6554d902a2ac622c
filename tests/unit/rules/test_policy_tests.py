"""Tests that stand in policy files: what they say when they fail, and which rows they reach."""

from datetime import date

import pytest

from rules import CompileError, compile_ruleset, run_tests

ROWS = (
    '{id: R1, when: {order.value: "> 100"}, then: {answer: ask, fee: 5}}',
    '{id: R2, when: {order.value: "(10..100]"}, then: {answer: look}}',
)
OUTPUTS = "{answer: text, fee: number}"


@pytest.fixture(scope="module")
def report(schema, header, table_text):
    def run(tests, *, below="", **settings):
        settings = {"outputs": OUTPUTS, "more": "default: {then: {answer: go}}", **settings}
        lines = "".join(f"  - {test}\n" for test in tests)
        text = header + table_text(ROWS, **settings) + (f"tests:\n{lines}" if tests else "") + below
        return run_tests(compile_ruleset({"p.yaml": text}, schema))

    return run


def test_coverage_counts_rows_that_passing_tests_reach(report):
    """
    Rows and the default; a test that fails reaches nothing.
    """
    first = "{given: {order.value: 101}, expect: {t: {answer: ask}}, rows: [R1]}"
    wrong = "{given: {order.value: 50}, expect: {t: {answer: ask}}}"
    last = "{given: {order.value: 1}, expect: {t: {answer: go}}, rows: [default]}"

    found = report([first, wrong, last])

    assert (2, 1, False) == (found.passed, len(found.failures), found.is_covered)
    assert [("t", 3, 2, ("R2",))] == [(c.table, c.rows, c.covered, c.uncovered) for c in found.coverage]
    assert report([first, wrong.replace("ask", "look"), last]).is_covered
    assert not report([]).is_covered


def test_a_failure_says_what_came_out_and_why(report):
    """
    Expected, got, and the row that answered, at the place of the test.
    """
    found = report(["{given: {order.value: 101}, expect: {t: {answer: go, fee: 6}}}"])

    assert ("p.yaml:16:5: table `t`: expected answer go, fee 6, got answer ask, fee 5 from row R1") == str(
        found.failures[0]
    )


def test_the_wrong_row_is_a_failure(report):
    """
    The right outcome for another reason is a failure too.
    """
    found = report(["{given: {order.value: 101}, expect: {t: {answer: ask}}, rows: [R2]}"])

    assert ["expected row R2, got row R1"] == [failure.problem for failure in found.failures]


def test_a_test_names_the_outputs_it_cares_for(report):
    """
    Outputs that are not named may be anything; an output that is absent is null.
    """
    assert 1 == report(["{given: {order.value: 101}, expect: {t: {answer: ask}}}"]).passed
    assert 1 == report(["{given: {order.value: 50}, expect: {t: {fee: null}}}"]).passed


def test_lists_are_expected_of_tables_that_collect(report):
    """
    COLLECT gives lists, in step with the rows.
    """
    test = "{given: {order.value: 101}, expect: {t: {answer: [ask], fee: [5]}}, rows: [R1]}"

    assert 1 == report([test], hit="COLLECT").passed
    assert "expected answer [ask, ask]" in str(
        report([test.replace("[ask]", "[ask, ask]")], hit="COLLECT").failures[0]
    )


def test_a_given_fact_must_be_whole(report):
    """
    A test that forgets a fact fails and says which.
    """
    assert "fact `order.value`: missing" in str(
        report(["{given: {}, expect: {t: {answer: go}}}"]).failures[0]
    )


WAIVER = "waivers:\n  - {table: t, row: R2, by: ada.lind, until: 2026-12-31, reason: no such order yet}\n"


def test_a_waiver_excuses_a_row_until_its_day(report):
    """
    A row without a test keeps the set from being published, unless somebody answers for it.
    """
    tests = [
        "{given: {order.value: 101}, expect: {t: {answer: ask}}}",
        "{given: {order.value: 1}, expect: {t: {answer: go}}}",
    ]

    assert ("t R2",) == report(tests).open_on(date(2026, 12, 1))
    assert () == report(tests, below=WAIVER).open_on(date(2026, 12, 31))
    assert ("t R2",) == report(tests, below=WAIVER).open_on(date(2027, 1, 1))
    assert not report(tests, below=WAIVER).is_covered


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("table: t", "table: tt", "unknown table `tt`; did you mean `t`"),
        ("row: R2", "row: R3", "no row `R3` in table `t`"),
        ("by: ada.lind", "by: Ada Lind", "`Ada Lind` is no account name"),
        ("until: 2026-12-31", "until: soon", "`soon` is not a day"),
        (", reason: no such order yet", "", "a waiver: `reason` is missing"),
    ],
)
def test_a_waiver_is_whole(report, old, new, message):
    """
    Row, person, day and reason: one of them missing or wrong is refused.
    """
    with pytest.raises(CompileError, match=message):
        report([], below=WAIVER.replace(old, new))
