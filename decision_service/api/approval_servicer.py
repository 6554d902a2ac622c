"""Orders that wait for people, over the wire."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import orjson

from decision_service.api import convert, page_token
from decision_service.api.endpoint import Call
from decision_service.api.order_messages import ref_of, render_order, render_tiers
from decision_service.api.paging import in_thread, page_size, question
from decision_service.usecases.approvals.authority import Roster
from decision_service.usecases.approvals.book import InboxPlace, OrderBook, OrderFilter, place_of
from decision_service.usecases.approvals.delegations import Delegations, delegations_in
from decision_service.usecases.approvals.judging import Action, Judged, Judging
from decision_service.usecases.approvals.limits import Wish
from decision_service.usecases.approvals.order_record import WAITING, OrderState
from decision_service.usecases.approvals.overriding import Change, Overriding
from decision_service.v1 import approval_service_pb2 as pb
from rules import Delegation


@dataclass(frozen=True, slots=True)
class ApprovalServicer:
    """Approvals."""

    book: OrderBook
    judging: Judging
    overriding: Overriding
    delegations: Delegations
    now: Callable[[], datetime]

    async def ListOrders(self, request: Any, call: Call) -> Any:  # noqa: N802 - the RPC's name
        """A page of the inbox."""
        return await in_thread(self._list, request, call)

    async def JudgeOrders(self, request: Any, call: Call) -> Any:  # noqa: N802 - the RPC's name
        """Approve or reject."""
        return await in_thread(self._judge, request, call)

    async def OverrideOrder(self, request: Any, call: Call) -> Any:  # noqa: N802 - the RPC's name
        """Change an order."""
        change = Change(
            Wish(
                request.quantity if request.HasField("quantity") else None,
                _day(request.due_date, "due_date"),
                request.lane,
            ),
            request.reason_code,
            request.playbook_step,
            _day(request.expires, "expires"),
            request.note,
        )
        act = self.overriding.preview if request.validate_only else self.overriding.perform
        done = await in_thread(act, ref_of(request.order), change, call.caller)
        response = pb.OverrideOrderResponse()
        render_order(done.order, response.order)
        convert.render(done.terms, response.terms)
        render_tiers(done.tiers, response.tiers)
        return response

    async def DelegateRole(self, request: Any, call: Call) -> Any:  # noqa: N802 - the RPC's name
        """Lend a role."""
        start, end = _day(request.start, "start"), _day(request.end, "end")
        if start is None or end is None:
            raise convert.refuse("start" if start is None else "end", "missing; write YYYY-MM-DD")
        asked = Delegation(request.role, call.caller.subject, request.taker, start, end, request.reason)
        lent = await in_thread(self.delegations.delegate, asked, call.caller)
        response = pb.DelegateRoleResponse()
        convert.render(lent, response.delegation)
        return response

    async def ListDelegations(self, _: Any, __: Call) -> Any:  # noqa: N802 - the RPC's name
        """Who lends what to whom."""
        response = pb.ListDelegationsResponse()
        for lent in await in_thread(self.delegations.all):
            convert.render(lent, response.delegations.add())
        return response

    def _list(self, request: Any, call: Call) -> Any:
        size, asked = page_size(request), b"inbox" + question(request)
        token = page_token.read_bytes(request.page_token, asked)
        after = InboxPlace(*orjson.loads(token)) if token else None
        found = self.book.list(self._filter(request, call), size + 1, after)
        response = pb.ListOrdersResponse()
        for booked in found[:size]:
            render_order(booked, response.orders.add())
        if len(found) > size:
            last = orjson.dumps(list(place_of(found[size - 1].record)))
            response.next_page_token = page_token.issue_bytes(last, asked)
        return response

    def _filter(self, request: Any, call: Call) -> OrderFilter:
        states = tuple(_state(value) for value in request.states)
        default = () if request.is_dead else tuple(sorted(WAITING))
        return OrderFilter(
            states=states or default,
            roles=self._roles(request, call),
            decisions=(request.decision,) if request.decision else (),
            item=request.item,
            min_value=request.min_value,
            scopes=call.caller.scopes,
            is_dead=request.is_dead,
            is_standing=not request.with_moved,
        )

    def _roles(self, request: Any, call: Call) -> tuple[str, ...]:
        """Roles asked about; for `mine` those of the caller, and one that nobody has where there are none."""
        if not request.mine:
            return tuple(request.roles)
        roster = Roster(
            self.delegations.charter(), delegations_in(self.delegations.ledger), self.now().date()
        )
        mine = roster.roles_of(call.caller.subject)
        return tuple(r for r in mine if not request.roles or r in request.roles) or ("\x00",)

    def _judge(self, request: Any, call: Call) -> Any:
        if request.action == pb.JUDGE_ACTION_UNSPECIFIED:
            raise convert.refuse("action", "must be APPROVE or REJECT")
        action = Action(pb.JudgeAction.Name(request.action).removeprefix("JUDGE_ACTION_"))
        refs = tuple(ref_of(order) for order in request.orders)
        if request.validate_only:
            return _judged(self.judging.preview(action, refs, call.caller))
        return _judged(
            self.judging.perform(action, refs, call.caller, note=request.note, digest=request.digest)
        )


def _judged(done: Judged) -> Any:
    response = pb.JudgeOrdersResponse(digest=done.digest, value=done.value)
    for judgement in done.judgements:
        message = response.judgements.add(refusal=judgement.refusal, reason=judgement.reason)
        render_order(judgement.order, message.order)
    return response


def _state(value: int) -> OrderState:
    if value not in pb.OrderState.values() or value == pb.ORDER_STATE_UNSPECIFIED:
        raise convert.refuse("states", f"`{value}` is no state of an order")
    return OrderState(pb.OrderState.Name(value).removeprefix("ORDER_STATE_"))


def _day(text: str, field: str) -> date | None:
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise convert.refuse(field, f"`{text[:40]}` is not a day; write YYYY-MM-DD") from None
