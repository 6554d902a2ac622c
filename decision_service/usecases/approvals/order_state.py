r"""
The state of an order: a pure function of the entries of the log, and nothing else.

    the decision says      REFERRED ---sign, last tier---> APPROVED ---sent---> RELEASED
    REFERRED, APPROVED        |  ^  \                         |                    |
    or BLOCKED                |  |   reject, lapse            |                  answer
                              |  |    v                       |                    v
                              |  |  REJECTED, BLOCKED         |   REFUSED  <-  ACKNOWLEDGED -> SHIPPED -> RECEIVED
                              |  |                            |                    |    ^
                       override  rejected, lapsed, expired    |             override    |
                              v  |                            |                    v    | answer
                           OVERRIDDEN <------override---------+              OVERRIDDEN |
                              |                                                    |    |
                              +---sign---> APPROVED                              sign   |
                                                                                   v    |
                                                                          CHANGE_REQUESTED

    undelivered (REFERRED, OVERRIDDEN, APPROVED)                     ---void--->    VOID
    at the ERP (RELEASED, ACKNOWLEDGED, CHANGE_REQUESTED, OVERRIDDEN) ---cancel---> CANCEL_REQUESTED
    CANCEL_REQUESTED ---answer---> CANCELLED when accepted, ACKNOWLEDGED when refused: too late

Only a confirmed state is ever handed to the ERP, and only RELEASED and what follows from it may
exist there: VOID and RELEASED exclude each other. Every step raises the version, and the version
is the pointer by which the log refuses a step that was made for an earlier state.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta

from decision_service.usecases.approvals.instructions import Answer, Delivery, InstructionKind
from decision_service.usecases.approvals.order_events import OrderEvent, Step
from decision_service.usecases.approvals.order_record import (
    ALLOWED,
    INSTRUCTIONS,
    IllegalStepError,
    OrderRecord,
    OrderState,
    Override,
    Signature,
    Tier,
    Voice,
)

S = OrderState
_SPEAKING = frozenset({Step.SIGNED, Step.REJECTED, Step.OVERRIDDEN, Step.LAPSED})


def follow(record: OrderRecord, event: OrderEvent) -> OrderRecord:
    """
    The order after one more entry.

    Raises
    ------
    IllegalStepError
        The state does not allow it.
    """
    if record.state not in ALLOWED[event.step]:
        raise IllegalStepError(record.state, event.step)
    after = _HANDLERS[event.step](record, event)
    rolled_back = event.text("rollback") or after.rolled_back
    voices = (*record.voices, *_voice(record, event))
    return replace(after, version=record.version + 1, rolled_back=rolled_back, voices=voices)


def _voice(record: OrderRecord, event: OrderEvent) -> tuple[Voice, ...]:
    """What the entry says about the order; nothing where it tells what became of it."""
    if event.step not in _SPEAKING:
        return ()
    actor = "" if event.step is Step.LAPSED else event.actor
    asked = record.since if record.is_waiting else None
    return (Voice(event.step, actor, event.at, asked, event.text("reason_code")),)


def _signed(record: OrderRecord, event: OrderEvent) -> OrderRecord:
    giver = event.text("giver")
    return _advance(record, Signature(record.asked, event.actor, giver), event.at)


def _advance(record: OrderRecord, signature: Signature, at: datetime) -> OrderRecord:
    """One tier signed: the next one is asked, or the order is approved."""
    signatures = (*record.signatures, signature)
    if rest := record.tiers[1:]:
        return ask(replace(record, tiers=rest, signatures=signatures, rung=-1), rest[0], at)
    # what the ERP knows is changed there, not ordered again
    state = S.APPROVED if record.told is None else S.CHANGE_REQUESTED
    return replace(_settled(record, state, at), signatures=signatures)


def ask(record: OrderRecord, tier: Tier, at: datetime) -> OrderRecord:
    """The order waits for a tier from now on."""
    deadline = at + timedelta(days=tier.wait_days) if tier.wait_days else None
    return replace(
        record,
        asked=tier.role,
        wait_days=tier.wait_days,
        deadline=deadline,
        on_timeout=tier.on_timeout or ("BLOCK" if deadline else ""),
    )


def _settled(record: OrderRecord, state: OrderState, at: datetime) -> OrderRecord:
    return replace(
        record, state=state, tiers=(), asked="", deadline=None, on_timeout="", settled=at, since=at
    )


def _rejected(record: OrderRecord, event: OrderEvent) -> OrderRecord:
    if record.state is S.OVERRIDDEN:
        return _fall_back(record, event.at)
    return _settled(record, S.REJECTED, event.at)


def _escalated(record: OrderRecord, event: OrderEvent) -> OrderRecord:
    tier = Tier(event.text("role"), float(event.text("wait_days")), "ESCALATE")
    return replace(ask(record, tier, event.at), rung=int(event.text("rung")))


def _lapsed(record: OrderRecord, event: OrderEvent) -> OrderRecord:
    """Nobody answered in time. An override that nobody confirms falls, whatever the default."""
    if record.state is S.OVERRIDDEN:
        return _fall_back_to_a_person(record, event.at)
    if event.text("default") == "APPROVE":
        return _advance(record, Signature(record.asked, event.actor, is_timeout=True), event.at)
    return _settled(record, S.BLOCKED, event.at)


def _overridden(record: OrderRecord, event: OrderEvent) -> OrderRecord:
    terms = event.terms()
    override = Override(
        event.actor,
        terms,
        event.text("reason_code"),
        event.text("playbook"),
        int(event.text("playbook_step")),
        date.fromisoformat(event.text("expires")),
        event.at,
    )
    tiers = tuple(Tier(role, float(days), default) for role, days, default in event.facts["tiers"])
    changed = replace(
        record,
        state=S.OVERRIDDEN,
        terms=terms,
        tiers=tiers,
        signatures=(),
        rung=-1,
        override=override,
        origin=record.origin or record,
        was_overridden=True,
        since=event.at,
    )
    return ask(changed, tiers[0], event.at)


def _fall_back(record: OrderRecord, at: datetime) -> OrderRecord:
    """What the override replaced, with its time to answer given anew."""
    origin = _origin(record)
    back = replace(origin, version=record.version, was_overridden=True, since=at, answers=record.answers)
    if not back.is_waiting:
        return back
    return ask(back, Tier(origin.asked, origin.wait_days, origin.on_timeout), at)


def _fall_back_to_a_person(record: OrderRecord, at: datetime) -> OrderRecord:
    """
    As `_fall_back`, but for what nobody had to sign before.

    Somebody doubted it and nobody settled the doubt: it is not released by itself.
    """
    back = _fall_back(record, at)
    if back.state is not S.APPROVED:
        return back
    asked = record.asked or (record.signatures[-1].role if record.signatures else "")
    tier = Tier(asked, record.wait_days, "BLOCK")
    return ask(replace(back, state=S.REFERRED, tiers=(tier,), signatures=(), rung=-1), tier, at)


def _override_expired(record: OrderRecord, event: OrderEvent) -> OrderRecord:
    if record.origin is None:
        raise IllegalStepError(record.state, event.step)
    return _fall_back_to_a_person(record, event.at)


def _origin(record: OrderRecord) -> OrderRecord:
    if record.origin is None:
        raise IllegalStepError(record.state, Step.REJECTED)
    return record.origin


def _voided(record: OrderRecord, event: OrderEvent) -> OrderRecord:
    if record.told is not None:
        raise IllegalStepError(record.state, event.step)
    return replace(_settled(record, S.VOID, event.at), origin=None, note=event.text("reason"))


def _cancel_requested(record: OrderRecord, event: OrderEvent) -> OrderRecord:
    if record.told is None:
        raise IllegalStepError(record.state, event.step)
    cancelled = replace(record, terms=record.told, origin=None, delivery=None)
    return replace(_settled(cancelled, S.CANCEL_REQUESTED, event.at), note=event.text("reason"))


def _noted(record: OrderRecord, event: OrderEvent) -> OrderRecord:
    return replace(record, note=event.text("reason"))


def _sent(record: OrderRecord, event: OrderEvent) -> OrderRecord:
    kind, key = INSTRUCTIONS[record.state], event.text("instruction")
    attempts = record.delivery.attempts if record.delivery else 0
    retry_at = datetime.fromisoformat(event.text("retry_at"))
    sent = record.sent if key in record.sent else (*record.sent, key)
    out = replace(record, delivery=Delivery(kind, key, attempts + 1, retry_at), sent=sent, origin=None)
    if record.state is S.APPROVED:
        return replace(out, state=S.RELEASED, told=record.terms, since=event.at)
    return out


def _answered(record: OrderRecord, event: OrderEvent) -> OrderRecord:
    key, answer = event.text("instruction"), Answer(event.text("answer"))
    told = replace(
        record, answers=(*record.answers, (key, answer.value)), note=event.text("reference") or record.note
    )
    if answer in (Answer.SHIPPED, Answer.RECEIVED):
        state = S.RECEIVED if answer is Answer.RECEIVED else S.SHIPPED
        left = replace(
            told, delivery=None, terms=record.told or record.terms, origin=None, tiers=(), asked=""
        )
        # what was to be cancelled left all the same: the rollback did not reach it
        undone = "" if record.state is S.CANCEL_REQUESTED else record.rolled_back
        return replace(left, state=state, deadline=None, since=event.at, rolled_back=undone)
    if record.delivery is None or record.delivery.key != key:
        return told  # an earlier instruction, overtaken by a later one: noted, it moves nothing
    return _closed(replace(told, delivery=None, since=event.at), record.delivery.kind, answer)


def _closed(record: OrderRecord, kind: InstructionKind, answer: Answer) -> OrderRecord:
    """The outstanding instruction is answered."""
    is_accepted = answer is Answer.ACCEPTED
    match kind:
        case InstructionKind.RELEASE:
            return replace(record, state=S.ACKNOWLEDGED if is_accepted else S.REFUSED)
        case InstructionKind.CHANGE:
            terms = record.terms if is_accepted else record.told or record.terms
            return replace(record, state=S.ACKNOWLEDGED, terms=terms, told=terms)
        case InstructionKind.CANCEL:
            if is_accepted:
                return replace(record, state=S.CANCELLED)
            return replace(record, state=S.ACKNOWLEDGED, rolled_back="")


def _dead(record: OrderRecord, event: OrderEvent) -> OrderRecord:
    if record.delivery is None:
        raise IllegalStepError(record.state, event.step)
    return replace(record, delivery=replace(record.delivery, is_dead=True))


def _revived(record: OrderRecord, event: OrderEvent) -> OrderRecord:
    if record.delivery is None or not record.delivery.is_dead:
        raise IllegalStepError(record.state, event.step)
    return replace(record, delivery=replace(record.delivery, is_dead=False, attempts=0, retry_at=event.at))


_HANDLERS: Mapping[Step, Callable[[OrderRecord, OrderEvent], OrderRecord]] = {
    Step.SIGNED: _signed,
    Step.REJECTED: _rejected,
    Step.ESCALATED: _escalated,
    Step.LAPSED: _lapsed,
    Step.OVERRIDDEN: _overridden,
    Step.OVERRIDE_EXPIRED: _override_expired,
    Step.VOIDED: _voided,
    Step.CANCEL_REQUESTED: _cancel_requested,
    Step.COMPENSATION_OPENED: _noted,
    Step.ANNOTATED: _noted,
    Step.SENT: _sent,
    Step.ANSWERED: _answered,
    Step.DEAD: _dead,
    Step.REVIVED: _revived,
}


def says_more(record: OrderRecord, key: str, answer: Answer) -> bool:
    """Whether an answer adds something to what is known; a duplicate or an overtaken one does not."""
    known = {Answer(a) for k, a in record.answers if k == key}
    later = {Answer(a) for _, a in record.answers}
    if answer in known or (answer is Answer.SHIPPED and Answer.RECEIVED in later):
        return False
    return not (answer is Answer.ACCEPTED and {Answer.SHIPPED, Answer.RECEIVED} & known)


def contradicts(record: OrderRecord, key: str, answer: Answer) -> bool:
    """Whether an answer takes back an earlier one."""
    known = {Answer(a) for k, a in record.answers if k == key}
    if answer is Answer.REFUSED:
        return bool(known - {Answer.REFUSED})
    return Answer.REFUSED in known or (
        record.state in (S.CANCELLED, S.REFUSED) and answer in (Answer.SHIPPED, Answer.RECEIVED)
    )
