"""
Decisions read lately, as they are sent.

What is logged does not change, but for whom the caller acted for: that may be erased, so it is read each time.
Where nobody is named, nobody ever will be.
"""

import threading
from dataclasses import dataclass
from typing import Any

from cachetools import LRUCache, cached

from decision_service.api import convert
from decision_service.decision import Caller, Decision, DecisionMode, Scope
from decision_service.errors import NotFoundError
from decision_service.usecases.inquire import Inquire
from decision_service.v1 import decision_pb2
from decision_service.v1 import decision_service_pb2 as pb

MOST = 32 << 20  # bytes of decisions, and of outcomes
_MODES: dict[DecisionMode, Any] = {
    mode: decision_pb2.DecisionMode.Value(f"DECISION_MODE_{mode.value}") for mode in DecisionMode
}
_REPEATED: bytes = pb.DecideResponse(is_repeat=True).SerializeToString()
LARGEST = 1 << 20  # bytes of one decision
_DECISION = bytes(
    [pb.DecideResponse.DESCRIPTOR.fields_by_name["decision"].number << 3 | 2]
)  # tag: field, length follows


@dataclass(frozen=True, slots=True)
class _Known:
    scope: Scope
    seq: int
    sent: bytes  # a GetDecisionResponse, without whom the caller acted for
    names_somebody: bool


class KnownDecisions:
    """
    Answers reads of decisions by name; the newest answers are remembered.

    Parameters
    ----------
    inquire
        Where decisions are read.
    """

    def __init__(self, inquire: Inquire) -> None:
        self._inquire = inquire
        self._known: LRUCache[str, _Known] = LRUCache(MOST, getsizeof=lambda known: len(known.sent))

    def respond(self, name: str, caller: Caller) -> Any:
        """
        The response that holds a decision; its bytes, where they are known.

        Raises
        ------
        NotFoundError
            There is none, or the caller's grant does not cover its scope.
        """
        known = self._known.get(name)
        if known is None:
            return self._read(name, caller)
        if not caller.may_see(known.scope):
            raise NotFoundError("decision", name)
        if not known.names_somebody:
            return known.sent
        response = pb.GetDecisionResponse.FromString(known.sent)
        response.decision.lineage.on_behalf_of = self._inquire.acted_for(known.seq)
        return response

    def _read(self, name: str, caller: Caller) -> Any:
        decision = self._inquire.decision(name, caller)
        response = pb.GetDecisionResponse(decision=render_decision(decision))
        if decision.log is not None and response.ByteSize() <= LARGEST:
            lineage = response.decision.lineage
            somebody, lineage.on_behalf_of = lineage.on_behalf_of, ""
            sent = response.SerializeToString()
            self._known[name] = _Known(decision.scope, decision.log.index, sent, bool(somebody))
            lineage.on_behalf_of = somebody
        return response


def render_decision(decision: Decision) -> Any:
    """The record in one message."""
    return decision_pb2.Decision.FromString(_sent_decision(decision))


def decide_response(decision: Decision, *, is_repeat: bool) -> bytes:
    """The bytes of a DecideResponse, without a message in between: an outcome is written once and copied once."""
    sent = _sent_decision(decision)
    return b"".join((_DECISION, _varint(len(sent)), sent, _REPEATED if is_repeat else b""))


def _sent_decision(decision: Decision) -> bytes:
    """The outcome's fields, and beside them the decision's own; the bytes of two parts of a message are its bytes."""
    message: Any = decision_pb2.Decision(
        name=decision.name, request_id=decision.request_id, mode=_MODES[decision.mode]
    )
    convert.render(decision.scope, message.scope)
    convert.render(decision.lineage, message.lineage)
    if decision.log:
        convert.render(decision.log, message.log)
    own: bytes = message.SerializeToString()
    return _rendered_outcome(decision) + own


def _varint(number: int) -> bytes:
    """A length as protobuf writes it: seven bits a byte, the lowest first, a high bit on all but the last."""
    written = bytearray()
    while number > 0x7F:
        written.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes((*written, number))


@cached(LRUCache(MOST, getsizeof=len), lambda decision: decision.lineage.outcome_digest, threading.Lock())
def _rendered_outcome(decision: Decision) -> bytes:
    """What many decisions may have in common is rendered once."""
    rendered: bytes = convert.render(decision.outcome, decision_pb2.Decision()).SerializeToString()
    return rendered
