"""Decide a logged decision again under another release, optimiser in the loop; nothing is logged or executed."""

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from audit import AuditError, Entry, Ledger, canonical
from decision_service.decision import Outcome, Verdict
from decision_service.errors import InvalidRequestError, PreconditionError
from decision_service.usecases import records
from decision_service.usecases.decide import OutcomeOf
from decision_service.usecases.impact.difference import Difference, Side, flips, measure, quantities_changed
from decision_service.usecases.records import Inputs
from decision_service.usecases.release_content import Release
from optimization.errors import OptimizationError
from optimization.network import Snapshot
from rules import RulesError

# What says something about the decision and the release; everything else is a fault and is raised.
_ANSWERS = (RulesError, OptimizationError, InvalidRequestError, PreconditionError, AuditError)


@dataclass(frozen=True, slots=True)
class _Recorded:
    """What the log holds of a decision."""

    inputs: Inputs
    snapshot: Snapshot
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class Redecide:
    """
    Differences between decisions and what a candidate makes of them.

    Parameters
    ----------
    clock
        Seconds, to measure how long deciding took; it has no say in anything else.
    """

    ledger: Ledger
    outcome_of: OutcomeOf
    clock: Callable[[], float] = time.perf_counter

    async def __call__(self, entry: Entry, candidate: Release) -> Difference:
        """
        The difference; one that cannot be decided again says why.

        Raises
        ------
        ServiceError
            Workers are busy, or gone: ask again later.
        """
        envelope = records.envelope_of(entry)
        name, request_id, release = envelope["name"], envelope["request_id"], envelope["release"]
        blank = Difference(name, request_id, release, _of_envelope(envelope), None)
        try:
            recorded = await asyncio.to_thread(self._read, entry)
            before = await asyncio.to_thread(measure, recorded.snapshot, recorded.outcome)
            blank, started = replace(blank, before=before), self.clock()
            again = await self._again(recorded, candidate)
        except _ANSWERS as error:
            return replace(blank, problem=str(error)[:500])
        seconds = self.clock() - started
        return await asyncio.to_thread(_compare, blank, recorded, again, seconds)

    async def _again(self, recorded: _Recorded, candidate: Release) -> Outcome:
        inputs = replace(recorded.inputs, release=candidate.encoded)
        question = records.question_of(recorded.inputs)
        return (await self.outcome_of(inputs, question, recorded.snapshot, candidate)).outcome

    def _read(self, entry: Entry) -> _Recorded:
        inputs = records.read_inputs(self.ledger, entry)
        snapshot = canonical.decode_object(inputs.snapshot, Snapshot)
        outcome = self.ledger.artifact(records.envelope_of(entry)["outcome_digest"]).content
        return _Recorded(inputs, snapshot, canonical.decode_object(outcome, Outcome))


def _of_envelope(envelope: Mapping[str, Any]) -> Side:
    """What is known of a decision whose inputs can no longer be read."""
    orders = sum(int(envelope[name]) for name in ("approved", "referred", "blocked"))
    return Side(Verdict(envelope["verdict"]), orders, float(envelope["value"]), 0.0, None, 0, 0)


def _compare(blank: Difference, recorded: _Recorded, again: Outcome, seconds: float) -> Difference:
    after: Side = measure(recorded.snapshot, again)
    return replace(
        blank,
        after=after,
        flips=flips(recorded.outcome, again),
        quantities_changed=quantities_changed(recorded.outcome, again),
        seconds=seconds,
    )
