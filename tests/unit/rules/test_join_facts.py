"""What crashed, hung or misled the engine, refused by name before it is asked."""

from decimal import Decimal

import pytest

from rules.feel import FeelType
from rules.join_encoding import EncodingError, check_hashes, encode_facts, encode_rule, fnv1a
from rules.join_facts import JoinFact, JoinFactError, read_facts
from rules.join_matcher import JoinLimitError, JoinMatcher
from rules.joins import MOST_ALIASES, MOST_RULES, MOST_TESTS, compile_joins
from rules.schema import FactField, FactSchema
from rules.yaml_reader import read_nodes

ORDER = FactSchema(
    "1",
    (
        FactField("amount", FeelType.NUMBER),
        FactField("limit", FeelType.NUMBER),
        FactField("supplier", FeelType.TEXT),
        FactField("late", FeelType.BOOLEAN),
        FactField("due", FeelType.DATE),
        FactField("slack", FeelType.DAYS_DURATION),
    ),
)
KINDS = {"order": ORDER}


def rules_of(text):
    problems = []
    rules = compile_joins(read_nodes(text, "p.yaml").items, KINDS, problems)
    return rules, problems


def rule(*where, match="[{a: order}, {b: order}]"):
    tests = "\n".join(f"  - '{test}'" for test in where)
    rules, problems = rules_of(
        f"- name: r\n  stage: conflicts\n  match: {match}\n  where:\n{tests}\n  then: {{x: y}}\n"
    )
    assert [] == problems
    return rules[0]


def fact(**fields):
    return {"kind": "order", "id": "o1", **fields}


NESTED = {"a": {}}
for _ in range(500):
    NESTED = {"a": NESTED}

CORPUS = {
    "nothing": [],
    "no fact": None,
    "an object": {"kind": "order"},
    "an empty fact": [{}],
    "numbers": [1, 2, 3],
    "an unknown kind": [{"kind": "nope", "id": "o1"}],
    "no kind": [{"id": "o1"}],
    "an unknown field": [fact(colour="red")],
    "a key of the same hash": [fact(bzxiacvk=1)],
    "a duplicate id": [fact(), fact()],
    "not a number": [fact(amount=float("nan"))],
    "decimal not a number": [fact(amount=Decimal("NaN"))],
    "infinity": [fact(amount=Decimal("Infinity"))],
    "a float": [fact(amount=1e16)],
    "beyond 2**53": [fact(amount=2**53 + 1)],
    "beyond int64": [fact(amount=10**30)],
    "a huge exponent": [fact(amount=Decimal("1e6000"))],
    "a boolean as number": [fact(amount=True)],
    "a text as number": [fact(amount="9")],
    "a number as text": [fact(supplier=5)],
    "a number as boolean": [fact(late=1)],
    "excess decimals": [fact(amount=Decimal("0.0000000001"))],
    "a long text": [fact(supplier="x" * 257)],
    "a text of 10 MB": [fact(supplier="x" * 10_000_000)],
    "an id of 10 MB": [{"kind": "order", "id": "x" * 10_000_000}],
    "a key of 10 MB": [fact(**{"x" * 10_000_000: 1})],
    "300 properties": [fact(**{f"p{at}": 1 for at in range(300)})],
    "deep nesting": [fact(amount=NESTED)],
    "a nested value": [fact(supplier={"name": "x"})],
    "a list value": [fact(supplier=["x"])],
    "an id that is a number": [{"kind": "order", "id": 1}],
    "an id that is null": [{"kind": "order", "id": None}],
    "an id that is an object": [{"kind": "order", "id": {}}],
    "an empty id": [{"kind": "order", "id": ""}],
    "a date that is none": [fact(due="2026-02-30")],
    "a key that is a number": [{"kind": "order", "id": "o1", 5: 1}],
    "too many facts": [fact()] * 50_001,
}


@pytest.mark.parametrize("case", CORPUS)
def test_bad_facts_are_refused_with_their_place(case):
    """
    Every entry of the corpus is a typed refusal that names a field.
    """
    with pytest.raises(JoinFactError) as refusal:
        read_facts(CORPUS[case], KINDS)

    assert refusal.value.field.startswith("facts")
    assert len(str(refusal.value)) < 400


BAD_RULES = {
    "an unknown operator": "'a.amount ~ b.amount'",
    "an unbound reference": "'a.amount = c.amount'",
    "an unknown field": "'a.colour = b.supplier'",
    "a type mismatch": "'a.amount = b.supplier'",
    "a type mismatch with a constant": "'a.amount > \"9\"'",
    "an order of texts": "'a.supplier < b.supplier'",
    "an empty condition": "''",
    "no reference": "'1 = 1'",
    "a list": "[a.amount]",
    "a division between facts": "'a.amount / b.amount > 1'",
    "a product between facts": "'a.amount * b.amount > 1'",
    "a regular expression": "'matches(a.supplier, \"(x+)+$\")'",
    "a disjunction between facts": "'a.amount = 1 or b.amount = 1'",
    "no condition": "'a.amount + 1'",
    "an unterminated text": "'a.supplier = \"x'",
}


@pytest.mark.parametrize("case", BAD_RULES)
def test_bad_tests_are_refused_with_their_place(case):
    """
    A test that the engine would load and misread does not compile.
    """
    text = f"- name: r\n  stage: conflicts\n  match: [{{a: order}}, {{b: order}}]\n  where:\n  - {BAD_RULES[case]}\n  then: {{x: y}}\n"
    rules, problems = rules_of(text)

    assert () == rules
    assert {5} == {problem.where.line for problem in problems}


