"""`policies/schema.json` for editors: takes every shipped file, and marks typical mistakes while they are typed."""

import dataclasses
import json
from pathlib import Path

import jsonschema
import pytest
import yaml

from optimization.parameters import PlanningParameters
from optimization.report import SolveLimits
from rules import CompileError, compile_ruleset, read_charter

POLICIES = Path(__file__).resolve().parents[3] / "policies"
FILES = sorted(POLICIES.rglob("*.yaml"))


class Loader(yaml.SafeLoader):
    """Dates stay text, as an editor's YAML 1.2 has it."""


# `1.0e-9` is a number in YAML 1.2 and for PyYAML; dates are not
Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in found if tag != "tag:yaml.org,2002:timestamp"]
    for first, found in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


@pytest.fixture(scope="module")
def validator():
    schema = json.loads((POLICIES / "schema.json").read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(POLICIES).as_posix())
def test_every_shipped_file_is_valid(validator, path):
    """
    Completion and red lines agree with what is shipped.
    """
    assert [] == [error.message for error in validator.iter_errors(yaml.load(path.read_text(), Loader))]


def test_every_shipped_file_names_its_schema():
    """
    The first line tells editors where the schema is.
    """
    for path in FILES:
        first = path.read_text().split("\n", 1)[0]
        place = first.removeprefix("# yaml-language-server: $schema=")

        assert place != first, path
        assert (path.parent / place).resolve() == POLICIES / "schema.json"


HEAD = {"policy": "p", "version": "1.0.0", "owner": "o", "effective": "2026-01-01"}
ROW = {"id": "R1", "when": {"order.value": "> 1"}, "then": {"answer": "a"}, "because": "so"}
TABLE = {
    "name": "t",
    "stage": "review",
    "hit": "FIRST",
    "inputs": ["order.value"],
    "outputs": {"answer": "text"},
    "rows": [ROW],
}
JOIN = {
    "name": "j",
    "stage": "conflicts",
    "match": [{"a": "order"}, {"b": "order"}],
    "where": ["a.order.value = b.order.value"],
    "then": {"conflict": "C", "precedence": ["service_risk"], "escalate": "o"},
}
BOOK = {"name": "b", "when": "x", "reason_codes": ["A"], "checklist": ["look"], "actions": ["APPROVE"]}
TEST = {"given": {"order.value": 2}, "expect": {"t": {"answer": "a"}}, "rows": ["R1"]}
WAIVER = {"table": "t", "row": "R1", "by": "ada", "until": "2026-12-31", "reason": "x"}
FACT = {"name": "d", "type": "number", "expression": "1 + order.value"}
WHOLE = HEAD | {
    "facts": [FACT],
    "tables": [TABLE],
    "joins": [],
    "playbooks": [BOOK],
    "tests": [TEST],
    "waivers": [WAIVER],
}
MISTAKES = {
    "an unknown key": {"table": [TABLE]},
    "a header without a version": {"version": None},
    "a version of two numbers": {"version": "1.0"},
    "a day in another form": {"effective": "1.12.2026"},
    "tables that are no list": {"tables": TABLE},
    "a table without rows": {"tables": [TABLE | {"rows": []}]},
    "a misspelt hit policy": {"tables": [TABLE | {"hit": "Frist"}]},
    "an unknown stage": {"tables": [TABLE | {"stage": "reviews"}]},
    "an unknown aggregate": {"tables": [TABLE | {"aggregate": "AVERAGE"}]},
    "an unknown type": {"tables": [TABLE | {"outputs": {"answer": "string"}}]},
    "no outputs": {"tables": [TABLE | {"outputs": {}}]},
    "a row without id": {"tables": [TABLE | {"rows": [{"then": {"answer": "a"}}]}]},
    "a row without then": {"tables": [TABLE | {"rows": [{"id": "R1"}]}]},
    "a row id with a blank": {"tables": [TABLE | {"rows": [ROW | {"id": "R 1"}]}]},
    "a reserved row id": {"tables": [TABLE | {"rows": [ROW | {"id": "default"}]}]},
    "conditions as a list": {"tables": [TABLE | {"rows": [ROW | {"when": ["> 1"]}]}]},
    "a condition that is a list": {"tables": [TABLE | {"rows": [ROW | {"when": {"order.value": ["> 1"]}}]}]},
    "a misspelt key of a row": {"tables": [TABLE | {"rows": [ROW | {"becuase": "x"}]}]},
    "a derived fact without a type": {"facts": [{"name": "d", "expression": "1"}]},
    "a playbook without a checklist": {"playbooks": [BOOK | {"checklist": []}]},
    "an unknown action": {"playbooks": [BOOK | {"actions": ["DELETE"]}]},
    "a test without expect": {"tests": [{"given": {}}]},
    "a test that expects no map": {"tests": [TEST | {"expect": {"t": "a"}}]},
    "a waiver without a reason": {"waivers": [{k: v for k, v in WAIVER.items() if k != "reason"}]},
}  # fmt: skip


