"""
Another engine confirms what the join rules said, before a decision is logged.

The answer that a decision rests on is the matcher's: it is pure, and a replay gives it again. durable-rules
answers the same questions in a process of its own; what it does not confirm is not acted on.
"""

import threading

from decision_service.usecases.conflicts import Asked, conflict_rules
from decision_service.usecases.release_content import Release
from rules.errors import RulesError
from rules.join_worker import JoinEvaluation, JoinWorker
from rules.joins import Firing

SECONDS = 5.0
_SHOWN = 20


class Confirmer:
    """Starts the engine when it is first needed; one question at a time, from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._worker: JoinWorker | None = None

    def doubt(self, release: Release, asked: tuple[Asked, ...], seconds: float = SECONDS) -> str:
        """Why an answer must not be used, with both answers; empty when all are confirmed."""
        for question in asked:
            if problem := self._doubt(release, question, seconds):
                return problem
        return ""

    def close(self) -> None:
        """End the engine's processes."""
        with self._lock:
            if self._worker is not None:
                self._worker.close()
                self._worker = None

    def _doubt(self, release: Release, question: Asked, seconds: float) -> str:
        if not question.facts:  # nothing can take part in any rule: nobody is asked
            return _both(question, None) if question.firings else ""
        try:
            found = self._evaluate(release, question, seconds / 2)
            if (
                found.engine is None
            ):  # no answer is asked for once more, of the next process; another never is
                found = self._evaluate(release, question, seconds / 2)
        except RulesError as error:
            return str(error)
        if found.is_settled and found.firings == question.firings:
            return ""
        return _both(question, found)

    def _evaluate(self, release: Release, question: Asked, seconds: float) -> JoinEvaluation:
        with self._lock:
            self._worker = self._worker or JoinWorker()
            return self._worker.evaluate(conflict_rules(release), question.facts, seconds)


def _both(question: Asked, found: JoinEvaluation | None) -> str:
    """What both said, in words for the log."""
    status = f"{found.status}: {found.problem}" if found else "DISAGREED"
    engine = found.engine if found else ()
    return f"{status} [engine: {_said(engine)}] [matcher: {_said(question.firings)}]"


def _said(firings: tuple[Firing, ...] | None) -> str:
    if firings is None:
        return "no answer"
    shown = "; ".join(f"{f.rule} for {', '.join(f.facts)}" for f in firings[:_SHOWN])
    more = f"; and {len(firings) - _SHOWN} more" if len(firings) > _SHOWN else ""
    return f"{len(firings)} firings" + (f": {shown}{more}" if firings else "")
