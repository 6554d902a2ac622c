"""
Who decides what: domains and their owners, roles and their members, quorum, ladders, delegation.

A charter that would leave a referral waiting for nobody is refused when it is read: every role
has members, every domain has a ladder for every severity, every ladder ends. Waves say in which order
business units receive a release; without them it may govern everything at once.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from rules.errors import CharterError
from rules.waves import Wave


class Severity(StrEnum):
    """How much depends on an answer."""

    LOW = "LOW"
    MEDIUM = "MEDIUM"
    HIGH = "HIGH"
    CRITICAL = "CRITICAL"


class AtEnd(StrEnum):
    """What happens to an order when the last step of its ladder did not answer."""

    BLOCK = "BLOCK"
    APPROVE = "APPROVE"


@dataclass(frozen=True, slots=True)
class Role:
    """People who may answer for something; names as the identity provider knows them."""

    name: str
    members: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Domain:
    """
    A field of decisions.

    Parameters
    ----------
    owner
        Role that answers for the policy sets of the domain.
    quorum
        Members of the owner who must approve a release, besides whoever proposed it.
    """

    name: str
    owner: str
    quorum: int


@dataclass(frozen=True, slots=True)
class LadderStep:
    """Who is asked, and how long until the next step is."""

    role: str
    within: timedelta


@dataclass(frozen=True, slots=True)
class Ladder:
    """Who is asked in turn about referrals of a domain and a severity."""

    domain: str
    severity: Severity
    steps: tuple[LadderStep, ...]
    at_end: AtEnd


@dataclass(frozen=True, slots=True)
class Delegation:
    """A member lends a role to another person from `start` to `end`, both days included."""

    role: str
    giver: str
    taker: str
    start: date
    end: date
    reason: str


@dataclass(frozen=True, slots=True)
class Charter:
    """The charter of an organisation at one version."""

    name: str
    version: str
    effective: date
    roles: tuple[Role, ...]
    domains: tuple[Domain, ...]
    ladders: tuple[Ladder, ...]
    delegations: tuple[Delegation, ...]
    waves: tuple[Wave, ...] = ()

    def role(self, name: str) -> Role | None:
        """The role of a name, None when the charter has none."""
        return next((role for role in self.roles if role.name == name), None)

    def domain(self, name: str) -> Domain | None:
        """The domain of a name, None when the charter has none."""
        return next((domain for domain in self.domains if domain.name == name), None)

    def members(self, role: str, on: date) -> tuple[str, ...]:
        """
        Who may answer for a role on a day: its members, then those to whom it is lent.

        Raises
        ------
        CharterError
            When the charter has no such role.
        """
        found = self.role(role)
        if found is None:
            raise CharterError(
                f"the charter has no role `{role[:80]}`; it has {_listed(r.name for r in self.roles)}"
            )
        lent = (d.taker for d in self.delegations if d.role == role and d.start <= on <= d.end)
        return tuple(dict.fromkeys((*found.members, *lent)))

    def quorum(self, owner: str) -> int:
        """
        Approvals that a release of this owner needs, besides the proposer; the strictest of its domains.

        Raises
        ------
        CharterError
            When the owner has no domain.
        """
        owned = [domain.quorum for domain in self.domains if domain.owner == owner]
        if not owned:
            owners = _listed(domain.owner for domain in self.domains)
            raise CharterError(f"`{owner[:80]}` owns no domain of the charter; owners are {owners}")
        return max(owned)

    def ladder(self, domain: str, severity: Severity) -> Ladder:
        """
        The ladder of a domain and severity.

        Raises
        ------
        CharterError
            When the charter has no such domain.
        """
        for ladder in self.ladders:
            if ladder.domain == domain and ladder.severity is severity:
                return ladder
        names = _listed(known.name for known in self.domains)
        raise CharterError(f"no ladder for `{domain[:80]}` at {severity}; domains are {names}")


def _listed(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in dict.fromkeys(names))
