"""Replay: decide again from the recorded bytes and compare, byte for byte."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import orjson

from audit import Ledger, canonical
from decision_service.decision import Caller, Decision, Outcome
from decision_service.engine import differences
from decision_service.usecases import records
from decision_service.usecases.conflicts import doubt_of
from decision_service.usecases.decide import OutcomeOf
from decision_service.usecases.inquire import Inquire
from decision_service.usecases.release import Releases

MAX_DIFFERENCES = 100


class ReplayOutcome(StrEnum):
    """What a replay found."""

    IDENTICAL = "IDENTICAL"
    EQUIVALENT = "EQUIVALENT"
    DIVERGED = "DIVERGED"


@dataclass(frozen=True, slots=True)
class Replayed:
    """The finding, the first differing paths, and how the engines differ."""

    outcome: ReplayOutcome
    differences: tuple[str, ...]
    engine_differences: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Replay:
    """Run the pure function again on what the log holds."""

    ledger: Ledger
    releases: Releases
    outcome_of: OutcomeOf

    async def __call__(self, name: str, caller: Caller) -> Replayed:
        """Replay a decision with the work that was recorded."""
        entry = records.find_decision(self.ledger, name)
        recorded = Inquire(self.ledger, self.releases).decision(name, caller)
        inputs = records.read_inputs(self.ledger, entry)
        release = self.releases.load(recorded.lineage.release)
        question = records.question_of(inputs)
        slices, doubt = slices_of(recorded.outcome), doubt_of(recorded.outcome)
        again = await self.outcome_of(inputs, question, None, release, slices=slices, doubt=doubt)
        return compare(recorded, self.ledger.artifact(recorded.lineage.outcome_digest).content, again.content)


def slices_of(outcome: Outcome) -> int | None:
    """The work that was done, to be done again."""
    return next((report.slices for report in outcome.reports if report.name == "orders"), None)


def compare(recorded: Decision, then: bytes, now: bytes) -> Replayed:
    """Tell two outcomes apart."""
    engines = differences(recorded.lineage.engine)
    if then == now:
        return Replayed(ReplayOutcome.IDENTICAL, (), engines)
    found = tuple(_paths(orjson.loads(then), orjson.loads(now), ""))[:MAX_DIFFERENCES]
    return Replayed(_equivalent(recorded.outcome, canonical.decode_object(now, Outcome)), found, engines)


def _equivalent(then: Outcome, now: Outcome) -> ReplayOutcome:
    """Another optimum of the same cost is as good; anything else is not what was decided."""
    same_cost = len(then.reports) == len(now.reports) and all(
        abs(a.objective - b.objective) <= 1e-6 * max(1.0, abs(a.objective))
        for a, b in zip(then.reports, now.reports, strict=True)
    )
    same_judgement = then.verdict == now.verdict and then.gave_way == now.gave_way
    return (
        ReplayOutcome.EQUIVALENT if same_cost and same_judgement and then.reports else ReplayOutcome.DIVERGED
    )


def _paths(then: Any, now: Any, path: str) -> Iterator[str]:
    """Where two documents differ, with both values."""
    if isinstance(then, dict) and isinstance(now, dict):
        for key in sorted(then.keys() | now.keys()):
            yield from _paths(then.get(key), now.get(key), f"{path}.{key}" if path else key)
    elif isinstance(then, list) and isinstance(now, list) and len(then) == len(now):
        for index, (a, b) in enumerate(zip(then, now, strict=True)):
            yield from _paths(a, b, f"{path}[{index}]")
    elif then != now:
        yield f"{path}: {_short(then)} then, {_short(now)} now"


def _short(value: Any) -> str:
    text = orjson.dumps(value).decode()
    return text if len(text) <= 80 else f"{text[:77]}..."
