"""
Outcomes of judgements reached lately.

A decision is a pure function of its inputs, so what was judged before is not judged again: the real call after
a dry run, the same proposals under another request_id. Each is still a decision of its own, logged with its own
lineage. Plans are not kept, for how long they are searched may differ; nor is what another engine doubted. A
replay never looks here: it is there to compute again.
"""

from cachetools import LRUCache

from decision_service.decision import DecisionMode, Question
from decision_service.usecases.conflicts import doubt_of
from decision_service.usecases.records import LARGEST, Inputs, Reached
from decision_service.usecases.release_content import Release

MOST = 4 << 20  # bytes of all: decoded they take some ten times that


class RecentOutcomes:
    """Of one thread: the event loop's."""

    def __init__(self) -> None:
        # By digests of the question, which names the snapshot by its own, and of the release.
        self._known: LRUCache[tuple[str, str], Reached] = LRUCache(
            MOST, getsizeof=lambda reached: len(reached.content)
        )

    def recall(self, inputs: Inputs, release: Release) -> Reached | None:
        """What followed from these inputs, if that is remembered."""
        try:
            return self._known[inputs.asked.digest, release.digest]
        except KeyError:
            return None

    def keep(self, inputs: Inputs, question: Question, release: Release, reached: Reached) -> None:
        """Remember what followed just now, if it is a judgement that nobody doubted."""
        is_small = len(reached.content) <= LARGEST
        if question.mode is DecisionMode.JUDGE and is_small and not doubt_of(reached.outcome):
            self._known[inputs.asked.digest, release.digest] = reached
