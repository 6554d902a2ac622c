"""
Decide again, once per affected scope, under the release that governs now.

On current stock when the caller brings a snapshot of it; or on the snapshot that the newest affected
decision saw, with every order that stays at the ERP counted as on its way: what could not be
cancelled, or is not yet known to be, is not ordered a second time.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import date

import msgspec

from audit import Ledger, canonical
from decision_service.decision import Caller, DecisionRequest, scope_of
from decision_service.errors import PreconditionError
from decision_service.usecases import records
from decision_service.usecases.approvals.book import OrderBook, OrderFilter
from decision_service.usecases.approvals.order_record import OrderRecord, OrderState
from decision_service.usecases.decide import Decided
from decision_service.usecases.release import Releases
from decision_service.usecases.reversal.record import RollbackRecord
from optimization.network import Firmness, Receipt, Snapshot

S = OrderState
_STAYS = (S.RELEASED, S.ACKNOWLEDGED, S.CHANGE_REQUESTED, S.CANCEL_REQUESTED, S.SHIPPED, S.RECEIVED)

# (request, caller, parents, what froze the scope)
DecideAgain = Callable[[DecisionRequest, Caller, tuple[str, ...], str], Awaitable[Decided]]


@dataclass(frozen=True, slots=True)
class Redeciding:
    """Decides what a rollback undid, once: a repeat finds the first decision."""

    ledger: Ledger
    book: OrderBook
    releases: Releases
    decide: DecideAgain

    def require_another_release(self, record: RollbackRecord, today: date) -> None:
        """
        Refuse to decide again under what is being undone.

        Raises
        ------
        PreconditionError
            The release that the plan names still governs an affected scope.
        """
        for key in record.scopes:
            governing = self.releases.governing(scope_of(key), "", today).name
            if governing == record.affected.release:
                raise PreconditionError(
                    f"`{governing}` still governs `{key}`; roll the release back first", "RELEASE_GOVERNS"
                )

    async def __call__(
        self, record: RollbackRecord, current: Snapshot | None, caller: Caller
    ) -> tuple[str, ...]:
        """Names of the new decisions, one a scope."""
        made = []
        for key in record.scopes:
            newest = self._newest(record, key)
            # asked in the name of whoever started the execution, so that whoever resumes it repeats the question
            asking = msgspec.structs.replace(caller, subject=record.executed_by)
            request_id = f"{record.name}/redecide/{key}"
            if earlier := self.ledger.find(records.idempotency_key(asking.subject, request_id)):
                made.append(earlier.subject)
                continue
            snapshot = current or self._as_it_was(newest, key)
            request = DecisionRequest(request_id, snapshot, scope=scope_of(key))
            decided = await self.decide(request, asking, (newest.decision,), record.name)
            made.append(decided.decision.name)
        return tuple(made)

    def _newest(self, record: RollbackRecord, key: str) -> OrderRecord:
        """An order of the newest affected decision of a scope: earlier ones it had replaced itself."""
        affected = record.affected
        wanted = OrderFilter(
            release=affected.release, scope=key, first=affected.first, last=affected.last,
            since=affected.since, until=affected.until, decisions=affected.decisions, item=affected.item,
            supplier=affected.supplier,
        )  # fmt: skip
        *_, newest = self.book.each(wanted)
        return newest

    def _as_it_was(self, newest: OrderRecord, key: str) -> Snapshot:
        content = self.ledger.artifact(newest.snapshot_digest).content
        snapshot = canonical.decode_object(content, Snapshot)
        staying = self.book.each(OrderFilter(scope=key, first=newest.index, states=_STAYS))
        return replace(snapshot, receipts=snapshot.receipts + tuple(_receipt(r, snapshot) for r in staying))


def _receipt(record: OrderRecord, snapshot: Snapshot) -> Receipt:
    terms = record.told or record.terms
    return Receipt(
        id=f"{record.decision}/orders/{record.order}",
        stage=record.stage,
        quantity=terms.quantity,
        due=max(terms.due_date, snapshot.as_of),
        firmness=Firmness.RELEASED,
        lane=terms.lane,
    )
