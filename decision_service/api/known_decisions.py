"""
Decisions read lately, as they are sent.

What is logged does not change, but for whom the caller acted for: that may be erased, so it is read each time.
Where nobody is named, nobody ever will be.
"""

import threading
from collections.abc import Hashable
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from typing import Any

from cachetools import LRUCache, cached
from google.protobuf.timestamp_pb2 import Timestamp

from audit import Entry
from decision_service.api import convert
from decision_service.decision import Caller, Decision, DecisionMode, Scope
from decision_service.derived import MOST as MOST_FOLLOWED
from decision_service.derived import Followed
from decision_service.errors import NotFoundError
from decision_service.usecases.decide import Decided
from decision_service.usecases.inquire import Inquire
from decision_service.v1 import decision_pb2
from decision_service.v1 import decision_service_pb2 as pb

MOST = 32 << 20  # bytes of decisions, and of outcomes
_MODES: dict[DecisionMode, Any] = {
    mode: decision_pb2.DecisionMode.Value(f"DECISION_MODE_{mode.value}") for mode in DecisionMode
}
_REPEATED: bytes = pb.DecideResponse(is_repeat=True).SerializeToString()
LARGEST = 1 << 20  # bytes of one decision
SMALL = 4096  # bytes of a lineage that is remembered for each who asks


def _tag(message: Any, field: str) -> bytes:
    """Says which field it is, and that a length follows."""
    return bytes([message.DESCRIPTOR.fields_by_name[field].number << 3 | 2])


_DECISION, _LINEAGE = _tag(pb.DecideResponse, "decision"), _tag(decision_pb2.Decision, "lineage")


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


def decide_response(decided: Decided) -> bytes:
    """The bytes of a DecideResponse, without a message in between: an outcome is written once and copied once."""
    made = decided.made
    if made is None:
        sent = _sent_decision(decided.decision)
        return b"".join((_DECISION, _varint(len(sent)), sent, _REPEATED))
    own: Any = decision_pb2.Decision(request_id=made.request.request_id)
    if decided.entry:
        own.name = decided.entry.subject
        _place(decided.entry, own.log)
    common = made.filed.derived("sent", lambda: _rendered(decided.decision))
    lineage = common.lineage_of(
        made.caller.subject, made.parents, made.request.on_behalf_of, made.caller.trace_id
    )
    said = own.SerializeToString()
    size = len(common.shared) + len(lineage) + len(said)
    return b"".join((_DECISION, _varint(size), common.shared, lineage, said))


@dataclass(frozen=True)
class _Common(Followed):
    """What decisions have in common, as it is sent; the bytes of two parts of a message are its bytes."""

    shared: bytes
    lineage: bytes

    @property
    def size(self) -> int:
        """Bytes that it counts for, with all lineages that it may remember."""
        return len(self.shared) + len(self.lineage) * (1 + MOST_FOLLOWED * self._is_small)

    def lineage_of(self, actor: str, parents: tuple[str, ...], on_behalf_of: str, trace_id: str) -> bytes:
        """The field with all of a decision's lineage, in one: not every client merges two of them."""

        def write() -> bytes:
            own = decision_pb2.Lineage(
                actor=actor, parents=parents, on_behalf_of=on_behalf_of, trace_id=trace_id
            ).SerializeToString()
            return b"".join((_LINEAGE, _varint(len(self.lineage) + len(own)), self.lineage, own))

        # Of a trace there is one such call; whom somebody acts for may have to be erased.
        may_come_again = self._is_small and not (trace_id or on_behalf_of)
        return self.derived((actor, parents), write) if may_come_again else write()

    @property
    def _is_small(self) -> bool:
        return len(self.lineage) <= SMALL


def _place(entry: Entry, log: Any) -> None:
    """As `convert.render` does, without a look at what the fields are."""
    log.index, log.leaf_hash = entry.seq, entry.leaf_hash.hex()
    log.recorded_at.CopyFrom(_stamp(entry.recorded_at))


@lru_cache(maxsize=64)  # the entries of a batch share theirs
def _stamp(moment: datetime) -> Any:
    stamp = Timestamp()
    convert.write_time(moment, stamp)
    return stamp


def _sent_decision(decision: Decision) -> bytes:
    of, common = decision.lineage, _common(decision)
    own = decision_pb2.Decision(name=decision.name, request_id=decision.request_id)
    if decision.log:
        convert.render(decision.log, own.log)
    lineage = common.lineage_of(of.actor, of.parents, of.on_behalf_of, of.trace_id)
    return b"".join((common.shared, lineage, own.SerializeToString()))


def _varint(number: int) -> bytes:
    """A length as protobuf writes it: seven bits a byte, the lowest first, a high bit on all but the last."""
    written = bytearray()
    while number > 0x7F:
        written.append(number & 0x7F | 0x80)
        number >>= 7
    written.append(number)
    return bytes(written)


def _named(decision: Decision) -> tuple[Hashable, ...]:
    """What names all that decisions have in common: digests, and the scope, of which the request's says only the key."""
    of = decision.lineage
    return (
        decision.scope,
        of.outcome_digest,
        of.request_digest,
        of.release_digest,
        of.engine_digest,
        of.fallback,
    )


@cached(LRUCache(MOST, getsizeof=lambda common: common.size), _named, threading.Lock())
def _common(decision: Decision) -> _Common:
    """What many decisions may have in common is rendered once."""
    return _rendered(decision)


def _rendered(decision: Decision) -> _Common:
    """The outcome and what was asked; and of the lineage what is not a decision's own."""
    message: Any = decision_pb2.Decision(mode=_MODES[decision.mode])
    convert.render(decision.outcome, message)
    convert.render(decision.scope, message.scope)
    shared = replace(decision.lineage, actor="", parents=(), on_behalf_of="", trace_id="")
    lineage: Any = convert.render(shared, decision_pb2.Lineage())
    return _Common(message.SerializeToString(), lineage.SerializeToString())
