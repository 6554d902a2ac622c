"""
A release until it may govern: published, checked, proposed, approved and signed; and which one governs.

Every step is a log entry, and the pointer it moves changes by compare-and-swap in the same
transaction: two people cannot take the same step at once. `rollout` says what follows.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from msgspec.structs import replace

from audit import Ledger, NewEntry, PointerMovedError, canonical
from decision_service.decision import Caller, Scope
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
from decision_service.usecases.recent import derived
from decision_service.usecases.release_choice import Choice
from decision_service.usecases.release_content import Release, ReleaseContent, compile_release
from decision_service.usecases.release_life import (
    ACTIVATED,
    APPROVED,
    CHECKED,
    PROPOSED,
    PUBLISHED,
    ROLLED_BACK,
    Placement,
    ReleaseRecord,
    ReleaseState,
    placement_of,
    record_of,
    step,
)
from decision_service.usecases.release_outputs import check_outputs
from decision_service.usecases.release_signature import ReleaseSigner
from decision_service.usecases.wave_measures import check_waves
from rules import CharterError, check_ruleset, run_tests

__all__ = ["ACTIVATED", "APPROVED", "PROPOSED", "PUBLISHED", "ROLLED_BACK", "Releases"]


@dataclass(frozen=True, slots=True)
class Releases:
    """All releases of a log."""

    ledger: Ledger
    now: Callable[[], datetime]
    signing: ReleaseSigner
    _compiled: dict[str, Release] = field(default_factory=dict)
    _signed: set[str] = field(default_factory=set)

    # --- reading -----------------------------------------------------------------------------

    def governing(self, scope: Scope, pinned: str, on: date, request_id: str = "") -> Release:
        """
        The release to decide under: the pinned one, or the one of the most specific scope.

        Parameters
        ----------
        request_id
            Decides whether a canary takes the request.

        Raises
        ------
        PreconditionError
            None governs, or the one that does is revoked, not approved, not signed or not effective.
        """

        def one_for_all() -> Release | None:
            if not pinned and self._choice.has_canary(scope):
                return None
            return self._fit(pinned or self._choice.at_work(scope, on, ""), on)

        release = derived(self.ledger, ("governing", scope, pinned, on), one_for_all)
        return release or self._fit(self._choice.at_work(scope, on, request_id), on)

    def _fit(self, name: str, on: date) -> Release:
        release = self.load(name)
        self.refuse_unfit(release)
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
        return self._record(release, self.placement(), dict(release.content.files))

    def all(self) -> tuple[ReleaseRecord, ...]:
        """All releases, newest first."""
        names, placement = self.ledger.pointers("release/"), self.placement()
        found = [self._record(self.load(n.removeprefix("release/")), placement, {}) for n in names]
        return tuple(sorted(found, key=lambda r: (r.published_at, r.name), reverse=True))

    def placement(self) -> Placement:
        """Where releases are at work today."""
        waiting = self.ledger.pointers("upcoming/").values()
        effective = {name: self.load(name).ruleset.effective for name in waiting}
        return placement_of(self.ledger, effective, self.now().date())

    # --- writing -----------------------------------------------------------------------------

    def check(self, content: ReleaseContent) -> tuple[Release, tuple[str, ...]]:
        """
        Compile, test and lint; the release and its warnings.

        Raises
        ------
        InvalidRequestError
            The files do not compile, a rule says what the service cannot act on, a gate asks for what nobody measures, a
            test fails, or a row has neither test nor waiver.
        """
        release = compile_release(content)
        check_waves(release.charter)
        check_outputs(release.ruleset)
        report = run_tests(release.ruleset)
        if report.failures:
            raise InvalidRequestError(
                tuple(FieldViolation("files", str(f)) for f in report.failures), "POLICY_TESTS_FAIL"
            )
        if uncovered := report.open_on(self.now().date()):
            problem = f"rows without a test: {', '.join(uncovered)}; test them, or record a waiver"
            raise InvalidRequestError((FieldViolation("files", problem),), "POLICY_NOT_COVERED")
        return release, tuple(str(finding) for finding in check_ruleset(release.ruleset, release.charter))

    def publish(
        self, content: ReleaseContent, caller: Caller, *, is_draft: bool = False
    ) -> tuple[ReleaseRecord, tuple[str, ...]]:
        """
        Freeze the files; the same files again return the same release.

        A draft only has to compile, and may be published again with other content until it is checked.
        """
        release, warnings = (compile_release(content), ()) if is_draft else self.check(content)
        pointer, state = f"release/{release.name}", f"state/{release.name}"
        known, stands = self.ledger.pointer(pointer), self.ledger.pointer(state)
        if known == release.digest and (is_draft or stands != ReleaseState.DRAFT):
            return self.get(release.name), warnings
        if known is not None and stands != ReleaseState.DRAFT:
            raise AlreadyExistsError(
                f"`{release.name}` is published with other content; raise the version",
                "RELEASE_VERSION_TAKEN",
            )
        if known is not None:
            self.refuse_revoked(self.load(release.name))
        reached = ReleaseState.DRAFT if is_draft else ReleaseState.CHECKED
        self.append(
            PUBLISHED,
            release.name,
            caller,
            {"digest": release.digest, "state": reached.value},
            requires={pointer: known, state: stands},
            sets={pointer: release.digest, state: reached.value},
            artifacts=(content.encode(),),
        )
        return self.get(release.name), warnings

    def check_draft(self, name: str, caller: Caller) -> tuple[ReleaseRecord, tuple[str, ...]]:
        """A draft that passes its tests with every row covered may be proposed."""
        release = self.load(name)
        self.expect(name, (ReleaseState.DRAFT,))
        _, warnings = self.check(release.content)
        pointer, state = f"release/{name}", f"state/{name}"
        self.append(
            CHECKED,
            name,
            caller,
            {"digest": release.digest, "warnings": len(warnings)},
            requires={state: ReleaseState.DRAFT.value, pointer: release.digest},
            sets={state: ReleaseState.CHECKED.value},
        )
        return self.get(name), warnings

    def propose(self, name: str, caller: Caller) -> ReleaseRecord:
        """Ask for approval."""
        self.load(name)
        state = f"state/{name}"
        self.expect(name, (ReleaseState.CHECKED,))
        self.append(
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
        Approve somebody else's release; with the charter's quorum it is signed and may be activated.

        Raises
        ------
        ForbiddenError
            The caller published or proposed it, has approved it already, or does not belong to the
            role that owns the policy set.
        """
        release, record = self.load(name), self.get(name)
        self.expect(name, (ReleaseState.PROPOSED,))
        members, quorum = self._approval_rule(release)
        if caller.subject in self._involved(name):
            raise ForbiddenError(
                f"`{caller.subject}` published, proposed or approved `{name}`: another person must approve",
                "FOUR_EYES",
            )
        if caller.subject not in members:
            raise ForbiddenError(f"`{caller.subject}` does not belong to `{record.owner}`", "NOT_THE_OWNER")
        approvers = (*record.approvers, caller.subject)
        self._append_approval(release, caller, approvers, is_enough=len(approvers) >= quorum)
        return self.get(name)

    def signature(self, release: Release, approvers: tuple[str, ...]) -> bytes:
        """The signed note of an approved release."""
        return self.signing.sign(release.name, release.digest, approvers).encode()

    # --- steps of all kinds ------------------------------------------------------------------

    def append(  # noqa: PLR0913 - the parts of an entry
        self,
        kind: str,
        name: str,
        caller: Caller,
        facts: Mapping[str, Any],
        *,
        requires: Mapping[str, str | None],
        sets: Mapping[str, str | None],
        artifacts: tuple[bytes, ...] = (),
    ) -> None:
        """
        Log a step and move its pointers together.

        Raises
        ------
        MovedError
            A pointer is not what it was when the step was decided on.
        """
        kept = tuple(records.artifact(content) for content in artifacts)
        new = step(kind, name, caller, facts, requires=requires, sets=sets)
        self.append_all(name, (replace(new, artifacts=kept),))

    def append_all(self, name: str, steps: tuple[NewEntry, ...]) -> None:
        """As `append`, several steps: all of them or none."""
        try:
            self.ledger.append_all(steps)
        except PointerMovedError as error:
            raise MovedError(f"`{name}` changed meanwhile ({error}); look again", "RELEASE_MOVED") from error

    def expect(self, name: str, states: tuple[ReleaseState, ...]) -> None:
        """
        Refuse a step that the state does not allow.

        Raises
        ------
        NotFoundError, PreconditionError
            No such release; revoked, or in another state.
        """
        state = self.ledger.pointer(f"state/{name}")
        if state is None:
            raise NotFoundError("release", name)
        self.refuse_revoked(self.load(name))
        if state not in states:
            raise PreconditionError(f"`{name}` is {state}, not {' or '.join(states)}", f"RELEASE_{state}")

    # --- inside ------------------------------------------------------------------------------

    @property
    def _choice(self) -> Choice:
        return Choice(self.ledger, lambda name: self.load(name).ruleset.effective)

    def _record(self, release: Release, placement: Placement, files: Mapping[str, str]) -> ReleaseRecord:
        try:
            quorum = self._approval_rule(release)[1]
        except PreconditionError:
            quorum = 0  # nobody could approve it; approving says why
        return record_of(self.ledger, release, placement, quorum, files)

    def _append_approval(
        self, release: Release, caller: Caller, approvers: tuple[str, ...], *, is_enough: bool
    ) -> None:
        name, given = release.name, len(approvers)
        state, count = f"state/{name}", f"approvals/{name}"
        notes = (self.signature(release, approvers),) if is_enough else ()
        signed = {f"signature/{name}": canonical.digest(note) for note in notes}
        self.append(
            APPROVED,
            name,
            caller,
            {"approvals": given, "digest": release.digest},
            requires={state: ReleaseState.PROPOSED.value, count: str(given - 1) if given > 1 else None},
            sets={
                count: str(given),
                **({state: ReleaseState.APPROVED.value} if is_enough else {}),
                **signed,
            },
            artifacts=notes,
        )

    def _involved(self, name: str) -> frozenset[str]:
        """Everybody who published, proposed or approved it."""
        kinds = (PUBLISHED, PROPOSED, APPROVED)
        steps = (e for e in self.ledger.by_subject(name) if e.kind in kinds)
        return frozenset(records.envelope_of(entry)["actor"] for entry in steps)

    def refuse_revoked(self, release: Release) -> None:
        """Nothing happens any more with a revoked release."""
        if self.ledger.pointer(f"revoked/{release.digest}"):
            raise PreconditionError(
                f"`{release.name}` is revoked; roll back or activate another", "RELEASE_REVOKED"
            )

    def refuse_unfit(self, release: Release) -> None:
        """Revoked, not approved, or not signed for what it is."""
        name = release.name
        self.refuse_revoked(release)
        if self.ledger.pointer(f"state/{name}") != ReleaseState.APPROVED:
            raise PreconditionError(f"`{name}` is not approved", "RELEASE_NOT_APPROVED")
        digest = self.ledger.pointer(f"signature/{name}")
        if digest is None:
            raise PreconditionError(f"`{name}` is not signed", "RELEASE_NOT_SIGNED")
        if (checked := f"{digest} {release.digest}") not in self._signed:
            self.signing.check(self.ledger.artifact(digest).content.decode(), name, release.digest)
            self._signed.add(checked)

    def _approval_rule(self, release: Release) -> tuple[frozenset[str], int]:
        """
        Who may approve a release and how many must: by the charter that governs now, at first its own.

        No release lowers its own bar.

        Raises
        ------
        PreconditionError
            The charter does not know the owner: nobody could approve.
        """
        active = self.placement().active.get("*")
        charter, owner = (self.load(active) if active else release).charter, release.ruleset.owner
        try:
            return frozenset(charter.members(owner, self.now().date())), charter.quorum(owner)
        except CharterError as error:
            raise PreconditionError(f"the owner `{owner}`: {error}", "OWNER_NOT_IN_CHARTER") from error
