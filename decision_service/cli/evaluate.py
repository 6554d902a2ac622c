"""`policy evaluate`: one table, or one DMN decision, on facts from a JSON file."""

import json
import math
import re
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

from decision_service.cli.command import console, table
from decision_service.cli.failure import Failure
from decision_service.cli.policy_files import MAX_FILE, read_policy
from decision_service.facts import FACTS
from decision_service.usecases.release_content import NOT_RULES
from rules import FactType, compile_ruleset, evaluate
from rules.dmn import DmnInputError, DmnModel, ItemType, read_dmn
from rules.feel import written
from rules.literals import LiteralError, read_value

_NUMBER = re.compile(r"-?(\d+(\.\d*)?|\.\d+)([eE][-+]?\d{1,4})?")
_WORDS = {"true": True, "false": False}
_LARGEST_EXACT = 15  # digits of a whole number that every JSON reader keeps


def read_facts(path: Path) -> dict[str, Any]:
    """The facts of a JSON file, numbers as decimals exactly as written."""
    if path.stat().st_size > MAX_FILE:
        raise Failure(f"{path}: {path.stat().st_size:,} bytes; a file of facts has at most {MAX_FILE:,}")
    try:
        facts = json.loads(
            path.read_bytes(),
            parse_float=Decimal,
            parse_int=Decimal,
            parse_constant=_refuse_constant,
            object_pairs_hook=_once,
        )
    except (ValueError, RecursionError) as error:
        raise Failure(f"{path}: not JSON ({error})") from error
    if not isinstance(facts, dict):
        raise Failure(f'{path}: must be an object of facts, for example {{"order.value": 100}}')
    return facts


def _refuse_constant(text: str) -> None:
    raise ValueError(f"`{text}` is no number")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object whose keys stand once; which of two values is meant nobody can tell."""
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"`{twice[:80]}` stands twice")
    return found


def evaluate_table(folder: Path, name: str, facts: Mapping[str, Any]) -> dict[str, Any]:
    """The outcome of a table of a policy folder, and the evidence."""
    files = {k: v for k, v in read_policy(folder).items() if k not in NOT_RULES}
    ruleset = compile_ruleset(files, FACTS)
    evaluation = evaluate(ruleset.table(name), _typed(facts))
    evidence = {
        "table": evaluation.table,
        "rows": list(evaluation.determining_rows),
        "reasons": list(evaluation.reasons),
        "readings": {fact: plain(value) for fact, value in evaluation.readings.items()},
    }
    return {"outcome": plain(evaluation.outcome), "evidence": evidence}


def _typed(facts: Mapping[str, Any]) -> dict[str, Any]:
    """Texts of JSON as the dates and durations that the schema declares; all else as it is."""
    return {
        name: _read_text(name, value) if isinstance(value, str) else value for name, value in facts.items()
    }


def _read_text(name: str, text: str) -> Any:
    declared = FACTS.field(name)
    if declared is None or declared.type in (FactType.TEXT, FactType.NUMBER, FactType.BOOLEAN):
        return text
    try:
        return read_value(text, declared.type)
    except LiteralError as error:
        raise Failure(f"fact `{name}`: `{text[:80]}` is not a {declared.type}; {error}") from error


def read_model(path: Path) -> DmnModel:
    """The model of a DMN file."""
    if path.suffix.lower() in (".yaml", ".yml"):
        raise Failure(f"{path}: a policy is evaluated by folder; name `{path.parent}`")
    return read_dmn(path.read_bytes(), path.name)


def evaluate_dmn(path: Path, decision: str, facts: Mapping[str, Any]) -> dict[str, Any]:
    """
    The outcome of a decision of a DMN file, and the evidence.

    As the standard and its test suite have it: an input that does not conform to its type makes the outcome null, and
    the evidence says so; a number or boolean may come as text where the model declares one.
    """
    model = read_model(path)
    given = {part.name: _spelled(facts[part.name], part.type) for part in model.inputs if part.name in facts}
    strangers = sorted(facts.keys() - given.keys())
    try:
        found = model.evaluate(decision, given).as_plain()
    except DmnInputError as error:
        step: dict[str, Any] = {
            "element": decision,
            "outcome": None,
            "readings": {},
            "rows": [],
            "problem": str(error),
        }
        found = {"outcome": None, "evidence": [step]}
    if strangers:
        problem = f"no input of the model is named {', '.join(f'`{name[:80]}`' for name in strangers)}"
        found["evidence"].append(
            {"element": path.name, "outcome": None, "readings": {}, "rows": [], "problem": problem}
        )
    return {"outcome": plain(found["outcome"]), "evidence": plain(found["evidence"])}


def _spelled(value: Any, kind: ItemType) -> Any:
    """A text that spells the number or boolean that the model declares, as that; all else as it is."""
    if isinstance(value, Mapping):
        parts = kind.components
        return {name: _spelled(item, parts[name]) if name in parts else item for name, item in value.items()}
    if isinstance(value, list):
        return [_spelled(item, kind) for item in value]
    if isinstance(value, str) and kind.base is FactType.NUMBER and _NUMBER.fullmatch(value.strip()):
        return Decimal(value.strip())
    if isinstance(value, str) and kind.base is FactType.BOOLEAN:
        return _WORDS.get(value.strip(), value)
    return value


def show_evaluation(found: Mapping[str, Any]) -> None:
    """The outcome, and what it rests on."""
    outcome = found["outcome"]
    rows = outcome.items() if isinstance(outcome, dict) else [("outcome", outcome)]
    table("Outcome", ("output", "value"), [(name, _cell(value)) for name, value in rows])
    evidence = found["evidence"]
    steps = evidence if isinstance(evidence, list) else [evidence]
    for step in steps:
        title = f"Evidence: {step.get('table') or step.get('element')}"
        facts = [(name, _cell(value)) for name, value in step["readings"].items()]
        table(title, ("what", "value"), [("rows", ", ".join(step["rows"]) or "none"), *facts])
        for line in (*step.get("reasons", ()), *filter(None, [step.get("problem")])):
            console.print(line, markup=False)


def _cell(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def plain(value: Any) -> Any:
    """A rule value as JSON: decimals as numbers, days and durations as ISO text."""
    if isinstance(value, Decimal):
        return _number(value)
    if isinstance(value, Mapping):
        return {str(k): plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple, frozenset, set)):
        return [plain(v) for v in value]
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    return written(value, top=True)


def _number(value: Decimal) -> int | float | str:
    """The JSON number nearest the decimal; text where JSON has none."""
    if value == value.to_integral_value() and value.adjusted() < _LARGEST_EXACT:
        return int(value)
    near = float(value)
    return near if math.isfinite(near) else str(value)
