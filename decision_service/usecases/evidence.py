"""Evaluations -> the evidence that is logged: plain text, grouped where the same was read."""

from collections.abc import Iterable
from typing import Any

from decision_service.decision import Evidence, Reason
from rules import Evaluation


def collect(stage: str, evaluated: Iterable[tuple[str, tuple[Evaluation, ...]]]) -> tuple[Evidence, ...]:
    """Evidence of every evaluation, in order of first appearance; equal ones share a record."""
    found: dict[Any, tuple[list[str], dict[str, str], dict[str, str]]] = {}
    for subject, evaluations in evaluated:
        for evaluation in evaluations:
            outcome = {name: say(value) for name, value in evaluation.outcome.items()}
            readings = {fact: say(value) for fact, value, _, _ in evaluation.trace}
            rows = evaluation.determining_rows
            key = (evaluation.table, rows, tuple(outcome.items()), tuple(readings.items()))
            who, _, _ = found.setdefault(key, ([], outcome, readings))
            if not who or who[-1] != subject:
                who.append(subject)
    return tuple(
        [
            Evidence(stage, tuple(who), table, rows, outcome, readings)
            for (table, rows, _, _), (who, outcome, readings) in found.items()
        ]
    )


def reasons_of(evaluations: Iterable[Evaluation]) -> tuple[Reason, ...]:
    """What the determining rows said, with the values filled in."""
    return tuple(
        Reason(evaluation.table, row, message)
        for evaluation in evaluations
        for row, message in zip(evaluation.determining_rows, evaluation.reasons, strict=True)
    )


def say(value: Any) -> str:
    """A value as rules write it."""
    if type(value) is str:
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if value is None:
        return "null"
    return str(value)
