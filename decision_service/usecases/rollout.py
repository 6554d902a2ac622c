"""
An approved release at work: watched in the shadow, tried on a share, active, rolled back, revoked.

Every step is a log entry, and the pointer it moves (`shadow/...`, `canary/...`, `active/...`,
`upcoming/...`, `revoked/...`) changes by compare-and-swap in the same transaction: two people cannot
activate at once, and no decision of a revoked release can be logged after the revocation.
Decisions in flight are untouched: they keep the release they began with, unless it was revoked.
"""

from dataclasses import dataclass

from msgspec.structs import replace

from audit import Entry, NewEntry
from decision_service.decision import Caller, Scope
from decision_service.errors import FieldViolation, InvalidRequestError, MovedError, PreconditionError
from decision_service.usecases import records
from decision_service.usecases.open_waves import require_open_wave
from decision_service.usecases.release import Releases
from decision_service.usecases.release_life import (
    ACTIVATED,
    CANARY_STARTED,
    CANARY_STOPPED,
    REVOKED,
    ROLLED_BACK,
    SHADOW_STARTED,
    SHADOW_STOPPED,
    Canary,
    Placement,
    ReleaseRecord,
    ReleaseState,
    step,
)


@dataclass(frozen=True, slots=True)
class Rollout:
    """Steps of approved releases."""

    releases: Releases

    def activate(
        self, name: str, scope: Scope, caller: Caller, *, expected: str = "", reason: str = ""
    ) -> tuple[ReleaseRecord, str]:
        """
        Let an approved release govern a scope; returns it and the one that governed before.

        From its effective day, when that is still to come: until then nothing changes.
        """
        self.releases.expect(name, (ReleaseState.APPROVED,))
        self.releases.refuse_unfit(self.releases.load(name))
        return self._govern(ACTIVATED, name, scope, caller, expected=expected, reason=reason)

    def roll_back(
        self, scope: Scope, caller: Caller, *, target: str = "", reason: str, expected: str = ""
    ) -> tuple[ReleaseRecord, str]:
        """
        Let the release that governed before govern again: a new activation of it.

        Raises
        ------
        PreconditionError
            Nothing governed the scope before, or the target never did.
        MovedError
            Another release governs than the `expected` one.
        """
        current = self.releases.placement().active.get(scope.key, "")
        if expected and expected != current:
            raise MovedError(f"`{current}` governs `{scope.key}`, not `{expected}`", "ACTIVATION_MOVED")
        if target:
            require_open_wave(self.releases, target, scope)
        earlier = self.earlier(scope, current)
        if not earlier:
            raise PreconditionError(f"no earlier release governed `{scope.key}`", "NOTHING_TO_ROLL_BACK_TO")
        name = target or earlier[-1]
        if name not in earlier:
            raise PreconditionError(f"`{name}` never governed `{scope.key}`", "NOT_AN_EARLIER_RELEASE")
        return self._govern(ROLLED_BACK, name, scope, caller, expected=current, reason=reason)

    def revoke(self, name: str, reason: str, caller: Caller) -> ReleaseRecord:
        """
        Withdraw for good, in whatever state: nothing is decided or logged under it any more.

        Where it governs, no decision is made until another release is activated or rolled back to:
        no release takes over that nobody chose. Shadows, canaries and activations to come end.
        """
        release, placement = self.releases.load(name), self.releases.placement()
        self.releases.refuse_revoked(release)
        ended = {
            **{f"shadow/{key}": n for key, n in placement.shadow.items() if n == name},
            **{f"canary/{key}": c.pointer for key, c in placement.canaries.items() if c.release == name},
            **{f"upcoming/{key}": n for key, n in placement.upcoming.items() if n == name},
        }
        governs = sorted(key for key, active in placement.active.items() if active == name)
        pointer = f"revoked/{release.digest}"
        self.releases.append(
            REVOKED,
            name,
            caller,
            {"reason": reason, "governed": governs, "ended": sorted(ended)},
            requires={pointer: None, **ended},
            sets={pointer: "true", **dict.fromkeys(ended)},
        )
        return self.releases.get(name)

    # --- trials ------------------------------------------------------------------------------

    def start_shadow(self, name: str, scope: Scope, caller: Caller, *, reason: str = "") -> ReleaseRecord:
        """
        Let an approved release decide on the same inputs as whatever governs the scope; never executed.

        Raises
        ------
        PreconditionError
            Another release is watched on the scope already.
        """
        release = self._fit(name)
        pointer = f"shadow/{scope.key}"
        if (other := self.releases.ledger.pointer(pointer)) and other != name:
            raise PreconditionError(f"`{other}` is in the shadow of `{scope.key}`; stop it", "SHADOW_TAKEN")
        self.releases.append(
            SHADOW_STARTED,
            name,
            caller,
            {"scope": scope.key, "reason": reason},
            requires={pointer: other, f"revoked/{release}": None},
            sets={pointer: name},
        )
        return self.releases.get(name)

    def stop_shadow(self, scope: Scope, caller: Caller, *, reason: str = "") -> ReleaseRecord:
        """End the shadow of a scope; what it found stays in the log."""
        pointer = f"shadow/{scope.key}"
        name = self.releases.ledger.pointer(pointer)
        if name is None:
            raise PreconditionError(f"no release is in the shadow of `{scope.key}`", "NO_SHADOW")
        said = {"scope": scope.key, "reason": reason}
        self.releases.append(
            SHADOW_STOPPED, name, caller, said, requires={pointer: name}, sets={pointer: None}
        )
        return self.releases.get(name)

    def start_canary(
        self, name: str, scope: Scope, share: float, caller: Caller, *, reason: str = ""
    ) -> ReleaseRecord:
        """
        Let an approved release govern a share of a scope's requests; again with another share moves it.

        Parameters
        ----------
        share
            Above 0 and at most 1; requests are chosen by a stable hash of release and request id.

        Raises
        ------
        PreconditionError
            Another release is tried on the scope already.
        """
        if not 0.0 < share <= 1.0:
            raise InvalidRequestError((FieldViolation("share", f"`{share}`: give above 0 and at most 1"),))
        release, pointer, opened = self._fit(name), f"canary/{scope.key}", self._opened(name, scope)
        before, canary = self.releases.placement().canaries.get(scope.key), Canary(name, scope, share)
        if before is not None and before.release != name:
            raise PreconditionError(
                f"`{before.release}` is tried on `{scope.key}`; stop it first", "CANARY_TAKEN"
            )
        self.releases.append(
            CANARY_STARTED,
            name,
            caller,
            {"scope": scope.key, "share": repr(share), "reason": reason},
            requires={pointer: before.pointer if before else None, f"revoked/{release}": None, **opened},
            sets={pointer: canary.pointer},
        )
        return self.releases.get(name)

    def stop_canary(self, scope: Scope, caller: Caller, *, reason: str = "") -> ReleaseRecord:
        """Let what governs the scope govern all of it again."""
        pointer, canary = f"canary/{scope.key}", self.releases.placement().canaries.get(scope.key)
        if canary is None:
            raise PreconditionError(f"no release is tried on `{scope.key}`", "NO_CANARY")
        said = {"scope": scope.key, "reason": reason}
        self.releases.append(
            CANARY_STOPPED,
            canary.release,
            caller,
            said,
            requires={pointer: canary.pointer},
            sets={pointer: None},
        )
        return self.releases.get(canary.release)

    # --- inside ------------------------------------------------------------------------------

    def _fit(self, name: str) -> str:
        """Digest of an approved and signed release."""
        self.releases.expect(name, (ReleaseState.APPROVED,))
        release = self.releases.load(name)
        self.releases.refuse_unfit(release)
        return release.digest

    def _opened(self, name: str, scope: Scope) -> dict[str, str | None]:
        return require_open_wave(self.releases, name, scope)

    def _may_return(self, name: str, scope: Scope) -> bool:
        """Whether an earlier release may govern a scope again."""
        if self._is_revoked(name):
            return False
        try:
            self._opened(name, scope)
        except PreconditionError:
            return False
        return True

    def _govern(  # noqa: PLR0913 - an activation says all of this
        self, kind: str, name: str, scope: Scope, caller: Caller, *, expected: str, reason: str
    ) -> tuple[ReleaseRecord, str]:
        opened = self._opened(name, scope)
        new, current = self.activation(kind, name, scope, caller, expected=expected, reason=reason)
        self.releases.append_all(name, (replace(new, requires={**new.requires, **opened}),))
        return self.releases.get(name), current

    def activation(  # noqa: PLR0913 - an activation says all of this
        self, kind: str, name: str, scope: Scope, caller: Caller, *, expected: str = "", reason: str
    ) -> tuple[NewEntry, str]:
        """
        The entry by which a release governs a scope, and the release that governed before.

        Raises
        ------
        MovedError
            Another release governs than was expected.
        """
        release, key = self.releases.load(name), scope.key
        # Before what is judged by them: what moves in between is refused by the append.
        pointers = {p: self.releases.ledger.pointer(p) for p in (f"active/{key}", f"upcoming/{key}")}
        placement = self.releases.placement()
        current = placement.active.get(key, "")
        if expected and expected != current:
            raise MovedError(f"`{current}` governs `{key}`, not `{expected}`", "ACTIVATION_MOVED")
        today = self.releases.now().date()
        waits = release.ruleset.effective is not None and release.ruleset.effective > today
        said = {"scope": key, "from": current, "to": name, "reason": reason}
        moved: dict[str, str | None] = {f"upcoming/{key}": name}
        if waits:
            said["effective"] = release.ruleset.effective.isoformat()
        else:
            # The latest word holds: what was to follow is gone, and its own trials are over.
            moved = {f"active/{key}": name, f"upcoming/{key}": None} | self._trials(name, placement, key)
        requires = {**pointers, f"revoked/{release.digest}": None}
        return step(kind, name, caller, said, requires=requires, sets=moved), current

    def _trials(self, name: str, placement: Placement, key: str) -> dict[str, str | None]:
        """Shadow and canary of the release on the scope it governs now."""
        canary = placement.canaries.get(key)
        ended = [f"shadow/{key}"] if placement.shadow.get(key) == name else []
        ended += [f"canary/{key}"] if canary is not None and canary.release == name else []
        return dict.fromkeys(ended)

    def earlier(self, scope: Scope, current: str) -> list[str]:
        """Releases that governed a scope before and may again, oldest first."""
        return [n for n in self.history(scope) if n != current and self._may_return(n, scope)]

    def last_good(self, scope: Scope) -> str:
        """
        The release to fall back to: governed before, and not rolled back since it was last activated; may be empty.
        """
        left: set[str] = set()
        for entry in self.activations(scope):
            e = records.envelope_of(entry)
            left = (left | {e["from"]} if entry.kind == ROLLED_BACK else left) - {e["to"]}
        current = self.releases.placement().active.get(scope.key, "")
        good = [name for name in self.earlier(scope, current) if name not in left]
        return good[-1] if good else ""

    def history(self, scope: Scope) -> list[str]:
        """Releases that governed a scope, oldest first; who waited for its day and was overtaken did not."""
        found: list[str] = []
        waiting, from_day = "", ""
        for entry in self.activations(scope):
            envelope, day = records.envelope_of(entry), entry.recorded_at.date().isoformat()
            if waiting and from_day <= day:
                found.append(waiting)
            waiting, from_day = "", envelope.get("effective", "")
            if from_day:
                waiting = envelope["to"]
            else:
                found.append(envelope["to"])
        if waiting and from_day <= self.releases.now().date().isoformat():
            found.append(waiting)
        return found

    def activations(self, scope: Scope) -> list[Entry]:
        """Activations and rollbacks of a scope, in the order of the log."""
        names = [p.removeprefix("release/") for p in self.releases.ledger.pointers("release/")]
        steps = [
            entry
            for name in names
            for entry in self.releases.ledger.by_subject(name)
            if entry.kind in (ACTIVATED, ROLLED_BACK) and records.envelope_of(entry)["scope"] == scope.key
        ]
        return sorted(steps, key=lambda entry: entry.seq)

    def _is_revoked(self, name: str) -> bool:
        return self.releases.ledger.pointer(f"revoked/{self.releases.load(name).digest}") is not None
