"""A step as a new entry: judged by the state it is made for, refused by the log if that moved."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from msgspec.structs import replace

from audit import Ledger, NewEntry, PointerMovedError, canonical
from decision_service.decision import Caller
from decision_service.errors import MovedError, PreconditionError
from decision_service.usecases.approvals.order_events import OrderEvent, Step
from decision_service.usecases.approvals.order_record import IllegalStepError, OrderRecord
from decision_service.usecases.approvals.order_state import follow

SERVICE = Caller("decision-service")
"""Who acts when a timer fires."""


def new_step(  # noqa: PLR0913 - the parts of an entry
    record: OrderRecord,
    step: Step,
    caller: Caller,
    facts: Mapping[str, Any],
    at: datetime,
    *,
    note: str = "",
    key: str = "",
) -> NewEntry:
    """
    The entry of a step.

    Parameters
    ----------
    note
        Free text of a person; goes to the payload, which can be redacted.
    key
        Idempotency key of steps that a machine may try twice.

    Raises
    ------
    PreconditionError
        The order's state does not allow the step.
    """
    event = OrderEvent(step, record.decision, record.order, caller.subject, at, facts)
    try:
        after = follow(record, event)
    except IllegalStepError as error:
        raise PreconditionError(
            f"order `{record.order}` of `{record.decision}`: {error}",
            f"ORDER_{record.state}",
            {"decision": record.decision, "order": record.order, "state": record.state.value},
        ) from error
    return NewEntry(
        kind=step.value,
        subject=f"{record.decision}/orders/{record.order}",
        envelope={
            "decision": record.decision,
            "order": record.order,
            "actor": caller.subject,
            "trace_id": caller.trace_id,
            **facts,
        },
        payload=canonical.encode({"note": note}) if note else b"",
        key=key,
        key_digest=canonical.digest(canonical.encode({"key": key})) if key else "",
        requires={record.pointer: record.mark},
        sets={record.pointer: after.mark},
    )


def with_pointers(
    new: NewEntry, requires: Mapping[str, str | None], sets: Mapping[str, str | None]
) -> NewEntry:
    """The entry with further conditions."""
    return replace(new, requires={**new.requires, **requires}, sets={**new.sets, **sets})


def append_all(ledger: Ledger, news: tuple[NewEntry, ...]) -> None:
    """
    Log steps, all of them or none.

    Raises
    ------
    MovedError
        An order changed since it was read.
    """
    try:
        ledger.append_all(news)
    except PointerMovedError as error:
        raise MovedError(
            f"an order changed meanwhile ({error}); look again, nothing was done", "ORDER_MOVED"
        ) from error
