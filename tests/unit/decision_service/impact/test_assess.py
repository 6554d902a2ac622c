"""Deciding again: in parallel, with progress, and not twice."""

import asyncio
from dataclasses import dataclass, field

import pytest

from decision_service.decision import Verdict
from decision_service.errors import OverloadedError
from decision_service.followers.kept_differences import KeptDifferences
from decision_service.usecases.impact.assess import AssessImpact
from decision_service.usecases.impact.difference import Difference, Side

SIDE = Side(Verdict.APPROVED, 0, 0.0, 0.0, None, 0, 0)


@dataclass(frozen=True)
class Entry:
    subject: str


@dataclass(frozen=True)
class Candidate:
    name: str = "releases/x@1.0.0"
    digest: str = f"sha256:{'ab' * 32}"


@dataclass
class Redecide:
    """Counts who is inside, and stops where it is told."""

    stop_after: int = 10**9
    busy: int = 0
    asked: list = field(default_factory=list)
    inside: int = 0
    most: int = 0

    async def __call__(self, entry, candidate):
        if self.busy:
            self.busy -= 1
            raise OverloadedError("busy", 0.1)
        if len(self.asked) >= self.stop_after:
            raise RuntimeError("the service is stopped")
        self.asked.append(entry.subject)
        self.inside += 1
        self.most = max(self.most, self.inside)
        await asyncio.sleep(0.01)
        self.inside -= 1
        return Difference(entry.subject, "r", "releases/x@0.9.0", SIDE, SIDE)


ENTRIES = [Entry(f"decisions/{n:08}") for n in range(12)]


def run(assess, entries=ENTRIES, candidate=None):
    async def collect():
        return [progress async for progress in assess(candidate or Candidate(), entries)]

    return asyncio.run(collect())


@pytest.fixture
def kept(tmp_path):
    return KeptDifferences(tmp_path / "impact")


def test_progress_counts_up_and_ends_with_the_report(kept):
    """
    One message a decision, and the impact in the last.
    """
    found = run(AssessImpact(Redecide(), kept, at_once=3))

    assert [*range(13), 12] == [p.done for p in found]
    assert [None] * 13 == [p.impact for p in found[:-1]]
    assert (12, 12) == (found[-1].impact.decisions, found[-1].impact.unchanged)


def test_it_runs_in_parallel_and_not_beyond(kept):
    """
    As many at once as it was given.
    """
    redecide = Redecide()
    run(AssessImpact(redecide, kept, at_once=4))

    assert 4 == redecide.most


def test_stopped_and_asked_again_it_goes_on_where_it_was(kept):
    """
    What was decided before the stop is not decided again; another release knows nothing of it.
    """
    with pytest.raises(RuntimeError):
        run(AssessImpact(Redecide(stop_after=5), kept))
    again = Redecide()
    found = run(AssessImpact(again, kept))
    other = Redecide()
    run(AssessImpact(other, kept), candidate=Candidate(digest=f"sha256:{'cd' * 32}"))

    assert 7 == len(again.asked)
    assert (5, 5, 12) == (found[0].done, found[0].known, found[-1].impact.decisions)
    assert 12 == len(other.asked)


def test_a_busy_pool_is_asked_again(kept):
    """
    Decisions of callers come first; the analysis waits and loses nothing.
    """
    assert 12 == run(AssessImpact(Redecide(busy=2), kept, at_once=2))[-1].impact.decisions


def test_a_damaged_file_is_decided_again(kept, tmp_path):
    """
    Half a file, or something else: a cache may lose, never mislead.
    """
    run(AssessImpact(Redecide(), kept))
    files = sorted((tmp_path / "impact").rglob("*.json"))
    files[0].write_bytes(files[0].read_bytes()[:20])
    files[1].write_text("[]")
    again = Redecide()
    run(AssessImpact(again, kept))

    assert 12 == len(files)
    assert 2 == len(again.asked)


def test_who_stops_listening_stops_the_work(kept):
    """
    No decision is begun after the caller went away.
    """
    redecide = Redecide()

    async def leave():
        stream = AssessImpact(redecide, kept)(Candidate(), ENTRIES)
        async for progress in stream:
            if progress.done == 3:
                break
        await stream.aclose()
        before = len(redecide.asked)
        await asyncio.sleep(0.1)
        return before

    assert asyncio.run(leave()) == len(redecide.asked) <= 5


@pytest.mark.parametrize("key", ["../x/y", "ab-cd/../../x", "ab-cd/", "/etc/passwd", "ab-cd/x.json"])
def test_keys_do_not_leave_the_folder(kept, key):
    """
    A key is two digests and a name, nothing else.
    """
    with pytest.raises(ValueError, match="no key"):
        kept.put(key, b"")
