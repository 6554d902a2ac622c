"""
The impact of a release on logged decisions: decided again in parallel, with progress, resumable.

A difference is kept by decision, release and engine as soon as it is known: who asks again, after a
stop or for more decisions, waits for the rest only.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from audit import CanonicalError, Entry, canonical
from decision_service.engine import engine_digest
from decision_service.errors import OverloadedError
from decision_service.usecases.impact.difference import Difference
from decision_service.usecases.impact.summary import Impact, summarise
from decision_service.usecases.release_content import Release

_PATIENCE = 0.2  # seconds until a busy pool is asked again


class Kept(Protocol):
    """Where differences are kept; losing them costs time only."""

    def get(self, key: str) -> bytes | None:
        """What was kept, or None."""

    def put(self, key: str, content: bytes) -> None:
        """Keep it."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far it is; `impact` when it is done, `known` of those done from an earlier run."""

    done: int
    total: int
    known: int
    impact: Impact | None = None


@dataclass(frozen=True, slots=True)
class AssessImpact:
    """
    Decide again, and sum up.

    Parameters
    ----------
    at_once
        Decisions decided at the same time.
    """

    redecide: Callable[[Entry, Release], Awaitable[Difference]]
    kept: Kept
    at_once: int = 1

    async def __call__(self, candidate: Release, entries: Sequence[Entry]) -> AsyncIterator[Progress]:
        """Progress after every decision, and at last the impact."""
        found: list[Difference] = []
        waiting: list[Entry] = []
        for entry in entries:
            known = self._known(entry, candidate)
            if known is None:
                waiting.append(entry)
            else:
                found.append(known)
        known_count, total = len(found), len(entries)
        yield Progress(known_count, total, known_count)
        async for difference in self._decided(candidate, waiting):
            found.append(difference)
            yield Progress(len(found), total, known_count)
        impact = summarise(candidate.name, candidate.digest, found)
        yield Progress(total, total, known_count, impact)

    async def _decided(self, candidate: Release, entries: list[Entry]) -> AsyncIterator[Difference]:
        """As they come; what is not wanted any more is given up."""
        room = asyncio.Semaphore(self.at_once)
        tasks = [asyncio.create_task(self._one(room, entry, candidate)) for entry in entries]
        try:
            for task in asyncio.as_completed(tasks):
                yield await task
        finally:
            for pending in tasks:
                pending.cancel()

    async def _one(self, room: asyncio.Semaphore, entry: Entry, candidate: Release) -> Difference:
        async with room:
            while True:
                try:
                    difference = await self.redecide(entry, candidate)
                except OverloadedError:  # decisions of callers come first
                    await asyncio.sleep(_PATIENCE)
                else:
                    break
            key = _key(entry, candidate)
            await asyncio.to_thread(self.kept.put, key, canonical.encode_object(difference))
        return difference

    def _known(self, entry: Entry, candidate: Release) -> Difference | None:
        content = self.kept.get(_key(entry, candidate))
        if content is None:
            return None
        try:
            return canonical.decode_object(content, Difference)
        except CanonicalError:
            return None  # half-written, or of another version: decided again


def _key(entry: Entry, candidate: Release) -> str:
    """By decision, release and engine: `RELEASE-ENGINE/DECISION`."""
    release, engine = (d.partition(":")[2][:24] for d in (candidate.digest, engine_digest()))
    return f"{release}-{engine}/{entry.subject.rpartition('/')[2]}"
