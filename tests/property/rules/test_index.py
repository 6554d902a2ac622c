"""The index finds what a look at every row finds."""

from datetime import date, timedelta
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from rules import FactField, FactSchema, FactType, HitPolicyError, compile_ruleset, evaluate
from rules.feel import YearMonthDuration, written

FIELDS = (
    FactField("n", FactType.NUMBER, is_optional=True),
    FactField("m", FactType.NUMBER),
    FactField("t", FactType.TEXT, is_optional=True),
    FactField("b", FactType.BOOLEAN),
    FactField("d", FactType.DATE),
    FactField("w", FactType.DAYS_DURATION),
    FactField("y", FactType.MONTHS_DURATION),
)
SCHEMA = FactSchema("1", FIELDS)
NUMBERS = st.sampled_from([Decimal(i) for i in range(-2, 4)] + [Decimal("0.5"), Decimal("1.50")])
VALUES = {
    "n": NUMBERS,
    "m": NUMBERS,
    "t": st.sampled_from(["", "x", "y", "X", "x "]),
    "b": st.booleans(),
    "d": st.sampled_from([date(2026, 1, 1) + timedelta(days=i) for i in range(5)]),
    "w": st.sampled_from([timedelta(hours=12 * i) for i in range(5)]),
    "y": st.sampled_from([YearMonthDuration(i) for i in range(5)]),
}
CONSTRUCTORS = {"d": "date", "w": "duration", "y": "duration"}
SIGNS = st.sampled_from(["<", "<=", ">", ">=", "", "!="])


def literal(name, value):
    """A value of a column as a cell writes it."""
    text = written(value)
    quoted = text if text.startswith('"') else f'"{text}"'
    return f"{CONSTRUCTORS[name]}({quoted})" if name in CONSTRUCTORS else text


def cells(name):
    """Cells of a column: comparisons, ranges, lists, their negation, null, other facts."""
    values = VALUES[name].map(lambda value: literal(name, value))
    listed = st.lists(values, min_size=1, max_size=3).map(", ".join)
    kinds = [st.sampled_from(["-", "null", "not(null)"]), listed, listed.map("not({})".format)]
    if name not in ("t", "b"):
        sign = st.builds("{} {}".format, SIGNS, values)
        stretch = ranges(name)
        kinds += [
            sign,
            st.lists(sign, min_size=2, max_size=2).map(", ".join),
            stretch,
            stretch.map("not({})".format),
        ]
    if name in ("n", "m"):
        kinds.append(st.just("> m"))
    return st.one_of(kinds)


def ranges(name):
    """`[1..2)`."""
    ends = st.tuples(VALUES[name], VALUES[name]).map(sorted)
    return st.builds(
        lambda opening, both, closing: (
            f"{opening}{literal(name, both[0])}..{literal(name, both[1])}{closing}"
        ),
        st.sampled_from("[("),
        ends,
        st.sampled_from("])"),
    )


@st.composite
def tables(draw):
    """A policy file with one table of up to twelve rows."""
    names = draw(st.lists(st.sampled_from(list(VALUES)), min_size=1, max_size=4, unique=True))
    hit = draw(
        st.sampled_from(["UNIQUE", "ANY", "FIRST", "PRIORITY", "COLLECT", "RULE ORDER", "OUTPUT ORDER"])
    )
    rows = ""
    for place in range(draw(st.integers(1, 12))):
        when = ", ".join(f"{name}: '{draw(cells(name))}'" for name in names)
        answer = draw(st.sampled_from("abc"))
        rows += f"      - {{id: R{place}, when: {{{when}}}, then: {{answer: {answer}}}}}\n"
    inputs = ", ".join(dict.fromkeys((*names, "m")))
    return (
        "policy: p\nversion: 1.0.0\nowner: o\neffective: 2026-01-01\n"
        f"tables:\n  - name: t\n    stage: review\n    hit: {hit}\n    inputs: [{inputs}]\n"
        f"    outputs: {{answer: [b, c, a]}}\n    rows:\n{rows}"
    )


FACTS = st.fixed_dictionaries(
    {name: st.none() | values if name in ("n", "t") else values for name, values in VALUES.items()}
)


def linear(table, facts):
    """Every row, every cell; DMN 1.3, section 8.2.8."""
    found = [row for row in table.rows if all(c.tests.matches(facts[c.fact], facts) for c in row.cells)]
    place = {row.id: i for i, row in enumerate(table.rows)}
    ranked = sorted(found, key=lambda row: ("bca".index(row.outcome["answer"]), place[row.id]))
    match table.hit.value:
        case "UNIQUE" if len(found) > 1:
            return "error"
        case "ANY" if len({row.outcome["answer"] for row in found}) > 1:
            return "error"
        case "FIRST":
            found = found[:1]
        case "PRIORITY":
            found = ranked[:1]
        case "OUTPUT ORDER":
            found = ranked
    return tuple(row.id for row in found)


def indexed(table, facts):
    """What the engine says."""
    try:
        return evaluate(table, facts).determining_rows
    except HitPolicyError:
        return "error"


@settings(max_examples=200, deadline=None)
@given(tables(), st.lists(FACTS, min_size=1, max_size=12))
def test_the_index_agrees_with_a_linear_scan(text, facts):
    """
    For every hit policy, type, kind of cell and absent value.
    """
    table = compile_ruleset({"p.yaml": text}, SCHEMA).tables[0]

    for given_facts in facts:
        assert linear(table, given_facts) == indexed(table, given_facts)
