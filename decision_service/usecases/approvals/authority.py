"""
Who may sign: members of the role that is asked, or whoever a member lent it to, and nobody twice.

Separation of duties holds at every amount: who asked for the decision, in whose name it was asked,
who changed the order, and who published, proposed, approved or activated the rules that judged it
never sign it, and cannot do so through a delegate either. One person signs one tier.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from decision_service.decision import Caller
from decision_service.errors import ForbiddenError, PreconditionError
from decision_service.usecases.approvals.order_record import OrderRecord, OrderState
from rules import Charter, Delegation


@dataclass(frozen=True, slots=True)
class Roster:
    """A charter, delegations made since, and the day for which membership is asked."""

    charter: Charter
    lent: tuple[Delegation, ...]
    on: date

    def givers(self, role: str, subject: str) -> tuple[str, ...]:
        """
        In whose right a person may answer for a role: their own (empty text), or members' who lent it.

        Raises
        ------
        PreconditionError
            The charter has no such role.
        """
        found = self.charter.role(role)
        if found is None:
            raise PreconditionError(
                f"the charter `{self.charter.name}` {self.charter.version} has no role `{role}`",
                "ROLE_NOT_IN_CHARTER",
            )
        own = ("",) if subject in found.members else ()
        lent = tuple(d.giver for d in self._lent(role, subject) if d.start <= self.on <= d.end)
        return own + tuple(giver for giver in lent if giver in found.members)

    def roles_of(self, subject: str) -> tuple[str, ...]:
        """Roles that a person may answer for."""
        return tuple(r.name for r in self.charter.roles if self.givers(r.name, subject))

    def lapsed(self, role: str, subject: str) -> Delegation | None:
        """A delegation that would have helped on another day."""
        return next(iter(self._lent(role, subject)), None)

    def _lent(self, role: str, subject: str) -> Iterable[Delegation]:
        all_lent = (*self.charter.delegations, *self.lent)
        return (d for d in all_lent if d.role == role and d.taker == subject)


def require_member(roster: Roster, role: str, caller: Caller) -> tuple[str, ...]:
    """
    In whose right the caller answers for a role.

    Raises
    ------
    ForbiddenError
        In nobody's.
    """
    givers = roster.givers(role, caller.subject)
    if givers:
        return givers
    if lapsed := roster.lapsed(role, caller.subject):
        raise ForbiddenError(
            f"`{caller.subject}` may answer for `{role}` from {lapsed.start} to {lapsed.end}, "
            f"not on {roster.on}: lent by `{lapsed.giver}`",
            "DELEGATION_NOT_IN_FORCE",
        )
    raise ForbiddenError(f"`{caller.subject}` does not belong to `{role}`", "NOT_IN_ROLE")


def may_sign(record: OrderRecord, barred: Mapping[str, str], roster: Roster, caller: Caller) -> str:
    """
    The member in whose right the caller signs, empty for their own.

    Parameters
    ----------
    barred
        People who never sign an order of this decision, and why.

    Raises
    ------
    ForbiddenError
        The caller is not asked, or signs for themselves.
    """
    givers = require_member(roster, record.asked, caller)
    never = {**barred, **_involved(record)}
    if caller.subject in never:
        raise ForbiddenError(
            f"`{caller.subject}` {never[caller.subject]}: another person must sign", "FOUR_EYES"
        )
    free = [giver for giver in givers if giver not in never]
    if not free:
        raise ForbiddenError(
            f"`{givers[0]}`, who lent the role to `{caller.subject}`, {never[givers[0]]}: another person must sign",
            "FOUR_EYES",
        )
    return free[0]


def _involved(record: OrderRecord) -> dict[str, str]:
    """People who changed or signed this order already."""
    involved = {s.actor: "signed an earlier tier" for s in record.signatures if not s.is_timeout}
    involved |= {
        s.giver: "lent the right by which an earlier tier was signed" for s in record.signatures if s.giver
    }
    if record.state is OrderState.OVERRIDDEN and record.override:
        involved[record.override.author] = "changed this order"
    return involved
