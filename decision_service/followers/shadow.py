"""
Shadow runs: a candidate decides on the inputs of logged decisions; what it says is logged, never executed.

A follower: it tails the log from where the last difference stands, so that it goes on where it
stopped, and a decision is compared once, however often it is looked at.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from audit import Entry, Leases, Ledger, NewEntry, OwnLeases, canonical
from decision_service.decision import Question
from decision_service.errors import ServiceError
from decision_service.usecases import records
from decision_service.usecases.impact.difference import Difference
from decision_service.usecases.impact.summary import Impact, summarise
from decision_service.usecases.release import Releases
from decision_service.usecases.release_content import Release
from decision_service.usecases.release_life import SHADOW_STARTED

COMPARED = "shadow.v1"
SECONDS = 1.0  # between looks at the log
LEASE = "followers/shadow"
_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ShadowReport:
    """What a candidate decided differently, and how many decisions it has still to look at."""

    impact: Impact
    waiting: int


@dataclass(frozen=True, slots=True)
class Shadows:
    """All shadow runs of a log."""

    ledger: Ledger
    releases: Releases
    redecide: Callable[[Entry, Release], Awaitable[Difference]]
    leases: Leases = field(default_factory=OwnLeases)
    _cursors: dict[str, int] = field(default_factory=dict)

    async def run(self) -> None:
        """Until cancelled; of several replicas, one compares."""
        while True:
            try:
                if await asyncio.to_thread(self.leases.hold, LEASE):
                    await self.catch_up()
            except ServiceError as error:  # workers are busy: callers come first
                _LOG.info("shadow runs wait: %s", error)
            except Exception:  # noqa: BLE001 - a follower that ends would end unseen
                _LOG.exception("shadow runs stopped; they go on at the next look")
            await asyncio.sleep(SECONDS)

    async def catch_up(self) -> int:
        """Compare every decision that waits; returns how many there were."""
        compared = 0
        for name in await asyncio.to_thread(self._watched):
            candidate = await asyncio.to_thread(self.releases.load, name)
            size, waiting = await asyncio.to_thread(self._waiting, name)
            for entry in waiting:
                difference = await self.redecide(entry, candidate)
                await asyncio.to_thread(self._log, candidate, entry, difference)
                compared += 1
            self._cursors[name] = size
        return compared

    def report(self, name: str) -> ShadowReport:
        """What the log holds of a release's shadow runs."""
        release = self.releases.load(name)
        found = (records.envelope_of(e)["difference_digest"] for e in self._compared(name))
        differences = [canonical.decode_object(self.ledger.artifact(d).content, Difference) for d in found]
        return ShadowReport(summarise(name, release.digest, differences), len(self._waiting(name)[1]))

    def _watched(self) -> tuple[str, ...]:
        """Releases in some shadow."""
        return tuple(dict.fromkeys(self.ledger.pointers("shadow/").values()))

    def _waiting(self, name: str) -> tuple[int, tuple[Entry, ...]]:
        """Size of the log, and decisions of its scopes that it has not looked at, oldest first."""
        size = self.ledger.size
        scopes = {k.removeprefix("shadow/") for k, v in self.ledger.pointers("shadow/").items() if v == name}
        started = self._started(name, scopes)
        if not started:
            return size, ()
        compared = [records.envelope_of(e) for e in self._compared(name)]
        looked_at = max((e["decision_index"] + 1 for e in compared), default=0)
        first = max(min(started.values()), looked_at, self._cursors.get(name, 0))
        entries = self.ledger.scan(first, size) if first < size else iter(())
        return size, tuple(e for e in entries if e.kind == records.DECISION and self._is_in(e, name, started))

    def _started(self, name: str, scopes: set[str]) -> dict[str, int]:
        """Where in the log the shadow of each scope began last."""
        found: dict[str, int] = {}
        for entry in self.ledger.by_subject(name):
            if entry.kind == SHADOW_STARTED and (key := records.envelope_of(entry)["scope"]) in scopes:
                found[key] = entry.seq
        return found

    def _is_in(self, entry: Entry, name: str, started: dict[str, int]) -> bool:
        """Whether the decision was made in the shadow's scope, after it began, by another release."""
        envelope = records.envelope_of(entry)
        if envelope["release"] == name:
            return False
        question = self.ledger.artifact(envelope["question_digest"]).content
        keys = canonical.decode_object(question, Question).scope.candidates
        return any(entry.seq > started.get(key, entry.seq) for key in keys)

    def _compared(self, name: str) -> tuple[Entry, ...]:
        return tuple(e for e in self.ledger.by_subject(_subject(name)) if e.kind == COMPARED)

    def _log(self, candidate: Release, entry: Entry, difference: Difference) -> None:
        content = records.artifact(canonical.encode_object(difference))
        envelope = {
            "release": candidate.name,
            "release_digest": candidate.digest,
            "decision": entry.subject,
            "decision_index": entry.seq,
            "verdict": difference.before.verdict.value,
            "candidate_verdict": difference.after.verdict.value if difference.after else "",
            "is_same": difference.is_same,
            "flipped": difference.flipped,
            "problem": difference.problem,
            "difference_digest": content.digest,
        }
        self.ledger.append(
            NewEntry(
                COMPARED,
                _subject(candidate.name),
                envelope,
                artifacts=(content,),
                key=f"shadow/{candidate.digest}/{entry.subject}",
                key_digest=canonical.digest(entry.subject.encode()),
            )
        )


def _subject(name: str) -> str:
    return f"{name}/shadow"
