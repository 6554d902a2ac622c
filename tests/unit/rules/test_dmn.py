"""DMN files: what is refused, and what they become as policies."""

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from rules import FactField, FactSchema, FactType, compile_ruleset, evaluate
from rules.diagnostics import Diagnostic
from rules.dmn import DmnError, DmnInputError, read_dmn, to_policy_yaml
from rules.document_reader import read_document
from rules.yaml_reader import read_yaml

GOLDEN = Path(__file__).parents[2] / "golden" / "dmn"
NAMESPACE = "https://www.omg.org/spec/DMN/20191111/MODEL/"
INPUT = '<inputData id="i" name="Days Late"><variable name="Days Late" typeRef="number"/></inputData>'
REQUIRED = '<informationRequirement><requiredInput href="#i"/></informationRequirement>'


def model(body, namespace=NAMESPACE):
    return read_dmn(
        f'<definitions xmlns="{namespace}" name="m" namespace="urn:m">{body}</definitions>'.encode(), "m.dmn"
    )


def golden(name):
    return read_dmn((GOLDEN / name / f"{name}.dmn").read_bytes(), f"{name}.dmn")


def decision(logic, name="D", required=REQUIRED):
    return f'<decision id="{name}" name="{name}"><variable name="{name}"/>{required}{logic}</decision>'


def literal(text):
    return f"<literalExpression><text>{text}</text></literalExpression>"


HOSTILE = {
    "an entity bomb": b'<!DOCTYPE d [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><definitions>&b;</definitions>',
    "an external entity": b'<!DOCTYPE d [<!ENTITY x SYSTEM "file:///etc/passwd">]><definitions>&x;</definitions>',
    "no XML": b"policy: x",
    "nothing": b"",
    "cut off": b"<definitions>",
    "deep nesting": b"<a>" * 5_000,
    "many elements": b"<a>" + b"<b/>" * 250_000 + b"</a>",
    "too large": b" " * 8_000_001,
    "another root": b"<html/>",
    "another namespace": b'<definitions xmlns="urn:other"/>',
    "an unknown encoding": b'<?xml version="1.0" encoding="nope"?><a/>',
}


@pytest.mark.parametrize("case", HOSTILE)
def test_hostile_files_are_refused(case):
    """
    Nothing is expanded, fetched or walked too deep.
    """
    with pytest.raises(DmnError):
        read_dmn(HOSTILE[case], "m.dmn")


BROKEN = {
    "an expression that cannot be read": decision(literal("1 +"), required=""),
    "no expression": decision("", required=""),
    "a boxed filter": decision("<filter/>", required=""),
    "a requirement that is missing": decision(literal("1")),
    "a cycle": decision(literal("1"), required='<informationRequirement><requiredDecision href="#D"/></informationRequirement>'),
    "an import": '<import name="other"/>',
    "an unknown type": '<inputData id="i" name="A"><variable name="A" typeRef="tNope"/></inputData>',
    "an unknown hit policy": decision('<decisionTable hitPolicy="LAST"><output/></decisionTable>', required=""),
    "a table without outputs": decision("<decisionTable/>", required=""),
    "a row of another width": INPUT + decision("<decisionTable><output/><rule><inputEntry/><outputEntry/></rule></decisionTable>"),
    "PRIORITY without values": decision('<decisionTable hitPolicy="PRIORITY"><output/></decisionTable>', required=""),
    "another language": decision('<literalExpression expressionLanguage="java"><text>1</text></literalExpression>', required=""),
    "a type in itself": '<itemDefinition name="t"><typeRef>t</typeRef></itemDefinition><inputData id="i" name="A"><variable name="A" typeRef="t"/></inputData>',
    "an id twice": INPUT + INPUT,
}  # fmt: skip


@pytest.mark.parametrize("case", BROKEN)
def test_broken_models_are_refused_with_the_element(case):
    """
    The refusal names what a person finds in the drawing.
    """
    with pytest.raises(DmnError) as refusal:
        model(BROKEN[case])

    assert refusal.value.element


