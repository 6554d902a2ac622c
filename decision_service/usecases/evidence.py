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
            outcome = {name: v if type(v) is str else say(v) for name, v in evaluation.outcome.items()}
            readings = {fact: v if type(v) is str else say(v) for fact, v in evaluation.readings.items()}
            rows = evaluation.determining_rows
            # which outputs and facts these are follows from the table and its rows
            key = (evaluation.table, rows, *outcome.values(), *readings.values())
            known = found.get(key)
            if known is None:
                found[key] = ([subject], outcome, readings)
            elif known[0][-1] != subject:
                known[0].append(subject)
    return tuple(
        [
            Evidence(stage, tuple(who), key[0], key[1], outcome, readings)
            for key, (who, outcome, readings) in found.items()
        ]
    )


def reasons_of(evaluations: Iterable[Evaluation]) -> tuple[Reason, ...]:
    """What the determining rows said, with the values filled in."""
    return tuple(
        [
            Reason(evaluation.table, row, message)
            for evaluation in evaluations
            for row, message in zip(evaluation.determining_rows, evaluation.reasons, strict=True)
        ]
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
