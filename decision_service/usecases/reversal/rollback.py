"""
A rollback: planned, approved under its digest by another person, executed once.

    plan      what would be done to which order at what cost: immutable, named by its digest
    approve   another person says yes to exactly this digest
    execute   plans again and stops if the world moved; else freezes the scopes, acts in pieces that
              each name the versions they were planned for, and resumes after a crash where it was
    finish    what was decided anew is noted, the scopes thaw

Every step moves the pointer `rollback/NAME`, so two executions cannot interleave, and one that is
done adds nothing when it is run again.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from uuid_utils import uuid7

from audit import Artifact, Ledger, NewEntry, PointerMovedError
from decision_service.decision import Caller
from decision_service.errors import (
    ForbiddenError,
    MovedError,
    NotFoundError,
    PreconditionError,
)
from decision_service.usecases.approvals.book import OrderBook, OrderFilter
from decision_service.usecases.approvals.order_events import MANY
from decision_service.usecases.freezing import FROZEN, LAST_FROZEN, frozen_scopes, is_executing
from decision_service.usecases.reversal.actions import (
    STEPS,
    Action,
    Rates,
    action_for,
    read_lines,
)
from decision_service.usecases.reversal.plan import check, differences, fields, plan_artifact, totals
from decision_service.usecases.reversal.record import (
    ACTED,
    APPROVED,
    FINISHED,
    PLANNED,
    STARTED,
    STOPPED,
    Affected,
    RollbackRecord,
    RollbackState,
    record_of,
)

PIECE = 1000  # orders an entry
TOGETHER = 10  # entries a transaction: others wait for no more than that
SHOWN = 20  # differences that are named
R = RollbackState


@dataclass(frozen=True, slots=True)
class Opening:
    """Pointers that hold and move in the entry of a plan: what opened it happens with it or not at all."""

    requires: Mapping[str, str | None]
    sets: Mapping[str, str | None]


@dataclass(frozen=True, slots=True)
class Rollbacks:
    """All rollbacks of decisions of a log."""

    ledger: Ledger
    book: OrderBook
    now: Callable[[], datetime]

    # --- reading -----------------------------------------------------------------------------

    def get(self, name: str) -> RollbackRecord:
        """A rollback."""
        if self.ledger.pointer(f"rollback/{name}") is None:
            raise NotFoundError("rollback", name)
        return record_of(name, self.ledger.by_subject(name), self.ledger.pointer(f"rollback/{name}") or "")

    def all(self) -> tuple[RollbackRecord, ...]:
        """All, newest first."""
        names = (p.removeprefix("rollback/") for p in self.ledger.pointers("rollback/"))
        return tuple(sorted((self.get(n) for n in names), key=lambda r: r.planned_at, reverse=True))

    def actions(self, record: RollbackRecord) -> tuple[Action, ...]:
        """The plan, order by order."""
        plan = orjson.loads(self.ledger.artifact(record.digest).content)
        return read_lines(plan["actions"], plan["scopes"])

    # --- writing -----------------------------------------------------------------------------

    def plan(
        self,
        affected: Affected,
        rates: Rates,
        reason: str,
        caller: Caller,
        opening: Callable[[str], Opening] | None = None,
    ) -> RollbackRecord:
        """
        What undoing would do; kept in the log, nothing else happens.

        Parameters
        ----------
        opening
            From the plan's name, what moves with it.

        Raises
        ------
        InvalidRequestError
            Nothing restricts the plan, or a rate is not a share.
        PreconditionError
            Nothing is left to undo.
        """
        check(affected, rates)
        size = self.ledger.size
        last = size - 1 if affected.last is None else min(affected.last, size - 1)
        pinned = Affected(**{**fields(affected), "last": last})
        actions = self._actions(pinned, rates, caller)
        if not actions:
            raise PreconditionError("nothing of this is left to undo", "NOTHING_TO_UNDO")
        name, plan = f"rollbacks/{uuid7()}", plan_artifact(pinned, rates, actions)
        facts = {
            "digest": plan.digest,
            "affected": pinned.facts(),
            "rates": {"cancel": repr(rates.cancel), "compensate": repr(rates.compensate)},
            "totals": [[t.kind.value, t.orders, repr(t.value), repr(t.cost)] for t in totals(actions)],
            "scopes": sorted({a.scope for a in actions}),
            "reason": reason,
            "log_size": size,
        }
        also = opening(name) if opening else Opening({}, {})
        self._append(
            PLANNED, name, caller, facts, None, R.PLANNED,
            requires=also.requires, sets=also.sets, artifacts=(plan,),
        )  # fmt: skip
        return self.get(name)

    def approve(self, name: str, digest: str, caller: Caller) -> RollbackRecord:
        """
        Say yes to somebody else's plan, to exactly this one.

        Raises
        ------
        ForbiddenError
            The caller planned it.
        PreconditionError
            It is not waiting for approval, or the digest is another one.
        """
        record = self.get(name)
        _require_visible(record, caller)
        if caller.subject == record.planned_by:
            raise ForbiddenError(
                f"`{caller.subject}` planned `{name}`: another person must approve", "FOUR_EYES"
            )
        _require_state(record, (R.PLANNED,))
        _require_digest(record, digest)
        self._append(APPROVED, name, caller, {"digest": digest}, R.PLANNED, R.APPROVED)
        return self.get(name)

    def act(self, name: str, digest: str, caller: Caller) -> RollbackRecord:
        """
        Do what was approved, to every order as it was planned; what is done already is not done again.

        Raises
        ------
        PreconditionError
            Not approved, another digest, or the world moved since: the rollback is stopped then.
        """
        record = self.get(name)
        _require_visible(record, caller)
        _require_digest(record, digest)
        if record.state in (R.ACTED, R.FINISHED):
            return record
        _require_state(record, (R.APPROVED, R.RUNNING))
        actions = self._confirmed(record, caller)
        if record.state is R.APPROVED:
            self._start(record, caller)
        for start in range(record.acted, len(actions), PIECE * TOGETHER):
            self._act_on(record, actions[start : start + PIECE * TOGETHER], start, caller)
        self._move(name, f"{R.RUNNING} {len(actions)}", R.ACTED, caller, ACTED, {"done": len(actions)})
        return self.get(name)

    def finish(self, name: str, redecided: tuple[str, ...], caller: Caller) -> RollbackRecord:
        """Note what was decided anew, and let the scopes thaw."""
        record = self.get(name)
        if record.state is R.FINISHED:
            return record
        _require_state(record, (R.ACTED,))
        said = {"redecided": list(redecided)}
        self._move(name, R.ACTED, R.FINISHED, caller, FINISHED, said, sets=self._thaw(record))
        return self.get(name)

    # --- inside ------------------------------------------------------------------------------

    def _actions(self, affected: Affected, rates: Rates, caller: Caller) -> list[Action]:
        decisions = affected.decisions
        if affected.rollback:
            decisions = (*decisions, *self.get(affected.rollback).redecided)
            if not decisions:
                raise PreconditionError(f"`{affected.rollback}` decided nothing anew", "NOTHING_TO_UNDO")
        wanted = OrderFilter(
            release=affected.release,
            scope=affected.scope,
            item=affected.item,
            supplier=affected.supplier,
            since=affected.since,
            until=affected.until,
            first=affected.first,
            last=affected.last,
            decisions=decisions,
            scopes=_granted(affected.scopes, caller.scopes),
        )
        found = (action_for(standing, rates) for standing in self.book.standings(wanted))
        return [action for action in found if action]

    def _start(self, record: RollbackRecord, caller: Caller) -> None:
        """Freeze what is affected, in the entry that starts the execution; a trip's freeze is taken over."""
        frozen = {f"{FROZEN}{scope}": record.name for scope in record.scopes}
        now = {pointer: self.ledger.pointer(pointer) for pointer in frozen}
        taken = {
            p: holder if holder and not is_executing(self.ledger, holder) else None
            for p, holder in now.items()
        }
        try:
            self._append(
                STARTED, record.name, caller, {"scopes": list(record.scopes)}, R.APPROVED, f"{R.RUNNING} 0",
                requires=taken, sets={**frozen, LAST_FROZEN: record.name},
            )  # fmt: skip
        except PointerMovedError as error:
            raise PreconditionError(f"a scope is frozen by another rollback ({error}); finish it first", "SCOPE_FROZEN") from error  # fmt: skip

    def _confirmed(self, record: RollbackRecord, caller: Caller) -> tuple[Action, ...]:
        """The plan's actions, once planning again gives those that are left; else the rollback ends."""
        now = self._actions(record.affected, record.rates, caller)
        if not record.acted and plan_artifact(record.affected, record.rates, now).digest == record.digest:
            return tuple(now)
        actions = self.actions(record)
        if moved := differences(actions[record.acted :], now):
            self._stop(record, moved, caller)
        return actions

    def _act_on(self, record: RollbackRecord, some: tuple[Action, ...], start: int, caller: Caller) -> None:
        """Several pieces in one transaction: all of them or none."""
        pieces = [
            self._piece(record, some[first : first + PIECE], start + first, caller)
            for first in range(0, len(some), PIECE)
        ]
        try:
            self.ledger.append_all(tuple(pieces))
        except PointerMovedError as error:
            if error.pointer == f"rollback/{record.name}":
                raise MovedError(
                    f"`{record.name}` is being executed by somebody else", "ROLLBACK_MOVED"
                ) from error
            self._stop(
                self.get(record.name), (f"{error.pointer.removeprefix('order/')}: moved meanwhile",), caller
            )

    def _piece(
        self, record: RollbackRecord, some: tuple[Action, ...], start: int, caller: Caller
    ) -> NewEntry:
        pointer = f"rollback/{record.name}"
        envelope = {
            "rollback": record.name,
            "actor": caller.subject,
            "trace_id": caller.trace_id,
            "reason": record.reason,
            "approved_by": record.approved_by,
            "first": start,
            "orders": [f"{STEPS[a.kind]} {a.decision} {a.order}" for a in some],
        }
        names = [a.pointer for a in some]
        requires = {n: None if a.mark.startswith("0 ") else a.mark for n, a in zip(names, some, strict=True)}
        sets = {n: a.mark_after for n, a in zip(names, some, strict=True)}
        return NewEntry(
            MANY,
            record.name,
            envelope,
            requires={**requires, pointer: f"{R.RUNNING} {start}"},
            sets={**sets, pointer: f"{R.RUNNING} {start + len(some)}"},
        )

    def _stop(self, record: RollbackRecord, moved: tuple[str, ...], caller: Caller) -> None:
        """The plan does not fit the world any more: it ends, the scopes thaw, another plan is needed."""
        before = R.APPROVED if record.state is R.APPROVED else f"{R.RUNNING} {record.acted}"
        thaw = self._thaw(record) if record.state is R.RUNNING else {}
        facts = {"differences": list(moved[:SHOWN]), "count": len(moved), "acted": record.acted}
        self._move(record.name, before, f"{R.STOPPED} {record.acted}", caller, STOPPED, facts, sets=thaw)
        raise PreconditionError(
            f"the world moved since `{record.name}` was planned: {len(moved)} orders, the first {moved[0]}; "
            f"{record.acted} orders were acted on before; plan again",
            "WORLD_MOVED",
            {"differences": str(len(moved)), "first": moved[0]},
        )

    def _thaw(self, record: RollbackRecord) -> dict[str, None]:
        """Everything that is frozen in its name."""
        held = (key for key, holder in frozen_scopes(self.ledger).items() if holder == record.name)
        return dict.fromkeys((f"{FROZEN}{key}" for key in held), None)

    def _move(  # noqa: PLR0913 - from, to, by whom and what else
        self,
        name: str,
        before: str,
        after: str,
        caller: Caller,
        kind: str,
        facts: Mapping[str, Any],
        *,
        sets: Mapping[str, str | None] | None = None,
    ) -> None:
        try:
            self._append(kind, name, caller, facts, before, after, sets=sets or {})
        except PointerMovedError as error:
            raise MovedError(f"`{name}` moved meanwhile; look again", "ROLLBACK_MOVED") from error

    def _append(  # noqa: PLR0913 - the parts of an entry
        self,
        kind: str,
        name: str,
        caller: Caller,
        facts: Mapping[str, Any],
        before: str | None,
        after: str,
        *,
        requires: Mapping[str, str | None] | None = None,
        sets: Mapping[str, str | None] | None = None,
        artifacts: tuple[Artifact, ...] = (),
    ) -> None:
        pointer = f"rollback/{name}"
        envelope = {"rollback": name, "actor": caller.subject, "trace_id": caller.trace_id, **facts}
        self.ledger.append(
            NewEntry(
                kind,
                name,
                envelope,
                artifacts=artifacts,
                requires={pointer: before, **(requires or {})},
                sets={pointer: after, **(sets or {})},
            )
        )


def _granted(wanted: tuple[str, ...], grant: tuple[str, ...]) -> tuple[str, ...]:
    """The scopes that are wanted, as far as they are granted."""
    if not wanted or "*" in grant:
        return wanted or grant
    return tuple(scope for scope in wanted if scope in grant)


def _require_state(record: RollbackRecord, states: tuple[RollbackState, ...]) -> None:
    if record.state not in states:
        raise PreconditionError(
            f"`{record.name}` is {record.state}, not {' or '.join(states)}", f"ROLLBACK_{record.state}"
        )


def _require_digest(record: RollbackRecord, digest: str) -> None:
    if digest != record.digest:
        raise PreconditionError(
            f"`{digest[:80]}` is not the digest of `{record.name}`; look at the plan again", "DIGEST_STALE"
        )


def _require_visible(record: RollbackRecord, caller: Caller) -> None:
    if "*" not in caller.scopes and not set(record.scopes) <= set(caller.scopes):
        raise NotFoundError("rollback", record.name)
