"""
Which releases are watched: canaries beside what governs, and what was activated in the place of another.

A release that came back by a rollback is not watched: it was good enough before. Nor is the first one
of a scope: there is nothing to go back to.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, time
from enum import StrEnum

from audit import Entry
from decision_service.decision import Scope, scope_of
from decision_service.usecases import records
from decision_service.usecases.release import Releases
from decision_service.usecases.release_life import (
    ACTIVATED,
    CANARY_STARTED,
    CANARY_STOPPED,
    Placement,
)
from decision_service.usecases.rollout import Rollout


class WatchKind(StrEnum):
    """How the release is at work."""

    CANARY = "CANARY"
    ACTIVE = "ACTIVE"


@dataclass(frozen=True, slots=True)
class Watch:
    """
    A release that is watched.

    Parameters
    ----------
    other
        What it is held against, and what is gone back to.
    since, place
        When and where in the log it began.
    """

    kind: WatchKind
    release: str
    other: str
    scope: Scope
    since: datetime
    place: int

    @property
    def name(self) -> str:
        """Unique for ever: where it began."""
        return f"watches/{self.place}"


def watches(rollout: Rollout) -> tuple[Watch, ...]:
    """All watches, in the order of their scopes."""
    placement = rollout.releases.placement()
    found = (*_canaries(rollout.releases, placement), *_active(rollout, placement))
    return tuple(sorted(found, key=lambda w: (w.scope.key, w.place)))


def _canaries(releases: Releases, placement: Placement) -> Iterator[Watch]:
    for key, canary in placement.canaries.items():
        other = next((placement.active[k] for k in scope_of(key).candidates if k in placement.active), "")
        started = _started(releases, canary.release, key)
        if other and other != canary.release and started is not None:
            yield Watch(
                WatchKind.CANARY, canary.release, other, canary.scope, started.recorded_at, started.seq
            )


def _started(releases: Releases, release: str, key: str) -> Entry | None:
    """Where its trial on the scope began: a change of the share goes on with it."""
    found: Entry | None = None
    for entry in releases.ledger.by_subject(release):
        if entry.kind not in (CANARY_STARTED, CANARY_STOPPED) or records.envelope_of(entry)["scope"] != key:
            continue
        found = None if entry.kind == CANARY_STOPPED else (found or entry)
    return found


def _active(rollout: Rollout, placement: Placement) -> Iterator[Watch]:
    for key, release in placement.active.items():
        scope = scope_of(key)
        steps = [e for e in rollout.activations(scope) if records.envelope_of(e)["to"] == release]
        if not steps or steps[-1].kind != ACTIVATED:
            continue
        last, e = steps[-1], records.envelope_of(steps[-1])
        if e["from"] and e["from"] != release:
            yield Watch(
                WatchKind.ACTIVE, release, e["from"], scope, _from(last, e.get("effective", "")), last.seq
            )


def _from(entry: Entry, effective: str) -> datetime:
    """The activation, or the day from which it held."""
    if not effective:
        return entry.recorded_at
    day = datetime.combine(datetime.fromisoformat(effective).date(), time(), UTC)
    return max(entry.recorded_at, day)
