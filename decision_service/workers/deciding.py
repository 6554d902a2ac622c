"""The pure function, run where it belongs: judging inline, planning in a worker process under the deadline."""

import asyncio
import pickle
import time
from dataclasses import dataclass

from audit import canonical
from decision_service.decision import DecisionMode, Outcome, Question
from decision_service.usecases.conflicts import Asked
from decision_service.usecases.outcome import deliberate
from decision_service.usecases.planning import Work
from decision_service.usecases.records import Inputs
from decision_service.usecases.release_content import Release
from decision_service.usecases.replay import slices_of
from decision_service.workers.confirming import SECONDS, Confirmer
from decision_service.workers.pool import WorkerPool
from optimization.network import Snapshot


@dataclass(frozen=True, slots=True)
class OutcomeRunner:
    """
    Canonical bytes of outcomes.

    Parameters
    ----------
    deadline
        On the monotonic clock; None = as long as it takes.
    """

    pool: WorkerPool
    confirmer: Confirmer
    deadline: float | None = None

    async def __call__(  # noqa: PLR0913 - the inputs, decoded where that is known, and what to do again
        self,
        inputs: Inputs,
        question: Question,
        snapshot: Snapshot | None,
        release: Release,
        slices: int | None = None,
        doubt: str = "",
    ) -> bytes:
        """The outcome; what another engine does not confirm is decided again without the joins."""
        outcome, asked = await self._run(inputs, question, snapshot, release, slices, doubt)
        if doubt or not asked:
            return outcome
        found = await asyncio.get_running_loop().run_in_executor(
            None, self.confirmer.doubt, release, asked, self._seconds()
        )
        if not found:
            return outcome
        same = slices_of(canonical.decode_object(outcome, Outcome))
        return (await self._run(inputs, question, snapshot, release, same, found))[0]

    async def _run(  # noqa: PLR0913 - as above
        self,
        inputs: Inputs,
        question: Question,
        snapshot: Snapshot | None,
        release: Release,
        slices: int | None,
        doubt: str,
    ) -> tuple[bytes, tuple[Asked, ...]]:
        if question.mode is DecisionMode.JUDGE:
            known = snapshot or canonical.decode_object(inputs.snapshot, Snapshot)
            judged = deliberate(question, known, release, Work(doubt=doubt))
            return canonical.encode_object(judged.outcome), judged.asked
        left = None if self.deadline is None else self.deadline - time.monotonic()
        answer = self.pool.submit(
            "decide",
            inputs.snapshot,
            inputs.question,
            inputs.release,
            slices,
            left,
            doubt,
            deadline=self.deadline,
        )
        try:
            found: tuple[bytes, tuple[Asked, ...]] = pickle.loads(await asyncio.wrap_future(answer))  # noqa: S301 - our own child
        except asyncio.CancelledError:
            answer.is_abandoned = True  # type: ignore[attr-defined]  # read by the pool, which ends the process
            raise
        return found

    def _seconds(self) -> float:
        """For the other engine: what the caller has left, within its own limit."""
        if self.deadline is None:
            return SECONDS
        return min(SECONDS, max(0.001, self.deadline - time.monotonic()))
