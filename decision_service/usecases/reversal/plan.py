"""The content of a rollback's plan: what it is asked to cover, what its digest names, and how two differ."""

from collections.abc import Iterable
from typing import Any

from audit import Artifact, canonical
from decision_service.errors import FieldViolation, InvalidRequestError
from decision_service.usecases import records
from decision_service.usecases.reversal.actions import Action, ActionKind, Rates, lines
from decision_service.usecases.reversal.record import Affected, KindTotal


def check(affected: Affected, rates: Rates) -> None:
    """
    Refuse to plan without bounds.

    Raises
    ------
    InvalidRequestError
        Nothing restricts the plan, or a rate is not a share.
    """
    wrong = []
    if not any(v not in (None, "", ()) for v in fields(affected).values()):
        wrong.append(
            FieldViolation("affected", "say which decisions: a release, scope, item, time, range or names")
        )
    wrong += [
        FieldViolation(f"rates.{name}", "must be a share of the value, 0 to 10")
        for name in ("cancel", "compensate")
        if not 0 <= getattr(rates, name) <= 10
    ]
    if wrong:
        raise InvalidRequestError(tuple(wrong), "ROLLBACK_INVALID")


def fields(affected: Affected) -> dict[str, Any]:
    """What restricts the plan, by name."""
    return {name: getattr(affected, name) for name in Affected.__dataclass_fields__}


def plan_artifact(affected: Affected, rates: Rates, actions: Iterable[Action]) -> Artifact:
    """Everything that the plan's digest stands for."""
    found, scopes = lines(actions)
    content = canonical.encode(
        {
            "affected": affected.facts(),
            "rates": [repr(rates.cancel), repr(rates.compensate)],
            "actions": found,
            "scopes": scopes,
        }
    )
    return records.artifact(content)


def totals(actions: list[Action]) -> tuple[KindTotal, ...]:
    """Orders, value and cost by kind of action."""
    found = []
    for kind in ActionKind:
        some = [a for a in actions if a.kind is kind]
        if some:
            found.append(KindTotal(kind, len(some), round(sum(a.value for a in some), 2), round(sum(a.cost for a in some), 2)))  # fmt: skip
    return tuple(found)


def differences(planned: tuple[Action, ...], now: list[Action]) -> tuple[str, ...]:
    """What would be done otherwise today, order by order."""
    if planned == tuple(now):
        return ()
    before = {(a.decision, a.order): a for a in planned}
    after = {(a.decision, a.order): a for a in now}
    return tuple(
        f"{d}/orders/{o}: {_said(before.get((d, o)))} -> {_said(after.get((d, o)))}"
        for d, o in dict.fromkeys((*before, *after))
        if before.get((d, o)) != after.get((d, o))
    )


def _said(action: Action | None) -> str:
    return f"{action.kind} at {action.mark}" if action else "nothing"
