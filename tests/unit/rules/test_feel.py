"""The expression language: values of DMN 1.3, three-valued logic, sets of a cell, bounds."""

import random
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.feel import (
    EffortError,
    FeelError,
    FeelType,
    Interval,
    MissingNameError,
    YearMonthDuration,
    parse_expression,
    parse_unary_tests,
)
from rules.feel.inference import infer_type
from rules.feel.parser import parse_expression_tree


def value_of(text, **scope):
    return parse_expression(text).evaluate(scope)


def number(text):
    return Decimal(str(text))


VALUES = {
    "10+5": 15, "-10--5": -5, "(10+20)/0": None, "10**-5": "0.00001", "5+2**(5+3)": 261, "10+null": None,
    "10 + 20 / -5 - 3": 3, "1.2*10**3": 1200, "-2**2": 4, "2**3**2": 64, "10**7000": None,
    "1/3": "0.3333333333333333333333333333333333", "modulo(-10, 3)": 2, "modulo(10, -3)": -2, "modulo(1, 0)": None,
    "decimal(2.5, 0)": 2, "decimal(3.5, 0)": 4, "round half up(2.5, 0)": 3, "floor(-1.5)": -2, "ceiling(-1.5)": -1,
    "round up(1.121, 2)": "1.13", "abs(-3)": 3, "sqrt(16)": 4, "sqrt(-1)": None, "count([1, 2])": 2,
    "min(3, 1, 2)": 1, "max([])": None, "sum([1, 2])": 3, "mean(1, 2)": "1.5", "median([8, 2, 5, 3])": 4,
    "product([2, 3])": 6, "stddev([2, 4, 7, 5])": "2.081665999466132735282297706979931", "count(7)": 1,
    'string length("横綱")': 2, 'number("1 000,5", " ", ",")': "1000.5", 'number("x")': None,
    "[1, 2, 3][-1]": 3, "[1, 2, 3][4]": None, "count([1, 2, 3][item > 1])": 2, "{a: 1, b: a + 1}.b": 2,
    "(function(x, y) x * y)(y: 2, x: 3)": 6, "sum(for i in 1..3 return i * i)": 14, "sum(for i in 3..1, j in [1] return i)": 6,
    'date("2026-11-24").weekday': 2, 'duration("P1DT2H").hours': 2, "index of([1, 2, 1], 1)[2]": 3,
    'day of year(date("2026-02-01"))': 32, "if null then 1 else 2": 2,
}  # fmt: skip


@pytest.mark.parametrize("text", VALUES)
def test_numbers(text):
    """
    Numbers are decimal128; what has no value is null.
    """
    expected = VALUES[text]

    assert (None if expected is None else number(expected)) == value_of(text)


OTHERS = {
    '"a" + "b"': "ab", 'substring("foobar", 3)': "obar", 'substring("foobar", -2, 1)': "a", 'substring("foobar", 9)': None,
    'substring before("foobar", "bar")': "foo", 'substring after("foobar", "ob")': "ar", 'upper case("aé")': "AÉ",
    'contains("foobar", "ob")': True, 'starts with("foobar", "fo")': True, "string(1.10)": "1.10", "string(null)": None,
    'string join(["a", null, "b"], "-")': "a-b", '"\\u0041\\n\\""': 'A\n"',
    '1 = "1"': None, "null = null": True, "1 = null": False, "1 != null": True, "1 < null": None, "1.0 = 1": True,
    "[1, 2] = [1, 2]": True, "{a: 1} = {a: 1.0}": True, "true and null": None, "false and null": False, "true or null": True,
    "not(null)": None, "5 in [1..10]": True, "5 in (1..5)": False, "5 in (<3, 5)": True, "5 between 1 and 5": True,
    "some x in [1, 2] satisfies x > 1": True, "every x in [] satisfies x > 1": True, "1 instance of number": True,
    "list contains([1, null], null)": True, 'distinct values([1, 1.0, "1"])': (Decimal(1), "1"),
    'date("2026-01-31") + duration("P1M")': date(2026, 2, 28), 'date("2026-02-30")': None,
    'date("9999-12-31") + duration("P1D")': None, '@"P1Y2M" * 2': YearMonthDuration(28),
    'date("2026-11-24") - date("2026-11-20")': timedelta(days=4), 'time("23:00:00") + duration("PT2H")': time(1),
    'date and time("2026-11-24T10:00:00Z")': datetime(2026, 11, 24, 10, tzinfo=UTC),
    'date and time("2026-11-24T10:00:00Z") < date and time("2026-11-24T10:00:00")': None,
    'years and months duration(date("2025-12-24"), date("2026-11-23"))': YearMonthDuration(10),
    'string(duration("-PT90M"))': "-PT1H30M", "append([1], 2)": (Decimal(1), Decimal(2)), "flatten([[1], [[2]]])": (Decimal(1), Decimal(2)),
}  # fmt: skip


