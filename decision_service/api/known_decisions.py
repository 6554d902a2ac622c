"""
Decisions read lately, as they are sent.

What is logged does not change, but for whom the caller acted for: that may be erased, so it is read each time.
Where nobody is named, nobody ever will be.
"""

import threading
from collections import OrderedDict
from dataclasses import dataclass
from typing import Any

from decision_service.api import convert
from decision_service.decision import Caller, Decision, Scope
from decision_service.errors import NotFoundError
from decision_service.usecases.inquire import Inquire
from decision_service.v1 import decision_pb2

MOST = 64 << 20  # bytes in all
LARGEST = 1 << 20  # bytes of one decision


@dataclass(frozen=True, slots=True)
class _Known:
    scope: Scope
    seq: int
    sent: bytes  # without whom the caller acted for
    names_somebody: bool


class KnownDecisions:
    """
    Renders decisions by name; the newest reads are remembered.

    Parameters
    ----------
    inquire
        Where decisions are read.
    """

    def __init__(self, inquire: Inquire) -> None:
        self._inquire = inquire
        self._known: OrderedDict[str, _Known] = OrderedDict()
        self._bytes = 0
        self._door = threading.Lock()

    def render(self, name: str, caller: Caller) -> Any:
        """
        The message of a decision.

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
        message = decision_pb2.Decision.FromString(known.sent)
        if known.names_somebody:
            message.lineage.on_behalf_of = self._inquire.acted_for(known.seq)
        return message

    def _read(self, name: str, caller: Caller) -> Any:
        decision = self._inquire.decision(name, caller)
        message = render_decision(decision)
        sent = decision_pb2.Decision.FromString(message.SerializeToString())
        sent.lineage.on_behalf_of = ""
        if decision.log is not None:
            names_somebody = bool(message.lineage.on_behalf_of)
            known = _Known(decision.scope, decision.log.index, sent.SerializeToString(), names_somebody)
            self._keep(name, known)
        return message

    def _keep(self, name: str, known: _Known) -> None:
        if len(known.sent) > LARGEST:
            return
        with self._door:
            if name not in self._known:
                self._known[name] = known
                self._bytes += len(known.sent)
            while self._bytes > MOST:
                _, oldest = self._known.popitem(last=False)
                self._bytes -= len(oldest.sent)


def render_decision(decision: Decision) -> Any:
    """The record in one message: the outcome's fields stand beside the decision's own."""
    message = convert.render(decision.outcome, decision_pb2.Decision())
    message.name, message.request_id = decision.name, decision.request_id
    message.mode = decision_pb2.DecisionMode.Value(f"DECISION_MODE_{decision.mode.value}")
    convert.render(decision.scope, message.scope)
    convert.render(decision.lineage, message.lineage)
    if decision.log:
        convert.render(decision.log, message.log)
    return message
