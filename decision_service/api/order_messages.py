"""Orders that people judge, as messages."""

from typing import Any

from decision_service.api import convert
from decision_service.usecases.approvals.book import BookedOrder, Ref
from decision_service.usecases.approvals.order_record import Tier
from decision_service.v1 import approval_service_pb2 as pb

_SAME = (
    "decision",
    "order",
    "scope",
    "stage",
    "item",
    "location",
    "asked",
    "on_timeout",
    "rolled_back",
    "note",
    "release",
    "rung",
)  # fields of the record that the message has under the same name


def render_order(booked: BookedOrder, message: Any = None) -> Any:
    """An order with all that an approver needs."""
    record, message = booked.record, message if message is not None else pb.BookedOrder()
    for name in _SAME:
        setattr(message, name, getattr(record, name))
    message.state = pb.OrderState.Value(f"ORDER_STATE_{record.state.value}")
    convert.render(record.recommended, message.recommended)
    convert.render(record.terms, message.terms)
    message.opened.FromDatetime(record.opened)
    if record.deadline:
        message.deadline.FromDatetime(record.deadline)
    message.reasons.extend(record.reasons)
    render_tiers(record.tiers, message.tiers)
    for signature in record.signatures:
        convert.render(signature, message.signatures.add())
    message.moved_by = booked.moved_by
    if record.override:
        message.overridden_by, message.reason_code = record.override.author, record.override.reason_code
        message.override_expires = record.override.expires.isoformat()
    if record.delivery:
        message.is_dead, message.attempts = record.delivery.is_dead, record.delivery.attempts
    return message


def render_tiers(tiers: tuple[Tier, ...], target: Any) -> None:
    """Signatures that are needed."""
    for tier in tiers:
        convert.render(tier, target.add())


def ref_of(message: Any) -> Ref:
    """The order that a message names."""
    return message.decision, message.order