@pytest.mark.parametrize("case", MISTAKES)
def test_typical_mistakes_are_marked(validator, schema, case):
    """
    What the editor marks the compiler refuses too, and the file without the mistake is fine for both.
    """
    wrong = {key: value for key, value in (WHOLE | MISTAKES[case]).items() if value is not None}

    assert validator.is_valid(WHOLE)
    compile_ruleset({"p.yaml": yaml.safe_dump(WHOLE, sort_keys=False)}, schema)
    assert not validator.is_valid(wrong)
    with pytest.raises(CompileError):
        compile_ruleset({"p.yaml": yaml.safe_dump(wrong, sort_keys=False)}, schema)


def test_joins_are_marked_too(validator):
    """
    One alias, no test, no `then`: not a rule over several facts.
    """
    assert validator.is_valid({"joins": [JOIN]})
    for wrong in (
        JOIN | {"match": [{"a": "order"}]},
        JOIN | {"where": []},
        JOIN | {"match": [{"a": "order", "b": "order"}]},
    ):
        assert not validator.is_valid({"joins": [wrong]})


CHARTER_MISTAKES = (
    ("roles", {"boss": {"members": []}}),
    ("roles", {"boss": ["ada"]}),
    ("domains", {"all": {"owner": "boss", "quorum": 0}}),
    ("domains", {"all": {"owner": "boss"}}),
    ("ladders", [{"domain": "all", "severity": "URGENT", "steps": [], "at_end": "BLOCK"}]),
    (
        "ladders",
        [
            {
                "domain": "all",
                "severity": "LOW",
                "steps": [{"role": "boss", "within": "2 days"}],
                "at_end": "BLOCK",
            }
        ],
    ),
    ("delegations", [{"role": "boss", "from": "ada", "to": "bob"}]),
)


@pytest.mark.parametrize(("key", "value"), CHARTER_MISTAKES)
def test_mistakes_of_a_charter_are_marked(validator, key, value):
    """
    Empty roles, a quorum of nobody, unknown severities, timers in words.
    """
    text = (POLICIES / "charter.yaml").read_text()
    wrong = yaml.load(text, Loader) | {key: value}

    assert not validator.is_valid(wrong)
    with pytest.raises(CompileError):
        read_charter(yaml.safe_dump(wrong, sort_keys=False))


def test_mistakes_of_parameters_are_marked(validator):
    """
    A misspelt name, a level of 95, an unknown convention.
    """
    text = (POLICIES / "replenishment" / "parameters.yaml").read_text()
    whole = yaml.load(text, Loader)

    assert validator.is_valid(whole)
    for wrong in (
        {"holding_rat": 0.25},
        {"service_level": {"kind": "CYCLE", "target": 95}},
        {"pooling": "PATH"},
        {"rounding": ["MINIMUM", "MINIMUM"]},
        {"frozen_buckets": -1},
        {"order_limits": {"node": 5}},
    ):
        assert not validator.is_valid(whole | wrong), wrong


def test_parameters_of_the_schema_are_those_of_planning(validator):
    """
    A parameter that planning knows has its line in the schema, and no other.
    """
    known = {field.name for field in dataclasses.fields(PlanningParameters)}

    assert known == validator.schema["$defs"]["parameters"]["properties"].keys()
    limits = {field.name for field in dataclasses.fields(SolveLimits)}
    assert limits == validator.schema["$defs"]["limits"]["properties"].keys()