def test_inputs_of_another_type_are_refused():
    """
    With the field and the fix.
    """
    one = model(INPUT + decision(literal("Days Late + 1")))

    assert Decimal(3) == one.evaluate("D", {"Days Late": 2}).outcome
    for wrong in ("2", True, 2.5, [1, 2], {"a": 1}, Decimal("NaN")):
        with pytest.raises(DmnInputError, match="Days Late"):
            one.evaluate("D", {"Days Late": wrong})
    with pytest.raises(DmnInputError, match="not allowed"):
        golden("allowed-values").evaluate("Region Sentence", {"Buying Region": "MARS"})


def test_an_unknown_decision_is_refused():
    """
    With the ones there are.
    """
    with pytest.raises(DmnError, match="`D`"):
        model(decision(literal("1"), required="")).evaluate("E", {})


def test_what_went_wrong_stands_in_the_evidence():
    """
    Two rows of a UNIQUE table: no outcome, both rows, the reason.
    """
    result = golden("table-unique-overlap").evaluate("Tier", {"Amount": 10}).as_plain()

    assert None is result["outcome"]
    assert [["r1", "r2"]] == [step["rows"] for step in result["evidence"]]
    assert "UNIQUE" in result["evidence"][0]["problem"]


def test_an_outcome_of_another_type_is_null():
    """
    Since DMN 1.3; the evidence says so.
    """
    typed = decision(literal('"x"'), required="").replace(
        '<variable name="D"/>', '<variable name="D" typeRef="number"/>'
    )
    result = model(typed).evaluate("D", {})

    assert None is result.outcome
    assert "declared type" in result.evidence[0].problem


def test_a_table_becomes_a_policy_table():
    """
    Names become plain, cells and values stay.
    """
    written = read_yaml(to_policy_yaml(golden("table-priority-1")), "p.yaml")
    table = written["tables"][0]

    assert ["days_late", "class", "single_source"] == table["inputs"]
    assert ("PRIORITY", {"status": ["Hold", "Release"]}) == (table["hit"], table["outputs"])
    assert {
        "id": "R-10",
        "when": {"days_late": ">=7", "class": '"A","B"', "single_source": "true"},
        "then": {"status": "Hold"},
    } == table["rows"][0]


IMPORTABLE = [
    "any-multiple", "collect", "collect-max", "collect-sum", "first", "first-single", "multiple-outputs", "output-order",
    "priority-multiple", "rule-order", "table-any", "table-priority-1", "table-priority-2", "table-unique",
]  # fmt: skip


@pytest.mark.parametrize("name", IMPORTABLE)
def test_imported_files_have_the_shape_of_policies(name):
    """
    The reader of policy files has nothing to complain about.
    """
    problems: list[Diagnostic] = []
    read_document({"p.yaml": to_policy_yaml(golden(name))}, problems)

    assert [] == problems


@pytest.mark.parametrize(
    ("name", "word"), [("invocation", "PMT"), ("boxed", "Penalty"), ("input-text", "table")]
)
def test_what_a_policy_cannot_say_is_refused_by_name(name, word):
    """
    Functions, boxed contexts, a model without a table.
    """
    with pytest.raises(DmnError, match=word):
        to_policy_yaml(golden(name))


def test_an_imported_model_compiles_and_answers_as_the_model():
    """
    A literal expression without a declared type gets the one it has; the table says what the decision says.
    """
    text = to_policy_yaml(golden("dates"))
    schema = FactSchema("1", (FactField("due", FactType.DATE), FactField("slack", FactType.DAYS_DURATION)))
    ruleset = compile_ruleset({"p.yaml": text}, schema)

    assert FactType.MONTHS_DURATION is next(f for f in ruleset.derived if f.field.name == "length").field.type
    for day in ("2026-05-31", "2026-06-01", "2026-12-31", "2027-01-01"):
        said = golden("dates").evaluate("Window", {"Due": day, "Slack": "P1D"}).outcome
        found = evaluate(ruleset.table("window"), {"due": date.fromisoformat(day)}).outcome
        assert said == found.get("window")
