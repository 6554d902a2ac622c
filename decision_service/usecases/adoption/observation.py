"""One order as the adoption report looks at it: how it ended, who spoke, how long they took."""

from dataclasses import dataclass
from enum import StrEnum

from decision_service.usecases.approvals.order_events import Step
from decision_service.usecases.approvals.order_record import OrderRecord, OrderState

_HOUR = 3600.0  # seconds


class Ending(StrEnum):
    """What became of a recommendation among people."""

    AUTOMATIC = "AUTOMATIC"  # a rule approved or blocked it, nobody was asked
    ACCEPTED = "ACCEPTED"  # signed as recommended
    OVERRIDDEN = "OVERRIDDEN"  # a person wanted other terms, whatever became of them
    REJECTED = "REJECTED"
    LAPSED = "LAPSED"  # nobody answered in time, the default held
    UNANSWERED = "UNANSWERED"  # waits, or a later plan or a rollback ended it first


ANSWERED = frozenset({Ending.ACCEPTED, Ending.OVERRIDDEN, Ending.REJECTED})


@dataclass(frozen=True, slots=True)
class Observation:
    """
    One order.

    Parameters
    ----------
    people
        Who spoke about it; only ever counted.
    hours
        From being asked to the answer, one figure an answer.
    reason_code
        Of the last override; empty for none.
    value
        What the override was worth, money a day; None where the outcome is not known.
    """

    segment: str
    ending: Ending
    people: frozenset[str] = frozenset()
    hours: tuple[float, ...] = ()
    reason_code: str = ""
    value: float | None = None


def observe(record: OrderRecord, segment: str, value: float | None = None) -> Observation:
    """What an order's life says about the use of recommendations."""
    spoken = [voice for voice in record.voices if voice.actor]
    hours = tuple((v.at - v.asked).total_seconds() / _HOUR for v in spoken if v.asked is not None)
    codes = [v.reason_code for v in spoken if v.step is Step.OVERRIDDEN]
    people = frozenset(v.actor for v in spoken)
    return Observation(segment, _ending(record), people, hours, codes[-1] if codes else "", value)


def _ending(record: OrderRecord) -> Ending:
    steps = [voice.step for voice in record.voices]
    if Step.OVERRIDDEN in steps:
        return Ending.OVERRIDDEN
    if Step.REJECTED in steps:
        return Ending.REJECTED
    if record.is_waiting:
        return Ending.UNANSWERED
    if not steps:
        return Ending.UNANSWERED if record.state is OrderState.VOID else Ending.AUTOMATIC
    return Ending.LAPSED if steps[-1] is Step.LAPSED else Ending.ACCEPTED
