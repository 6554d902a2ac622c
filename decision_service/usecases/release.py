"""
The life of a release: published, proposed, approved, activated, rolled back, revoked.

Every step is a log entry, and the pointer it moves (`state/...`, `active/...`, `revoked/...`)
changes by compare-and-swap in the same transaction: two people cannot activate at once, and no
decision of a revoked release can be logged after the revocation.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from audit import Entry, Ledger, NewEntry, PointerMovedError, canonical
from decision_service.decision import Caller, Scope, scope_of
from decision_service.errors import (
    AlreadyExistsError,
    FieldViolation,
    ForbiddenError,
    InvalidRequestError,
    MovedError,
    NotFoundError,
    PreconditionError,
)
from decision_service.usecases import records
from decision_service.usecases.release_content import Release, ReleaseContent, compile_release
from rules import CharterError, check_ruleset, run_tests

PUBLISHED, PROPOSED, APPROVED = "release-published.v1", "release-proposed.v1", "release-approved.v1"
ACTIVATED, ROLLED_BACK, REVOKED = "activation.v1", "rollback.v1", "revocation.v1"


class ReleaseState(StrEnum):
    """Where a release stands in its life."""

    CHECKED = "CHECKED"
    PROPOSED = "PROPOSED"
    APPROVED = "APPROVED"
    ACTIVE = "ACTIVE"
    SUPERSEDED = "SUPERSEDED"
    REVOKED = "REVOKED"


@dataclass(frozen=True, slots=True)
class ReleaseRecord:
    """A release as the log tells its life."""

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


@dataclass(frozen=True, slots=True)
class Releases:
    """All releases of a log."""

    ledger: Ledger
    now: Callable[[], datetime]
    _compiled: dict[str, Release] = field(default_factory=dict)

    # --- reading -----------------------------------------------------------------------------

    def governing(self, scope: Scope, pinned: str, on: date) -> Release:
        """
        The release to decide under: the pinned one, or the active one of the most specific scope.

        Raises
        ------
        PreconditionError
            None is active, or the pinned one is revoked or not yet approved.
        """
        name = pinned or self._active(scope)
        release = self.load(name)
        if self.ledger.pointer(f"revoked/{release.digest}"):
            raise PreconditionError(f"`{name}` is revoked; roll back or activate another", "RELEASE_REVOKED")
        if self.ledger.pointer(f"state/{name}") != ReleaseState.APPROVED:
            raise PreconditionError(f"`{name}` is not approved", "RELEASE_NOT_APPROVED")
        if release.ruleset.effective and release.ruleset.effective > on:
            raise PreconditionError(
                f"`{name}` is effective from {release.ruleset.effective}", "RELEASE_NOT_EFFECTIVE"
            )
        return release

    def load(self, name: str) -> Release:
        """The compiled release of a name."""
        digest = self.ledger.pointer(f"release/{name}")
        if digest is None:
            raise NotFoundError("release", name)
        if digest not in self._compiled:
            content = canonical.decode_object(self.ledger.artifact(digest).content, ReleaseContent)
            self._compiled[digest] = compile_release(content)
        return self._compiled[digest]

    def get(self, name: str) -> ReleaseRecord:
        """A release with its files."""
        release = self.load(name)
        return self._record(release, dict(release.content.files))

    def all(self) -> tuple[ReleaseRecord, ...]:
        """All releases, newest first."""
        names = [pointer.removeprefix("release/") for pointer in self.ledger.pointers("release/")]
        found = [self._record(self.load(name), {}) for name in names]
        return tuple(sorted(found, key=lambda r: (r.published_at, r.name), reverse=True))

    # --- writing -----------------------------------------------------------------------------

    def check(self, content: ReleaseContent) -> tuple[Release, tuple[str, ...]]:
        """
        Compile, lint and test; the release and its warnings.

        Raises
        ------
        InvalidRequestError
            The files do not compile, a test fails, or a row is not covered.
        """
        release = compile_release(content)
        report = run_tests(release.ruleset)
        if report.failures:
            raise InvalidRequestError(
                tuple(FieldViolation("files", str(f)) for f in report.failures), "POLICY_TESTS_FAIL"
            )
        return release, tuple(str(finding) for finding in check_ruleset(release.ruleset, release.charter))

    def publish(self, content: ReleaseContent, caller: Caller) -> tuple[ReleaseRecord, tuple[str, ...]]:
        """Freeze the files; the same files again return the same release."""
        release, warnings = self.check(content)
        pointer = f"release/{release.name}"
        known = self.ledger.pointer(pointer)
        if known == release.digest:
            return self.get(release.name), warnings
        if known is not None:
            raise AlreadyExistsError(
                f"`{release.name}` is published with other content; raise the version",
                "RELEASE_VERSION_TAKEN",
            )
        state = f"state/{release.name}"
        self._append(
            PUBLISHED,
            release.name,
            caller,
            {"digest": release.digest},
            requires={pointer: None, state: None},
            sets={pointer: release.digest, state: ReleaseState.CHECKED.value},
            content=content.encode(),
        )
        return self.get(release.name), warnings

    def propose(self, name: str, caller: Caller) -> ReleaseRecord:
        """Ask for approval."""
        self.load(name)
        state = f"state/{name}"
        self._expect(name, (ReleaseState.CHECKED,))
        self._append(
            PROPOSED,
            name,
            caller,
            {},
            requires={state: ReleaseState.CHECKED.value},
            sets={state: ReleaseState.PROPOSED.value},
        )
        return self.get(name)

    def approve(self, name: str, caller: Caller) -> ReleaseRecord:
        """
        Approve somebody else's release; with the charter's quorum it may be activated.

        Raises
        ------
        ForbiddenError
            The caller published or proposed it, has approved it already, or does not belong to the
            role that owns the policy set.
        """
        record = self.get(name)
        self._expect(name, (ReleaseState.PROPOSED,))
        members, quorum = self._approval_rule(self.load(name))
        if caller.subject in (record.publisher, record.proposer, *record.approvers):
            raise ForbiddenError(
                f"`{caller.subject}` published, proposed or approved `{name}`: another person must approve",
                "FOUR_EYES",
            )
        if caller.subject not in members:
            raise ForbiddenError(f"`{caller.subject}` does not belong to `{record.owner}`", "NOT_THE_OWNER")
        state, count = f"state/{name}", f"approvals/{name}"
        given = len(record.approvers) + 1
        reached = given >= quorum
        self._append(
            APPROVED,
            name,
            caller,
            {"approvals": given},
            requires={state: ReleaseState.PROPOSED.value, count: str(given - 1) if given > 1 else None},
            sets={
                count: str(given),
                **({state: ReleaseState.APPROVED.value} if reached else {}),
            },
        )
        return self.get(name)

    def activate(
        self, name: str, scope: Scope, caller: Caller, *, expected: str = "", reason: str = ""
    ) -> tuple[ReleaseRecord, str]:
        """Let an approved release govern a scope; returns it and the one that governed before."""
        self._expect(name, (ReleaseState.APPROVED,))
        self._refuse_revoked(name)
        return self._govern(ACTIVATED, name, scope, caller, expected=expected, reason=reason)

    def roll_back(
        self, scope: Scope, caller: Caller, *, target: str = "", reason: str
    ) -> tuple[ReleaseRecord, str]:
        """
        Let the release that governed before govern again: a new activation of it.

        Raises
        ------
        PreconditionError
            Nothing governed the scope before, or the target never did.
        """
        current = self.ledger.pointer(f"active/{scope.key}") or ""
        earlier = [n for n in self._history(scope) if n != current and not self._is_revoked(n)]
        if not earlier:
            raise PreconditionError(f"no earlier release governed `{scope.key}`", "NOTHING_TO_ROLL_BACK_TO")
        name = target or earlier[-1]
        if name not in earlier:
            raise PreconditionError(f"`{name}` never governed `{scope.key}`", "NOT_AN_EARLIER_RELEASE")
        return self._govern(ROLLED_BACK, name, scope, caller, expected=current, reason=reason)

    def revoke(self, name: str, reason: str, caller: Caller) -> ReleaseRecord:
        """Withdraw for good; a release that governs must be rolled back first."""
        release = self.load(name)
        governs = [key for key, active in self._actives().items() if active == name]
        if governs:
            raise PreconditionError(
                f"`{name}` governs {', '.join(governs)}; roll back or activate another first",
                "RELEASE_GOVERNS",
            )
        pointer = f"revoked/{release.digest}"
        self._append(
            REVOKED, name, caller, {"reason": reason}, requires={pointer: None}, sets={pointer: "true"}
        )
        return self.get(name)

    # --- inside ------------------------------------------------------------------------------

    def _govern(  # noqa: PLR0913 - an activation says all of this
        self, kind: str, name: str, scope: Scope, caller: Caller, *, expected: str, reason: str
    ) -> tuple[ReleaseRecord, str]:
        pointer = f"active/{scope.key}"
        current = self.ledger.pointer(pointer)
        if expected and expected != (current or ""):
            raise MovedError(f"`{current}` governs `{scope.key}`, not `{expected}`", "ACTIVATION_MOVED")
        revoked = f"revoked/{self.load(name).digest}"
        self._append(
            kind,
            name,
            caller,
            {"scope": scope.key, "from": current or "", "to": name, "reason": reason},
            requires={pointer: current, revoked: None},
            sets={pointer: name},
        )
        return self.get(name), current or ""

    def _append(  # noqa: PLR0913 - the parts of an entry
        self,
        kind: str,
        name: str,
        caller: Caller,
        facts: Mapping[str, Any],
        *,
        requires: Mapping[str, str | None],
        sets: Mapping[str, str | None],
        content: bytes | None = None,
    ) -> None:
        envelope = {"release": name, "actor": caller.subject, "trace_id": caller.trace_id, **facts}
        artifacts = (records.artifact(content),) if content is not None else ()
        try:
            self.ledger.append(
                NewEntry(kind, name, envelope, artifacts=artifacts, requires=requires, sets=sets)
            )
        except PointerMovedError as error:
            raise MovedError(f"`{name}` changed meanwhile ({error}); look again", "RELEASE_MOVED") from error

    def _record(self, release: Release, files: Mapping[str, str]) -> ReleaseRecord:
        life = self.ledger.by_subject(release.name)
        by_kind: dict[str, list[Entry]] = {}
        for entry in life:
            by_kind.setdefault(entry.kind, []).append(entry)
        actors = {k: tuple(records.envelope_of(e)["actor"] for e in found) for k, found in by_kind.items()}
        return ReleaseRecord(
            name=release.name,
            policy=release.ruleset.name,
            version=release.ruleset.version,
            digest=release.digest,
            owner=release.ruleset.owner,
            effective=release.ruleset.effective.isoformat() if release.ruleset.effective else "",
            state=self._state(release, by_kind),
            publisher=actors[PUBLISHED][0],
            published_at=by_kind[PUBLISHED][0].recorded_at,
            proposer=actors.get(PROPOSED, ("",))[-1],
            approvers=actors.get(APPROVED, ()),
            scopes=tuple(scope_of(k) for k, active in self._actives().items() if active == release.name),
            files=files,
        )

    def _state(self, release: Release, life: Mapping[str, Any]) -> ReleaseState:
        if self.ledger.pointer(f"revoked/{release.digest}"):
            return ReleaseState.REVOKED
        if release.name in self._actives().values():
            return ReleaseState.ACTIVE
        if ACTIVATED in life or ROLLED_BACK in life:
            return ReleaseState.SUPERSEDED
        return ReleaseState(self.ledger.pointer(f"state/{release.name}") or ReleaseState.CHECKED)

    def _active(self, scope: Scope) -> str:
        for key in scope.candidates:
            if name := self.ledger.pointer(f"active/{key}"):
                return name
        raise PreconditionError(f"no release governs `{scope.key}`; activate one", "NO_ACTIVE_RELEASE")

    def _actives(self) -> Mapping[str, str]:
        return {k.removeprefix("active/"): v for k, v in self.ledger.pointers("active/").items()}

    def _history(self, scope: Scope) -> list[str]:
        """Releases that governed a scope, oldest first."""
        found = []
        for pointer in self.ledger.pointers("release/"):
            for entry in self.ledger.by_subject(pointer.removeprefix("release/")):
                if entry.kind in (ACTIVATED, ROLLED_BACK):
                    envelope = records.envelope_of(entry)
                    if envelope["scope"] == scope.key:
                        found.append((entry.seq, envelope["to"]))
        return [name for _, name in sorted(found)]

    def _is_revoked(self, name: str) -> bool:
        return self.ledger.pointer(f"revoked/{self.load(name).digest}") is not None

    def _refuse_revoked(self, name: str) -> None:
        if self._is_revoked(name):
            raise PreconditionError(f"`{name}` is revoked", "RELEASE_REVOKED")

    def _expect(self, name: str, states: tuple[ReleaseState, ...]) -> None:
        state = self.ledger.pointer(f"state/{name}")
        if state is None:
            raise NotFoundError("release", name)
        if state not in states:
            raise PreconditionError(f"`{name}` is {state}, not {' or '.join(states)}", f"RELEASE_{state}")

    def _approval_rule(self, release: Release) -> tuple[frozenset[str], int]:
        """
        Who may approve a release and how many must: by the charter that governs now, at first its own.

        No release lowers its own bar.

        Raises
        ------
        PreconditionError
            The charter does not know the owner: nobody could approve.
        """
        active = self.ledger.pointer("active/*")
        charter, owner = (self.load(active) if active else release).charter, release.ruleset.owner
        try:
            return frozenset(charter.members(owner, self.now().date())), charter.quorum(owner)
        except CharterError as error:
            raise PreconditionError(f"the owner `{owner}`: {error}", "OWNER_NOT_IN_CHARTER") from error
