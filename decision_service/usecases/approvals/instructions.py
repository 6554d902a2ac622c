"""What is told to the ERP, and what it answers."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class InstructionKind(StrEnum):
    """What the ERP is asked to do."""

    RELEASE = "RELEASE"
    CHANGE = "CHANGE"
    CANCEL = "CANCEL"


class Answer(StrEnum):
    """What the ERP says to an instruction; the last two are about the order itself."""

    ACCEPTED = "ACCEPTED"
    REFUSED = "REFUSED"
    SHIPPED = "SHIPPED"
    RECEIVED = "RECEIVED"


@dataclass(frozen=True, slots=True)
class Delivery:
    """
    The outstanding instruction of an order.

    Parameters
    ----------
    retry_at
        When it is handed out again unless it is answered.
    is_dead
        Given up after too many attempts: a person must look.
    """

    kind: InstructionKind
    key: str
    attempts: int
    retry_at: datetime
    is_dead: bool = False
