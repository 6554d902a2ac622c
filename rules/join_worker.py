"""
Join rules on the engine, in a process that can be killed, beside our own answer.

`JoinWorker.evaluate` asks both. Only when they agree is there an answer; a disagreement, a deadline, a
fault or a dead process is a result that says so and carries both answers, so that the caller
can fail closed, log it and refer to a person. A spare process waits warm: after a kill the next
question is answered without starting an interpreter.
"""

import multiprocessing
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from types import TracebackType
from typing import Self, TypeAlias

from rules.errors import RulesError
from rules.join_encoding import Batch, EncodedRule, encode_facts, encode_rule
from rules.join_facts import JoinFact, check_unique
from rules.join_matcher import JoinMatcher
from rules.joins import Firing, JoinRule

MOST_HANDLES = 2_000  # the engine keeps the memory of every handle; then the process is replaced
MOST_SECONDS = 60.0
_PATIENCE_FOR_START = 30.0  # seconds a new interpreter may take before it counts as dead
_Job: TypeAlias = tuple[str, str, tuple[str, ...]]
_Answer: TypeAlias = tuple[str, list[list[tuple[str, ...]]], int]


class JoinStatus(StrEnum):
    """Whether there is an answer."""

    AGREED = "AGREED"
    DISAGREED = "DISAGREED"
    TIMED_OUT = "TIMED_OUT"
    ENGINE_FAULT = "ENGINE_FAULT"


@dataclass(frozen=True, slots=True)
class JoinEvaluation:
    """
    What the rules say of the facts.

    Parameters
    ----------
    firings
        By the order of the rules, then of the ids; empty unless both agreed.
    engine, matcher
        Both answers in the same order; the engine's is None when it gave none.
    problem
        Why there is no answer, for the log; empty when there is one.
    """

    status: JoinStatus
    firings: tuple[Firing, ...]
    engine: tuple[Firing, ...] | None
    matcher: tuple[Firing, ...]
    problem: str = ""

    @property
    def is_settled(self) -> bool:
        """Whether the firings may be acted on; otherwise a person decides."""
        return self.status is JoinStatus.AGREED


class _Process:
    """One worker process and our end of its pipe."""

    def __init__(self) -> None:
        context = multiprocessing.get_context("spawn")
        self.connection, theirs = context.Pipe()
        self.process: SpawnProcess = context.Process(target=serve, args=(theirs,), daemon=True)
        self.process.start()
        theirs.close()
        self._ready = False

    def ask(self, jobs: list[_Job], deadline: float) -> _Answer | None:
        """The answer, or None when it does not come in time; EOFError when the process died."""
        self._await_start()
        self.connection.send(jobs)
        if not self.connection.poll(deadline):
            return None
        answer: _Answer = self.connection.recv()
        return answer

    def _await_start(self) -> None:
        """The first message says that the engine is loaded; loading is no part of a deadline."""
        if not self._ready:
            if not self.connection.poll(_PATIENCE_FOR_START):
                raise EOFError
            self._ready = bool(self.connection.recv())

    def kill(self) -> None:
        self.process.kill()
        self.process.join()
        self.connection.close()


