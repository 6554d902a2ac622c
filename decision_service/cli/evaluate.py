"""`policy evaluate`: one table, or one DMN decision, on facts from a JSON file."""

from decimal import Decimal
from pathlib import Path
from typing import Any

from decision_service.cli.failure import Failure
from decision_service.cli.policy_files import read_policy
from decision_service.facts import FACTS
from decision_service.usecases.release_content import CHARTER, PARAMETERS
from rules import compile_ruleset, evaluate
from rules.dmn import read_dmn


def evaluate_table(folder: Path, table: str, facts: dict[str, Any]) -> dict[str, Any]:
    """The outcome of a table of a policy folder, and the evidence."""
    files = {k: v for k, v in read_policy(folder).items() if k not in (CHARTER, PARAMETERS)}
    ruleset = compile_ruleset(files, FACTS)
    found = {t.name: t for t in ruleset.tables}.get(table)
    if found is None:
        raise Failure(
            f"{folder} has no table `{table}`; it has {', '.join(sorted(t.name for t in ruleset.tables))}"
        )
    evaluation = evaluate(found, facts)
    evidence = {
        "table": evaluation.table,
        "rows": list(evaluation.determining_rows),
        "reasons": list(evaluation.reasons),
        "readings": {r.fact: plain(r.value) for r in evaluation.trace},
    }
    return {"outcome": plain(evaluation.outcome), "evidence": evidence}


def evaluate_dmn(path: Path, decision: str, facts: dict[str, Any]) -> dict[str, Any]:
    """The outcome of a decision of a DMN file, and the evidence."""
    result = read_dmn(path.read_bytes(), path.name).evaluate(decision, facts)
    return result.as_plain()


def plain(value: Any) -> Any:
    """A rule value as JSON: whole decimals as integers, others as numbers, days as ISO text."""
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, dict) or hasattr(value, "items"):
        return {str(k): plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple, frozenset, set)):
        return [plain(v) for v in value]
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    return str(value)
