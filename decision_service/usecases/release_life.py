"""
What the log knows of a release: its states, the entries that tell its life, and where it governs.

    DRAFT -> CHECKED -> PROPOSED -> APPROVED -> (SHADOW) -> (CANARY) -> ACTIVE -> SUPERSEDED
    REVOKED from any

Pointers: `state/NAME` is DRAFT to APPROVED; `shadow/SCOPE`, `canary/SCOPE`, `active/SCOPE` and `upcoming/SCOPE`
(active from its effective day) say where an approved release is at work; `waves/NAME` says how many waves are
open; `revoked/DIGEST` ends it.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from audit import Entry, Ledger, NewEntry
from decision_service.decision import Caller, Scope, scope_of
from decision_service.usecases import records
from decision_service.usecases.release_content import Release

PUBLISHED, CHECKED = "release-published.v1", "release-checked.v1"
PROPOSED, APPROVED = "release-proposed.v1", "release-approved.v1"
ACTIVATED, ROLLED_BACK, REVOKED = "activation.v1", "rollback.v1", "revocation.v1"
SHADOW_STARTED, SHADOW_STOPPED = "shadow-started.v1", "shadow-stopped.v1"
CANARY_STARTED, CANARY_STOPPED = "canary-started.v1", "canary-stopped.v1"
DEACTIVATED = "activation-ended.v1"
WAVE_OPENED, WAVE_REFUSED, WAVE_TAKEN_BACK = "wave-opened.v1", "wave-refused.v1", "wave-taken-back.v1"
WAVE_PAUSED, WAVE_RESUMED = "waves-paused.v1", "waves-resumed.v1"
_BITS = 53  # of the hash: what a float tells apart


class ReleaseState(StrEnum):
    """Where a release stands in its life."""

    DRAFT = "DRAFT"
    CHECKED = "CHECKED"
    PROPOSED = "PROPOSED"
    APPROVED = "APPROVED"
    SHADOW = "SHADOW"
    CANARY = "CANARY"
    ACTIVE = "ACTIVE"
    SUPERSEDED = "SUPERSEDED"
    REVOKED = "REVOKED"


@dataclass(frozen=True, slots=True)
class Canary:
    """
    A release that governs part of a scope.

    Parameters
    ----------
    share
        Of the requests, above 0 and at most 1; which ones is a stable hash of release and request id.
    """

    release: str
    scope: Scope
    share: float

    @property
    def pointer(self) -> str:
        """As the log keeps it."""
        return f"{self.release} {self.share!r}"

    def takes(self, request_id: str) -> bool:
        """Whether the request is among its share: the same answer whenever it is asked."""
        digest = hashlib.sha256(f"{self.release}\n{request_id}".encode()).digest()
        return (int.from_bytes(digest[:8], "big") >> (64 - _BITS)) / 2.0**_BITS < self.share


def read_canary(scope_key: str, pointer: str) -> Canary:
    """The canary of a pointer: ``read_canary(c.scope.key, c.pointer) == c``."""
    release, _, share = pointer.rpartition(" ")
    return Canary(release, scope_of(scope_key), float(share))


@dataclass(frozen=True, slots=True)
class ReleaseRecord:
    """
    A release as the log tells its life.

    Parameters
    ----------
    scopes, upcoming, shadows, canaries
        Where it governs, will govern from its effective day, is watched, and governs a share.
    signature
        Signed note over name and digest; empty before it is approved.
    """

    name: str
    policy: str
    version: str
    digest: str
    owner: str
    effective: str
    state: ReleaseState
    publisher: str
    published_at: datetime
    proposer: str = ""
    approvers: tuple[str, ...] = ()
    scopes: tuple[Scope, ...] = ()
    files: Mapping[str, str] = field(default_factory=dict)
    upcoming: tuple[Scope, ...] = ()
    shadows: tuple[Scope, ...] = ()
    canaries: tuple[Canary, ...] = ()
    signature: str = ""
    quorum: int = 0


@dataclass(frozen=True, slots=True)
class Placement:
    """Where releases are at work on a day: release by scope key, canaries by scope key."""

    active: Mapping[str, str]
    upcoming: Mapping[str, str]
    shadow: Mapping[str, str]
    canaries: Mapping[str, Canary]


def placement_of(ledger: Ledger, effective: Mapping[str, date], on: date) -> Placement:
    """
    As the pointers say, with what became effective by now.

    Parameters
    ----------
    effective
        First day of the releases that are to govern later, by name.
    """
    active, waiting = _pointers(ledger, "active/"), _pointers(ledger, "upcoming/")
    due = {key: name for key, name in waiting.items() if effective[name] <= on}
    canaries = {key: read_canary(key, value) for key, value in _pointers(ledger, "canary/").items()}
    upcoming = {key: name for key, name in waiting.items() if key not in due}
    return Placement({**active, **due}, upcoming, _pointers(ledger, "shadow/"), canaries)


def _pointers(ledger: Ledger, prefix: str) -> dict[str, str]:
    return {k.removeprefix(prefix): v for k, v in ledger.pointers(prefix).items()}


def record_of(
    ledger: Ledger, release: Release, placement: Placement, quorum: int, files: Mapping[str, str]
) -> ReleaseRecord:
    """The record of a published release."""
    life: dict[str, list[Entry]] = {}
    for entry in ledger.by_subject(release.name):
        life.setdefault(entry.kind, []).append(entry)
    actors = {kind: _actors(life.get(kind, [])) for kind in (PUBLISHED, PROPOSED, APPROVED)}
    name = release.name
    return ReleaseRecord(
        name=name,
        policy=release.ruleset.name,
        version=release.ruleset.version,
        digest=release.digest,
        owner=release.ruleset.owner,
        effective=release.ruleset.effective.isoformat() if release.ruleset.effective else "",
        state=_state(ledger, release, placement, life),
        publisher=actors[PUBLISHED][0],
        published_at=life[PUBLISHED][0].recorded_at,
        proposer=("", *actors[PROPOSED])[-1],
        approvers=actors[APPROVED],
        scopes=_scopes(placement.active, name),
        files=files,
        upcoming=_scopes(placement.upcoming, name),
        shadows=_scopes(placement.shadow, name),
        canaries=tuple(c for c in placement.canaries.values() if c.release == name),
        signature=_signature(ledger, name),
        quorum=quorum,
    )


def _actors(entries: list[Entry]) -> tuple[str, ...]:
    """Who took the steps. Only of our own: a legal hold on a release has its name too."""
    return tuple(records.envelope_of(entry)["actor"] for entry in entries)


def step(  # noqa: PLR0913 - the parts of an entry
    kind: str,
    name: str,
    caller: Caller,
    facts: Mapping[str, Any],
    *,
    requires: Mapping[str, str | None],
    sets: Mapping[str, str | None],
) -> NewEntry:
    """A step in the life of a release, as an entry still to be logged."""
    envelope = {"release": name, "actor": caller.subject, "trace_id": caller.trace_id, **facts}
    return NewEntry(kind, name, envelope, requires=requires, sets=sets)


def _scopes(by_key: Mapping[str, str], name: str) -> tuple[Scope, ...]:
    return tuple(scope_of(key) for key, release in by_key.items() if release == name)


def _signature(ledger: Ledger, name: str) -> str:
    digest = ledger.pointer(f"signature/{name}")
    return ledger.artifact(digest).content.decode() if digest else ""


def _state(
    ledger: Ledger, release: Release, placement: Placement, life: Mapping[str, object]
) -> ReleaseState:
    """The furthest it has come; revoked beats everything."""
    name = release.name
    if ledger.pointer(f"revoked/{release.digest}"):
        return ReleaseState.REVOKED
    if name in placement.active.values():
        return ReleaseState.ACTIVE
    if any(canary.release == name for canary in placement.canaries.values()):
        return ReleaseState.CANARY
    if name in placement.shadow.values():
        return ReleaseState.SHADOW
    has_governed = (ACTIVATED in life or ROLLED_BACK in life) and name not in placement.upcoming.values()
    if has_governed:
        return ReleaseState.SUPERSEDED
    return ReleaseState(ledger.pointer(f"state/{name}") or ReleaseState.DRAFT)