class JoinWorker:
    """
    Evaluates join rules; use it in a `with` block, from one thread at a time.

    Nothing it holds belongs to a decision: two processes, and rules prepared once.
    """

    def __init__(self) -> None:
        self._active = _Process()
        self._spare = _Process()
        self._prepared: dict[int, tuple[JoinRule, JoinMatcher, EncodedRule]] = {}
        self.replacements = 0

    def __enter__(self) -> Self:
        """The worker itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End both processes."""
        self.close()

    def close(self) -> None:
        """End both processes."""
        self._active.kill()
        self._spare.kill()

    def evaluate(
        self, rules: tuple[JoinRule, ...], facts: tuple[JoinFact, ...], deadline: float
    ) -> JoinEvaluation:
        """
        Both answers to one question.

        Parameters
        ----------
        deadline
            Seconds the engine may take, above 0 and at most `MOST_SECONDS`.

        Raises
        ------
        JoinFactError, JoinLimitError
            Facts that cannot be encoded, or a rule that holds too often: refused before the engine is asked.
        """
        if not 0 < deadline <= MOST_SECONDS:
            raise RulesError(f"deadline `{deadline}`: give above 0 and at most {MOST_SECONDS} seconds")
        check_unique(facts)
        prepared = [self._prepare(rule) for rule in rules]
        ours = tuple(firing for _, matcher, _ in prepared for firing in matcher.match(facts))
        batches = [encode_facts(rule, facts) for rule, _, _ in prepared]
        jobs = [
            (encoded.handle, encoded.definition, tuple(batch.facts for batch in of_rule))
            for (_, _, encoded), of_rule in zip(prepared, batches, strict=True)
        ]
        if not any(
            of_rule for of_rule in batches
        ):  # nothing can take part: the engine is never given nothing
            return _compare((), ours)
        return self._ask(jobs, deadline, list(zip(rules, batches, strict=True)), ours)

    def _prepare(self, rule: JoinRule) -> tuple[JoinRule, JoinMatcher, EncodedRule]:
        """Matcher and encoding by identity of the rule, which is kept alive so that the identity holds."""
        key = id(rule)
        if key not in self._prepared:
            if len(self._prepared) >= MOST_HANDLES:
                self._prepared.clear()
            self._prepared[key] = (rule, JoinMatcher(rule), encode_rule(rule))
        return self._prepared[key]

    def _ask(
        self,
        jobs: list[_Job],
        deadline: float,
        asked: list[tuple[JoinRule, tuple[Batch, ...]]],
        ours: tuple[Firing, ...],
    ) -> JoinEvaluation:
        try:
            answer = self._active.ask(jobs, deadline)
        except (EOFError, OSError):
            self._replace()
            return JoinEvaluation(JoinStatus.ENGINE_FAULT, (), None, ours, "the engine's process died")
        if answer is None:
            self._replace()
            return JoinEvaluation(JoinStatus.TIMED_OUT, (), None, ours, f"no answer within {deadline} s")
        problem, found, handles = answer
        if problem or handles > MOST_HANDLES:
            self._replace()
        if problem:
            return JoinEvaluation(JoinStatus.ENGINE_FAULT, (), None, ours, problem)
        return _compare(tuple(_decode(asked, found)), ours)

    def _replace(self) -> None:
        """The spare takes over, and a new spare starts while it works."""
        self._active.kill()
        self._active, self._spare = self._spare, _Process()
        self.replacements += 1


def _decode(
    asked: list[tuple[JoinRule, tuple[Batch, ...]]], found: list[list[tuple[str, ...]]]
) -> Iterator[Firing]:
    answers = iter(found)
    for rule, batches in asked:
        firings = [
            Firing(rule.name, tuple(batch.ids[id_] for id_ in ids))
            for batch in batches
            for ids in next(answers)
        ]
        yield from sorted(firings)


def _compare(engine: tuple[Firing, ...], matcher: tuple[Firing, ...]) -> JoinEvaluation:
    if engine == matcher:
        return JoinEvaluation(JoinStatus.AGREED, matcher, engine, matcher)
    differing = sorted(set(engine) ^ set(matcher))
    first = (
        f"first `{differing[0].rule}` for {', '.join(differing[0].facts)}"
        if differing
        else "in how often they fire"
    )
    problem = f"the engine found {len(engine)} firings and the matcher {len(matcher)}; they differ {first}"
    return JoinEvaluation(JoinStatus.DISAGREED, (), engine, matcher, problem)


def serve(connection: Connection) -> None:
    """What runs in the worker process: answer questions until the pipe closes."""
    from rules.durable_guard import DurableGuard  # noqa: PLC0415  # only this process loads the engine

    guard = DurableGuard()
    connection.send(True)
    while True:
        try:
            jobs: list[_Job] = connection.recv()
        except EOFError:
            return
        try:
            found = [guard.run(name, rule, facts) for name, rule, batches in jobs for facts in batches]
            connection.send(("", found, guard.handles))
        except RulesError as error:
            connection.send((str(error), [], guard.handles))
