"""
Decisions as log entries, and back.

The envelope is what the log hashes: names, digests, counts; no personal data. Whom the caller
acted for, if for anybody, is in the redactable payload. Snapshot, question and outcome are artifacts, by digest.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property, lru_cache
from types import MappingProxyType
from typing import Any, Self

import msgspec
import orjson

from audit import Artifact, Entry, Filled, Form, Ledger, canonical
from decision_service.decision import (
    Caller,
    Decision,
    DecisionMode,
    DecisionRequest,
    Disposition,
    Fallback,
    Lineage,
    LogPosition,
    Outcome,
    Question,
    Scope,
    scope_of,
)
from decision_service.derived import Followed
from decision_service.engine import engine, engine_bytes, engine_digest
from decision_service.errors import AlreadyExistsError, NotFoundError
from decision_service.usecases.release_content import Release
from optimization.network import Snapshot

DECISION = "decision.v1"
JSON = "application/json"
_OWN = ("name", "request_id", "actor", "trace_id", "seconds")  # what the envelope of each decision says
LARGEST = 256 * 1024  # bytes of an outcome that is remembered, or what follows from it


@dataclass(frozen=True)
class Inputs:
    """The exact bytes that an outcome follows from."""

    snapshot: bytes
    question: bytes
    release: bytes

    @classmethod
    def on(cls, snapshot: Artifact, question: bytes, release: bytes) -> Self:
        """Of a snapshot that is an artifact already: it need not be hashed again."""
        inputs = cls(snapshot.content, question, release)
        inputs.__dict__["asked_on"] = snapshot
        return inputs

    @cached_property
    def asked_on(self) -> Artifact:
        """The snapshot, under its digest."""
        return artifact(self.snapshot)

    @cached_property
    def asked(self) -> Artifact:
        """The question, under its digest."""
        return artifact(self.question)


def artifact(content: bytes) -> Artifact:
    """Canonical bytes, named by their digest."""
    return Artifact.of(JSON, content)


@lru_cache(maxsize=32)
def _shared(*contents: bytes) -> tuple[Artifact, ...]:
    """What many decisions have in common, hashed once."""
    return tuple(map(artifact, contents))


def request_digest(request: DecisionRequest, snapshot_digest: str) -> str:
    """
    Digest of what was asked, by which a repeated request_id is told from a reused one.

    Whom the caller acted for is not in it, for all else can be read in the log: whoever has a list of names would find
    the one that fits, also once it was erased. `asks_the_same` compares that.
    """
    return request.derived("digest", lambda: _digest(request, snapshot_digest, ""))


def _digest(request: DecisionRequest, snapshot_digest: str, on_behalf_of: str) -> str:
    """Earlier versions named here whom the caller acted for; of nobody the digest is what it was."""
    asked = {
        "snapshot": snapshot_digest,
        "mode": request.mode.value,
        "scope": _scope_said(request.scope),
        "release": request.release,
        "on_behalf_of": on_behalf_of,
        "proposals": canonical.digest(canonical.encode_object(request.proposals)),
    }
    return canonical.digest(canonical.encode(asked))


def _scope_said(scope: Scope) -> str | list[str]:
    """A scope that names several kinds is more than its key: all of them say which release governs."""
    return scope.key if len(scope.parts) == 1 else list(scope.parts)


def idempotency_key(actor: str, request_id: str) -> str:
    """Request ids are unique per caller."""
    return f"decide/{actor}/{request_id}"


@dataclass(frozen=True)
class Reached:
    """An outcome as it is logged, and what follows from it alone, each worked out once."""

    content: bytes

    @classmethod
    def by(cls, outcome: Outcome) -> Self:
        """The outcome as it is logged; what was reached just now need not be read back."""
        reached = cls(canonical.encode_object(outcome))
        reached.__dict__["outcome"] = outcome
        return reached

    @cached_property
    def outcome(self) -> Outcome:
        """What follows, decoded."""
        return canonical.decode_object(self.content, Outcome)

    @cached_property
    def artifact(self) -> Artifact:
        """Its canonical bytes, under their digest."""
        return artifact(self.content)

    @cached_property
    def in_envelope(self) -> Mapping[str, Any]:
        """What the envelope of a decision says of it."""
        outcome = self.outcome
        return {
            "outcome_digest": self.artifact.digest,
            "verdict": outcome.verdict.value,
            "approved": outcome.count(Disposition.APPROVED),
            "referred": outcome.count(Disposition.REFERRED),
            "blocked": outcome.count(Disposition.BLOCKED),
            "value": repr(outcome.value),
            "rules": sorted({row for e in outcome.evaluations for row in e.rows}),
        }


@dataclass(frozen=True)
class Filed(Followed):
    """
    What decisions on the same question have in common, as it is logged.

    Parameters
    ----------
    common
        Of the envelope what is not a decision's own.
    lineage
        As well.
    """

    request_digest: str
    artifacts: tuple[Artifact, ...]
    common: Mapping[str, Any]
    payload: bytes
    requires: Mapping[str, str | None]
    lineage: Mapping[str, Any]

    def form(self, parents: tuple[str, ...], held: Mapping[str, str | None]) -> Form:
        """What such a decision fills in; also what it follows up and what is held go with many."""

        def draw() -> Form:
            common, requires = {**self.common, "parents": list(parents)}, {**self.requires, **held}
            return Form(DECISION, common, _OWN, self.payload, self.artifacts, self.request_digest, requires)

        return self.derived(("form", parents, *held.items()), draw)


class Deliberation(msgspec.Struct, frozen=True, dict=True):
    """All that goes into a decision, what came out, how many seconds that took, and in which mode."""

    request: DecisionRequest
    caller: Caller
    release: Release
    inputs: Inputs
    reached: Reached
    parents: tuple[str, ...] = ()
    seconds: float = 0.0
    fallback: Fallback = Fallback.NONE

    @property
    def filed(self) -> Filed:
        """
        What it has in common with others that ask the same and reach the same.

        Kept with the request, for it holds the snapshot: an outcome is small, and would keep a large one alive. A plan,
        which may be large, is reached once.
        """
        known: Filed | None = self.__dict__.get("filed_as")
        if known is None:
            outcome = self.reached.artifact.digest
            of = ("filed", self.inputs.question, self.release.digest, self.fallback, outcome)
            is_small = len(self.reached.content) <= LARGEST
            may_come_again = self.request.mode is DecisionMode.JUDGE and is_small
            known = self.request.derived(of, lambda: _file(self)) if may_come_again else _file(self)
            self.__dict__["filed_as"] = known
        return known


def _file(made: Deliberation) -> Filed:
    request, release = made.request, made.release
    digest = request_digest(request, made.inputs.asked_on.digest)
    snapshot, question, result = made.inputs.asked_on, made.inputs.asked, made.reached.artifact
    common = {
        "snapshot_digest": snapshot.digest,
        "release": release.name,
        "release_digest": release.digest,
        "engine_digest": engine_digest(),
        "request_digest": digest,
    }
    envelope: dict[str, Any] = {
        "mode": request.mode.value,
        "scope": request.scope.key,
        "question_digest": question.digest,
        "fallback": "" if made.fallback is Fallback.NONE else made.fallback.value,
        **made.reached.in_envelope,
        **common,
    }
    if len(request.scope.parts) > 1:
        envelope["scope_parts"] = list(request.scope.parts)
    lineage = {
        "outcome_digest": result.digest,
        "engine": engine(),
        "sources": request.snapshot.sources,
        "on_behalf_of": request.on_behalf_of,
        "fallback": made.fallback,
        **common,
    }
    return Filed(
        digest,
        # The release travels along, so that an export of one decision holds all that it was made from.
        (snapshot, question, result, *_shared(made.inputs.release, engine_bytes())),
        envelope,
        canonical.encode({"on_behalf_of": request.on_behalf_of}) if request.on_behalf_of else b"",
        {f"revoked/{release.digest}": None},
        lineage,
    )


def new_entry(name: str, made: Deliberation, held: Mapping[str, str | None] = MappingProxyType({})) -> Filled:
    """The entry that makes a decision durable; refused if its release was revoked meanwhile, or what is held moved."""
    request_id, caller = made.request.request_id, made.caller
    own = {
        "name": name,
        "request_id": request_id,
        "actor": caller.subject,
        "trace_id": caller.trace_id,
        "seconds": f"{made.seconds:.3f}",
    }
    return made.filed.form(made.parents, held).fill(name, idempotency_key(caller.subject, request_id), own)


def decision_of(made: Deliberation, entry: Entry | None = None) -> Decision:
    """What is logged, with the name and place that its entry gives it."""
    request, caller = made.request, made.caller
    lineage = Lineage(
        actor=caller.subject, parents=made.parents, trace_id=caller.trace_id, **made.filed.lineage
    )
    name, position = (entry.subject, position_of(entry)) if entry else ("", None)
    return Decision(
        name, request.request_id, request.mode, request.scope, made.reached.outcome, lineage, position
    )


def envelope_of(entry: Entry) -> Mapping[str, Any]:
    """The envelope as a mapping."""
    return _read_envelope(entry.envelope)


@lru_cache(maxsize=4)  # who follows the log asks several times of one entry, and for every order of it
def _read_envelope(envelope: bytes) -> Mapping[str, Any]:
    return MappingProxyType(orjson.loads(envelope))


def read_decision(ledger: Ledger, entry: Entry) -> Decision:
    """The decision that an entry and its artifacts record."""
    e = envelope_of(entry)
    outcome = canonical.decode_object(ledger.artifact(e["outcome_digest"]).content, Outcome)
    snapshot = canonical.decode_object(ledger.artifact(e["snapshot_digest"]).content, Snapshot)
    lineage = Lineage(
        snapshot_digest=e["snapshot_digest"],
        release=e["release"],
        release_digest=e["release_digest"],
        engine_digest=e["engine_digest"],
        outcome_digest=e["outcome_digest"],
        request_digest=e["request_digest"],
        actor=e["actor"],
        engine=orjson.loads(ledger.artifact(e["engine_digest"]).content),
        parents=tuple(e["parents"]),
        sources=snapshot.sources,
        on_behalf_of=acted_for(ledger, entry.seq),
        trace_id=e["trace_id"],
        fallback=Fallback(e.get("fallback") or Fallback.NONE),
    )
    mode, scope = DecisionMode(e["mode"]), scope_of(*e.get("scope_parts", (e["scope"],)))
    return Decision(e["name"], e["request_id"], mode, scope, outcome, lineage, position_of(entry))


def acted_for(ledger: Ledger, seq: int) -> str:
    """Whom the caller of a decision acted for; empty for nobody, and when that was erased."""
    payload = ledger.payload(seq)
    return str(orjson.loads(payload)["on_behalf_of"]) if payload else ""


def asks_the_same(ledger: Ledger, entry: Entry, request: DecisionRequest, snapshot_digest: str) -> bool:
    """Whether a request asks what an entry with its idempotency key answered, for the same person."""
    said = entry.header.key_digest
    is_same = said == request_digest(request, snapshot_digest) or (
        said == _digest(request, snapshot_digest, request.on_behalf_of)
    )
    return is_same and _is_for_the_same(ledger, entry, request)


def _is_for_the_same(ledger: Ledger, entry: Entry, request: DecisionRequest) -> bool:
    """Also where nobody can tell, for it was erased."""
    if not entry.payload_commitment:
        return not request.on_behalf_of
    payload = ledger.payload(entry.seq)
    return payload is None or request.on_behalf_of == orjson.loads(payload).get("on_behalf_of", "")


def reused(request: DecisionRequest) -> AlreadyExistsError:
    """Says that another request had this request_id."""
    return AlreadyExistsError(
        f"request_id `{request.request_id}` was used for another request; give every request its own",
        "REQUEST_ID_REUSED",
        {"request_id": request.request_id},
    )


def read_inputs(ledger: Ledger, entry: Entry) -> Inputs:
    """The exact bytes that the decision was made from."""
    e = envelope_of(entry)
    digests = (e["snapshot_digest"], e["question_digest"], e["release_digest"])
    return Inputs(*(ledger.artifact(digest).content for digest in digests))


def position_of(entry: Entry) -> LogPosition:
    """Where the entry stands."""
    recorded: datetime = entry.recorded_at
    return LogPosition(entry.seq, entry.leaf_hash.hex(), recorded)


def find_decision(ledger: Ledger, name: str) -> Entry:
    """
    The entry of a decision.

    Raises
    ------
    NotFoundError
        No decision has this name.
    """
    for entry in ledger.by_subject(name):
        if entry.kind == DECISION:
            return entry
    raise NotFoundError("decision", name)


def question_of(inputs: Inputs) -> Question:
    """What was asked."""
    return canonical.decode_object(inputs.question, Question)


def question_in(ledger: Ledger, entry: Entry) -> Question:
    """What was asked, of a decision's entry."""
    return canonical.decode_object(ledger.artifact(envelope_of(entry)["question_digest"]).content, Question)
