"""The pure function, run where it belongs: small judgements inline, all else in a worker under the deadline."""

import asyncio
import pickle
import time
from dataclasses import dataclass

from audit import canonical
from decision_service.decision import DecisionMode, Question
from decision_service.usecases.conflicts import Asked
from decision_service.usecases.effort import ALL_IT_TAKES, Effort
from decision_service.usecases.outcome import deliberate
from decision_service.usecases.planning import Work
from decision_service.usecases.recent_snapshots import LARGEST, RecentSnapshots
from decision_service.usecases.records import Inputs, Reached
from decision_service.usecases.release_content import Release
from decision_service.usecases.replay import slices_of
from decision_service.workers.confirming import SECONDS, Confirmer
from decision_service.workers.pool import WorkerPool
from decision_service.workers.words import Moment
from optimization.network import Snapshot

SMALL = LARGEST  # bytes of a snapshot whose proposals are judged in the time that a pipe would take

# Shares of the caller's time: when the search stops by itself, and when its best answer is taken from it.
# The rest is for confirming, logging and the way back.
_SEARCH, _TAKE = 0.7, 0.85


@dataclass(frozen=True, slots=True)
class OutcomeRunner:
    """Outcomes, within an effort."""

    pool: WorkerPool
    confirmer: Confirmer
    recent: RecentSnapshots
    effort: Effort = ALL_IT_TAKES

    async def __call__(  # noqa: PLR0913 - the inputs, decoded where that is known, and what to do again
        self,
        inputs: Inputs,
        question: Question,
        snapshot: Snapshot | None,
        release: Release,
        slices: int | None = None,
        doubt: str = "",
    ) -> Reached:
        """The outcome; what another engine does not confirm is decided again without the joins."""
        reached, asked = await self._run(inputs, question, snapshot, release, slices, doubt)
        if doubt or not any(question.facts or question.firings for question in asked):
            return reached
        found = await asyncio.get_running_loop().run_in_executor(
            None, self.confirmer.doubt, release, asked, self._seconds()
        )
        if not found:
            return reached
        same = slices_of(reached.outcome)
        return (await self._run(inputs, question, snapshot, release, same, found))[0]

    async def _run(  # noqa: PLR0913 - as above
        self,
        inputs: Inputs,
        question: Question,
        snapshot: Snapshot | None,
        release: Release,
        slices: int | None,
        doubt: str,
    ) -> tuple[Reached, tuple[Asked, ...]]:
        if question.mode is DecisionMode.JUDGE and len(inputs.snapshot) <= SMALL:
            known = self.recent.made_of(snapshot or canonical.decode_object(inputs.snapshot, Snapshot)).facts
            judged = deliberate(question, known, release, Work(doubt=doubt))
            return Reached.by(judged.outcome), judged.asked
        until, deadline = self._times(slices)
        answer = self.pool.submit(
            "decide",
            inputs.snapshot,
            inputs.question,
            inputs.release,
            slices,
            None if until is None else Moment(until),
            doubt,
            self.effort.watch is not None,
            deadline=deadline,
            watch=self.effort.watch,
        )
        try:
            raw: bytes = await asyncio.wrap_future(answer)
        except asyncio.CancelledError:
            answer.abandon()
            raise
        outcome, asked = pickle.loads(raw)  # noqa: S301 - our own child
        return Reached(outcome), asked

    def _times(self, slices: int | None) -> tuple[float | None, float | None]:
        """When the search is to stop by itself, and when it is stopped."""
        deadline = self.effort.deadline
        if deadline is None or slices is not None or not self.effort.is_best_wanted:
            return None, deadline
        now = time.monotonic()
        left = deadline - now
        return now + _SEARCH * left, now + _TAKE * left

    def _seconds(self) -> float:
        """For the other engine: what the caller has left, within its own limit."""
        if self.effort.deadline is None:
            return SECONDS
        return min(SECONDS, max(0.001, self.effort.deadline - time.monotonic()))