@pytest.mark.parametrize("text", OTHERS)
def test_other_values(text):
    """
    Texts, logic, lists, dates and durations.
    """
    assert OTHERS[text] == value_of(text)
    assert type(OTHERS[text]) is type(value_of(text))


def test_dots_belong_to_the_name_or_lead_into_it():
    """
    `order.value` is a fact of that name, or the component of a context.
    """
    assert Decimal(2) == value_of("order.value * 2", **{"order.value": Decimal(1)})
    assert Decimal(2) == value_of("order.value * 2", order={"value": Decimal(1)})
    assert {"order.value"} == parse_expression("order.value > 1").names
    assert Decimal(1) == value_of("d.year - 2025", d=date(2026, 1, 1))


def test_names_with_blanks_and_signs():
    """
    The longest known name wins.
    """
    expression = parse_expression("Net - Value+1", ["Net - Value", "Net"])

    assert Decimal(4) == expression.evaluate({"Net - Value": Decimal(3)})


def test_a_name_without_a_value_is_an_error():
    """
    Never null, never false.
    """
    with pytest.raises(MissingNameError) as missing:
        value_of("1 + order.value")

    assert ("order.value", 4) == (missing.value.name, missing.value.offset)


def test_numbers_are_decimals_only():
    """
    An int or a float is refused where it is met.
    """
    for wrong in (1, 1.5):
        with pytest.raises(FeelError, match="Decimal"):
            value_of("x > 1", x=wrong)
        with pytest.raises(FeelError, match="Decimal"):
            parse_unary_tests("> 1", FeelType.NUMBER).matches(wrong)


N, T, B, D = FeelType.NUMBER, FeelType.TEXT, FeelType.BOOLEAN, FeelType.DATE
CELLS = [
    ("> 100000", N, Decimal("100000.01"), Decimal(100000)), ('"A", "B"', T, "B", "C"), ('not("A")', T, "B", "A"),
    ("[1..5)", N, Decimal(1), Decimal(5)), ("]1..5]", N, Decimal(5), Decimal(1)), ("]1..5[", N, Decimal(4), Decimal(5)),
    ("(1..5)", N, Decimal(2), Decimal(1)), ("<1, >5", N, Decimal(6), Decimal(5)), ("not(<1, [3..5])", N, Decimal(2), Decimal(4)),
    ("true", B, True, False), ("? > 3 and ? < 5", N, Decimal(4), Decimal(5)), ("!= 3", N, Decimal(4), Decimal(3)),
    ('>= date("2026-01-01")', D, date(2026, 1, 1), date(2025, 12, 31)), ("< limit * 2", N, Decimal(3), Decimal(4)),
    ("null", N, None, Decimal(1)), ("-5", N, Decimal(-5), Decimal(5)), ("limit", N, Decimal(2), Decimal(3)),
    ("not(null)", N, Decimal(1), None), ("> 5", N, Decimal(6), None), ('starts with(?, "EU")', T, "EU-1", "US-1"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "kind", "inside", "outside"), CELLS)
def test_cells(text, kind, inside, outside):
    """
    A cell accepts what it says and nothing else; null passes only where it is named.
    """
    cell = parse_unary_tests(text, kind)

    assert cell.matches(inside, {"limit": Decimal(2)})
    assert not cell.matches(outside, {"limit": Decimal(2)})


@pytest.mark.parametrize("text", ["-", "", "  "])
def test_the_empty_cell_accepts_everything(text):
    """
    Also null.
    """
    cell = parse_unary_tests(text, N)

    assert cell.is_any
    assert cell.matches(None)
    assert (Interval(),) == cell.intervals()


def test_sets_of_a_cell():
    """
    Intervals are disjoint and ascending; values and exclusions are sets; computed cells are neither.
    """
    merged = parse_unary_tests("[3..5], < 1, (4..9)", N).intervals()

    assert (Interval(high=Decimal(1)), Interval(Decimal(3), Decimal(9), low_closed=True)) == merged
    assert {"A", "B"} == parse_unary_tests('"A", "B"', T).values()
    assert {"A"} == parse_unary_tests('not("A")', T).excluded()
    assert None is parse_unary_tests("> limit", N).intervals()


