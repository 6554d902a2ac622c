"""What must be true of an order before a person acts on it."""

from datetime import datetime

from decision_service.errors import PreconditionError
from decision_service.usecases.approvals.book import BookedOrder
from decision_service.usecases.approvals.order_record import OrderRecord


def require_standing(booked: BookedOrder) -> None:
    """
    Refuse what a later plan replaced.

    Raises
    ------
    PreconditionError
        A later decision planned the stage anew: signing the earlier order too would order twice.
    """
    if booked.moved_by:
        raise PreconditionError(
            f"`{booked.moved_by}` planned stage `{booked.record.stage}` anew; judge its order instead of "
            f"`{booked.record.order}` of `{booked.record.decision}`",
            "PLAN_MOVED",
            {"decision": booked.moved_by},
        )


def require_waiting(record: OrderRecord, now: datetime) -> None:
    """
    Refuse to answer where nobody asks, or too late.

    Raises
    ------
    PreconditionError
        The order does not wait for a person, or its time is over.
    """
    if not record.is_waiting:
        raise PreconditionError(
            f"order `{record.order}` of `{record.decision}` is {record.state}: nobody is asked",
            f"ORDER_{record.state}",
        )
    if record.due and record.due <= now:
        raise PreconditionError(
            f"the time to answer for order `{record.order}` ended {record.due:%Y-%m-%d %H:%M}; "
            "what happens then is about to happen",
            "DEADLINE_PASSED",
        )
