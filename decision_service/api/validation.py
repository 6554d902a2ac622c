"""Messages held against the constraints of their protos."""

from typing import Any

import protovalidate

from decision_service.api.convert import refuse
from decision_service.errors import FieldViolation, InvalidRequestError


def validate(message: Any) -> None:
    """
    Hold a message against the constraints of its proto.

    Raises
    ------
    InvalidRequestError
        With every field that breaks one.
    """
    try:
        violations = protovalidate.collect_violations(message)
    except UnicodeDecodeError:
        raise refuse("(message)", "text that is not UTF-8; send UTF-8") from None
    if violations:
        raise InvalidRequestError(tuple(FieldViolation(_path(v), v.proto.message) for v in violations))


def _path(violation: Any) -> str:
    """`snapshot.stages[3].on_hand` of a violation's elements."""
    text = ""
    for element in violation.proto.field.elements:
        text += f".{element.field_name}" if text else element.field_name
        if element.subscript is not None:
            text += f"[{element.subscript.value}]"
    return text or "(message)"