STEP = st.integers(-4, 4).map(Decimal)
PIECE = st.one_of(
    st.tuples(st.sampled_from(["<", "<=", ">", ">=", "!=", ""]), STEP).map(lambda t: f"{t[0]}{t[1]}"),
    st.tuples(st.sampled_from("[("), STEP, STEP, st.sampled_from("])")).map(
        lambda t: f"{t[0]}{t[1]}..{t[2]}{t[3]}"
    ),
)


@given(st.lists(PIECE, min_size=1, max_size=4), st.booleans(), st.integers(-10, 10))
def test_intervals_say_what_the_cell_says(pieces, negated, halves):
    """
    For every cell and value: inside some interval exactly when the cell matches.
    """
    text = ", ".join(pieces)
    cell = parse_unary_tests(f"not({text})" if negated else text, N)
    point = Decimal(halves) / 2
    inside = any(
        (one.low is None or point > one.low or (point == one.low and one.low_closed))
        and (one.high is None or point < one.high or (point == one.high and one.high_closed))
        for one in cell.intervals()
    )

    assert cell.matches(point) == inside


@given(st.text(max_size=40) | st.text('()[]{}.,:?@-+*/<>=!"\\ ab1e', max_size=60))
def test_any_text_is_read_or_refused(text):
    """
    Nothing but `FeelError`, and the place lies within the text.
    """
    for parse in (parse_expression, lambda one: parse_unary_tests(one, N)):
        assert 0 <= place_of_refusal(parse, text) <= len(text)


def place_of_refusal(parse, text):
    try:
        parse(text)
    except FeelError as error:
        return error.offset
    return 0


BOMBS = [
    "(" * 5_000 + "1" + ")" * 5_000, "[" * 5_000, "-" * 5_000 + "1", "+".join(["1"] * 5_000), "1" * 30_000,
    "not(" * 300 + "true" + ")" * 300, "1e999999999", "x" * 300, "if " * 200, "{a:" * 100, '"' + "x" * 25_000 + '"',
]  # fmt: skip


@pytest.mark.parametrize("text", BOMBS)
def test_bombs_are_refused(text):
    """
    Depth, length, chains and exponents are bounded before anything is evaluated.
    """
    with pytest.raises(FeelError):
        parse_expression(text)


@pytest.mark.parametrize(
    "text",
    [
        "for i in 1..1000000000 return i",
        "for i in 1..2000, j in 1..2000 return i",
        "{f: function(g, n) g(g, n + 1), r: f(f, 1)}.r",
        "some i in 1..1000000000 satisfies i < 0",
    ],
)
def test_effort_is_limited(text):
    """
    Iterations and recursion end with a typed error, not with the machine.
    """
    with pytest.raises(EffortError):
        value_of(text)


@pytest.mark.parametrize(
    ("text", "kind"), [('> "9"', N), ("> 9", T), ("5", B), ("< true", B), ('"2026-01-01"', D), ("[1..5]", T)]
)
def test_a_cell_of_another_type_is_refused(text, kind):
    """
    It would never match; the author is told when the file is read.
    """
    with pytest.raises(FeelError):
        parse_unary_tests(text, kind)


@pytest.mark.parametrize(
    "text", ["1 +", "a b", "[1, 2", 'f("', "now()", "1..", "date(1,2,3,4)", "x.", "matches(a, b)", "a\u200bb"]
)
def test_mistakes_are_refused(text):
    """
    Wrong grammar, wrong arity, an unreadable character.
    """
    with pytest.raises((FeelError, MissingNameError)):
        value_of(text)


@pytest.mark.parametrize(
    "text", ['v > "9"', "v + t", "v and b", "-t", "if v then 1 else 2", "d - v", "b < b"]
)
def test_types_that_never_meet_are_refused(text):
    """
    Found from the types of the facts, before there is a fact.
    """
    types = {"v": N, "t": T, "b": B, "d": D}

    with pytest.raises(FeelError):
        infer_type(parse_expression_tree(text, ()), types)


def test_decimal_sums_do_not_depend_on_order():
    """
    Money adds up exactly whatever the order.
    """
    amounts = [Decimal(cents) / 100 for cents in range(-50, 200)]
    shuffled = random.Random(1).sample(amounts, len(amounts))

    assert value_of("sum(x)", x=tuple(amounts)) == value_of("sum(x)", x=tuple(shuffled))
