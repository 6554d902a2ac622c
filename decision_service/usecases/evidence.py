"""Evaluations -> the evidence that is logged: plain text, grouped where the same was read."""

from collections.abc import Iterable
from typing import Any

from decision_service.decision import Evidence, Reason
from rules import Evaluation


def collect(stage: str, evaluated: Iterable[tuple[str, tuple[Evaluation, ...]]]) -> tuple[Evidence, ...]:
    """Evidence of every evaluation, in order of first appearance; equal ones share a record."""
    subjects: dict[Any, list[str]] = {}
    for subject, evaluations in evaluated:
        for evaluation in evaluations:
            said = tuple([(name, say(value)) for name, value in evaluation.outcome.items()])
            read = tuple({fact: say(value) for fact, value, _, _ in evaluation.trace}.items())
            key = (evaluation.table, evaluation.determining_rows, said, read)
            found = subjects.setdefault(key, [])
            if not found or found[-1] != subject:
                found.append(subject)
    return tuple(
        Evidence(stage, tuple(who), table, rows, dict(outcome), dict(readings))
        for (table, rows, outcome, readings), who in subjects.items()
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