@pytest.mark.parametrize(
    "text",
    [
        "- name: r\n  stage: conflicts\n  match: [{a: order}, {b: order}]\n  where: []\n  then: {x: y}\n",
        "- name: r\n  stage: conflicts\n  match: [{a: order}, {b: order}]\n  then: {x: y}\n",
        "- name: r\n  stage: conflicts\n  match: [{a: order}]\n  where: [a.late = true]\n  then: {x: y}\n",
        "- name: r\n  stage: conflicts\n  match: [{a: order}, {a: order}]\n  where: [a.late = true]\n  then: {x: y}\n",
        "- name: r\n  stage: conflicts\n  match: [{a: ghost}, {b: order}]\n  where: [b.late = true]\n  then: {x: y}\n",
        "- name: r\n  stage: nowhere\n  match: [{a: order}, {b: order}]\n  where: [b.late = true]\n  then: {x: y}\n",
        "- name: r\n  stage: conflicts\n  match: [{a: order}, {b: order}]\n  where: [b.late = true]\n  then: {}\n",
        "- name: r\n  stage: conflicts\n  match: [{a: order}, {b: order}]\n  where: [b.late = true]\n  then: {x: {y: z}}\n",
        "- [a, b]\n",
        "- 5\n",
    ],
)
def test_bad_shapes_are_refused(text):
    """
    A rule without tests, facts, a stage or a meaning does not compile.
    """
    rules, problems = rules_of(text)

    assert () == rules
    assert problems


def test_limits_of_a_rule_are_refused():
    """
    Too many facts, tests or rules, and two rules of one name.
    """
    aliases = ", ".join(f"{{a{at}: order}}" for at in range(MOST_ALIASES + 1))
    tests = ", ".join("a.late = true" for _ in range(MOST_TESTS + 1))
    one = "- name: {name}\n  stage: conflicts\n  match: [{{a: order}}, {{b: order}}]\n  where: [a.late = true]\n  then: {{x: y}}\n"

    assert rules_of(
        f"- name: r\n  stage: conflicts\n  match: [{aliases}]\n  where: [a0.late = true]\n  then: {{x: y}}\n"
    )[1]
    assert rules_of(
        f"- name: r\n  stage: conflicts\n  match: [{{a: order}}, {{b: order}}]\n  where: [{tests}]\n  then: {{x: y}}\n"
    )[1]
    assert rules_of("".join(one.format(name=f"r{at}") for at in range(MOST_RULES + 1)))[1]
    assert ["two joins are named `r`"] == [
        problem.message for problem in rules_of(one.format(name="r") * 2)[1]
    ]


def test_a_test_with_an_absent_value_does_not_hold():
    """
    The engine reads memory it never wrote there; we say no, also for two absent values and for `!=`.
    """
    facts = read_facts(
        [fact(), {"kind": "order", "id": "o2"}, {"kind": "order", "id": "o3", "amount": 1}], KINDS
    )

    for sign in ("=", "!=", "<"):
        assert () == JoinMatcher(rule(f"a.amount {sign} b.amount")).match(facts)
        assert () == encode_facts(rule(f"a.amount {sign} b.limit"), facts)


def test_names_of_one_hash_are_refused():
    """
    `bzxiacvk` is `amount` to the engine.
    """
    assert fnv1a("amount") == fnv1a("bzxiacvk")
    with pytest.raises(EncodingError):
        check_hashes(("amount", "bzxiacvk"))


def test_nothing_of_the_outside_enters_the_encoding():
    """
    Names, texts and ids stay outside: only our own names and integers go in.
    """
    joined = rule("a.supplier = b.supplier", "a.amount + b.amount > a.limit")
    facts = read_facts(
        [
            {"kind": "order", "id": f"secret{at}", "supplier": "acme", "amount": at, "limit": 0}
            for at in (1, 2)
        ],
        KINDS,
    )
    (batch,) = encode_facts(joined, facts)
    whole = encode_rule(joined).definition + batch.facts

    assert not any(word in whole for word in ("secret", "acme", "supplier", "amount", "limit", "order"))
    assert {"secret1", "secret2"} == set(batch.ids.values())


def test_a_rule_that_holds_everywhere_is_refused():
    """
    4,096 firings are the limit; 65 facts all with all are 4,160.
    """
    facts = read_facts([{"kind": "order", "id": f"o{at}", "amount": at} for at in range(65)], KINDS)

    with pytest.raises(JoinLimitError, match="4096"):
        JoinMatcher(rule("a.amount != b.amount")).match(facts)


def test_more_facts_together_than_the_engine_takes_are_refused():
    """
    513 facts of one supplier; 1,000 facts of 500 suppliers are batches.
    """
    tied = rule("a.supplier = b.supplier")
    same = tuple(JoinFact("order", f"o{at}", {"supplier": "s"}) for at in range(513))
    apart = tuple(JoinFact("order", f"o{at}", {"supplier": f"s{at // 2}"}) for at in range(1_000))

    with pytest.raises(JoinLimitError, match="513"):
        encode_facts(tied, same)
    assert 8 == len(encode_facts(tied, apart))


def test_a_computed_side_beyond_the_integers_is_refused():
    """
    A sum or a scale that leaves 2**53 is never clamped.
    """
    facts = tuple(
        JoinFact("order", f"o{at}", {"amount": Decimal(2**53 - at), "limit": Decimal("0.001")})
        for at in range(2)
    )

    with pytest.raises(JoinFactError, match="2\\*\\*53"):
        encode_facts(rule("a.amount > b.limit"), facts)


def test_a_rule_without_a_fact_for_every_alias_is_not_asked():
    """
    Aliases stand for different facts: an order alone competes with nobody, however its numbers compare.
    """
    matcher = JoinMatcher(rule("a.amount > b.limit"))

    assert [False, False, True] == [matcher.can_hold({"order": count}) for count in range(3)]
    assert not matcher.can_hold({"stage": 2})
