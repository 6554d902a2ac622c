"""
Room for a call, or a clear refusal at once: rates a client, bounded queues a class, deadlines.

A class is what a call costs: reading, judging proposals in this process, planning in a worker. Each
has its own bound, so that planning that backs up never stops judgements, nor either the reads.
"""

import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from decision_service.api import telemetry
from decision_service.errors import DeadlineError, OverloadedError
from decision_service.v1 import decision_pb2

CLIENTS = 10_000  # buckets kept; who was forgotten starts full again
_SMOOTHING = 0.2  # weight of the newest duration
_SOLVES = frozenset({"DecisionService/ReplayDecision"})
DECIDE, _WATCH = "DecisionService/Decide", "SolveService/WatchDecide"


class Kind(StrEnum):
    """What a call costs."""

    READ = "read"
    JUDGE = "judge"
    SOLVE = "solve"


def kind_of(method: str, request: Any) -> Kind:
    """The class of a call."""
    if method in (DECIDE, _WATCH):
        mode = (request if method == DECIDE else request.decide).mode
        return Kind.JUDGE if mode == decision_pb2.DECISION_MODE_JUDGE else Kind.SOLVE
    return Kind.SOLVE if method in _SOLVES else Kind.READ


@dataclass(slots=True)
class Gate:
    """
    The calls of one class that are inside.

    Parameters
    ----------
    most
        Calls inside at once, running or waiting.
    abreast
        How many of them run at once.
    seconds
        How long one took of late.
    """

    most: int
    abreast: int = 1
    seconds: float = 0.01
    inside: int = 0

    @property
    def wait(self) -> float:
        """Seconds until a call that comes now would start."""
        return max(0, self.inside + 1 - self.abreast) * self.seconds / self.abreast

    def settle(self, seconds: float) -> None:
        """Learn from a call that ended."""
        self.inside -= 1
        self.seconds += _SMOOTHING * (seconds - self.seconds)


@dataclass(frozen=True, slots=True)
class Rates:
    """
    Token buckets, one a subject.

    Parameters
    ----------
    rate
        Calls a second in the long run; 0 = unlimited.
    burst
        Calls at once.
    """

    rate: float = 0.0
    burst: int = 100
    clock: Callable[[], float] = time.monotonic
    _buckets: "OrderedDict[str, tuple[float, float]]" = field(default_factory=OrderedDict)

    def take(self, subject: str) -> None:
        """
        One call of a subject.

        Raises
        ------
        OverloadedError
            It called too often; with the time at which its next call fits.
        """
        if not self.rate:
            return
        now = self.clock()
        tokens, at = self._buckets.pop(subject, (float(self.burst), now))
        tokens = min(self.burst, tokens + (now - at) * self.rate)
        self._buckets[subject] = (tokens - 1 if tokens >= 1 else tokens, now)
        if len(self._buckets) > CLIENTS:
            self._buckets.popitem(last=False)
        if tokens < 1:
            telemetry.shed("rate")
            raise OverloadedError(
                f"more than {self.rate:g} calls a second; slow down", (1 - tokens) / self.rate, "RATE_LIMITED"
            )


@dataclass(frozen=True, slots=True)
class Admission:
    """What a call passes before work is done for it."""

    gates: Mapping[Kind, Gate]
    rates: Rates = field(default_factory=Rates)

    def is_busy(self) -> bool:
        """Whether a call is inside."""
        return any(gate.inside for gate in self.gates.values())

    def room(self, kind: Kind, deadline: float | None) -> "Room":
        """
        To be inside for the time of the call; `deadline` is on the monotonic clock.

        Raises
        ------
        OverloadedError
            The class is full, or those before it would take longer than the deadline.
        """
        gate, now = self.gates[kind], time.monotonic()
        _refuse_late(gate, kind, deadline, now)
        return Room(gate, now)


class Room:
    """A call's place inside, in a `with`."""

    __slots__ = ("_gate", "_since")

    def __init__(self, gate: Gate, now: float) -> None:
        self._gate, self._since = gate, now

    def __enter__(self) -> None:
        self._gate.inside += 1

    def __exit__(self, *_: object) -> None:
        self._gate.settle(time.monotonic() - self._since)


def _refuse_late(gate: Gate, kind: Kind, deadline: float | None, now: float) -> None:
    if gate.inside >= gate.most:
        telemetry.shed(kind)
        raise OverloadedError(f"{gate.inside} calls to {kind} are waiting; come back later", gate.wait)
    if deadline is None:
        return
    wait = gate.wait
    if deadline <= now:
        raise DeadlineError("the deadline passed before the call was read", "DEADLINE")
    if wait > deadline - now:
        telemetry.shed(kind)
        raise OverloadedError(
            f"{wait:.1f} s until this call would start, later than its deadline", wait, "DEADLINE_TOO_NEAR"
        )
