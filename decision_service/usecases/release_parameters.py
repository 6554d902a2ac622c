"""
`parameters.yaml` of a policy set -> planning parameters, or every field that is wrong.

A name that planning does not know is refused: a misspelt parameter would silently keep its default.
"""

import difflib
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from decision_service.errors import FieldViolation, InvalidRequestError
from optimization.parameters import PlanningParameters

_NOT_NEGATIVE = (
    "holding_rate", "default_max_service_time", "backorder_penalty", "lost_sale_penalty", "shortfall_penalty",
    "frozen_buckets",
)  # fmt: skip
_MOST_CONFLICT_ROUNDS = 10
msgspec.json.Decoder(PlanningParameters)  # msgspec knows the type from here on; see `audit.canonical.objects`


def read_parameters(raw: object, path: str) -> PlanningParameters:
    """
    The parameters that a parsed file states.

    Raises
    ------
    InvalidRequestError
        Unknown names, wrong types, values out of range.
    """
    try:
        parameters = msgspec.convert(raw, PlanningParameters, strict=False)
    except msgspec.ValidationError as error:
        raise _refused(path, (str(error),)) from error
    problems = (*strangers(raw, msgspec.to_builtins(parameters), ""), *_out_of_range(parameters))
    if problems:
        raise _refused(path, problems)
    return parameters


def strangers(raw: object, known: object, prefix: str) -> Iterator[str]:
    """Names in the file that are not among those that were read."""
    if not isinstance(raw, Mapping) or not isinstance(known, Mapping):
        return
    for name, value in raw.items():
        if name in known:
            yield from strangers(value, known[name], f"{prefix}{name}.")
            continue
        near = difflib.get_close_matches(str(name)[:80], map(str, known), n=1)
        fix = f"did you mean `{near[0]}`?" if near else f"known: {', '.join(map(str, known))}"
        yield f"`{prefix}{str(name)[:80]}` is no parameter; {fix}"


def _out_of_range(parameters: PlanningParameters) -> Iterator[str]:
    target = parameters.service_level.target
    if not 0.0 < target < 1.0:
        yield f"service_level.target: {target} is no share; give a number between 0 and 1, like 0.95"
    for name in _NOT_NEGATIVE:
        value = getattr(parameters, name)
        if not 0.0 <= value < float("inf"):
            yield f"{name}: {value}; give a number of at least 0"
    if parameters.time_scale < 1:
        yield f"time_scale: {parameters.time_scale}; give 1 or more"
    if not 0 <= parameters.conflict_rounds <= _MOST_CONFLICT_ROUNDS:
        yield f"conflict_rounds: {parameters.conflict_rounds}; give 0 to {_MOST_CONFLICT_ROUNDS}"
    if len(set(parameters.rounding)) < len(parameters.rounding):
        yield "rounding: a step stands twice; remove one"


def _refused(path: str, problems: tuple[Any, ...]) -> InvalidRequestError:
    return InvalidRequestError(
        tuple(FieldViolation(f"files[{path}]", problem) for problem in problems), "POLICY_INVALID"
    )
