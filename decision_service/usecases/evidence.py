"""Evaluations -> the evidence that is logged: plain text, grouped where the same was read."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from decision_service.decision import Evidence, Reason
from rules import Evaluation


def collect(stage: str, evaluated: Sequence[tuple[str, tuple[Evaluation, ...]]]) -> tuple[Evidence, ...]:
    """Evidence of every evaluation, in order of first appearance; equal ones share a record."""
    if len(evaluated) == 1:  # a stage asks each table once: no two are equal
        ((subject, evaluations),) = evaluated
        return tuple(
            [_record(stage, (subject,), e, _said(e.outcome), _said(e.readings)) for e in evaluations]
        )
    found: dict[Any, tuple[list[str], Evaluation, dict[str, str], dict[str, str]]] = {}
    for subject, evaluations in evaluated:
        for evaluation in evaluations:
            outcome, readings = _said(evaluation.outcome), _said(evaluation.readings)
            # which outputs and facts these are follows from the table and its rows
            key = (evaluation.table, evaluation.determining_rows, *outcome.values(), *readings.values())
            known = found.get(key)
            if known is None:
                found[key] = ([subject], evaluation, outcome, readings)
            elif known[0][-1] != subject:
                known[0].append(subject)
    return tuple(
        [_record(stage, tuple(who), of, outcome, readings) for who, of, outcome, readings in found.values()]
    )


def _record(
    stage: str, who: tuple[str, ...], of: Evaluation, outcome: dict[str, str], readings: dict[str, str]
) -> Evidence:
    return Evidence(stage, who, of.table, of.determining_rows, outcome, readings)


def _said(values: Mapping[str, Any]) -> dict[str, str]:
    return {name: value if type(value) is str else say(value) for name, value in values.items()}


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
