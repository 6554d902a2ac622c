"""`charter.yaml` to a Charter, or every reason why it would leave somebody waiting for nobody."""

import re
from datetime import timedelta

from rules.charter import AtEnd, Charter, Delegation, Domain, Ladder, LadderStep, Role, Severity
from rules.diagnostics import Code
from rules.errors import CompileError
from rules.literals import LiteralError, read_literal
from rules.schema import FactType
from rules.shapes import Shapes, did_you_mean
from rules.wave_reader import read_waves
from rules.yaml_reader import ListNode, Node, Scalar, read_nodes

_VERSION = re.compile(r"\d{1,6}\.\d{1,6}\.\d{1,6}")


def read_charter(text: str, name: str = "charter.yaml") -> Charter:
    """
    The charter that a file states.

    Raises
    ------
    CompileError
        With every complaint: unknown or empty roles, domains without a ladder, a quorum nobody can reach.
    """
    root = read_nodes(text, name)
    reader = _CharterReader(Shapes())
    charter = reader.charter(root)
    if reader.shapes.problems or charter is None:
        raise CompileError(tuple(sorted(set(reader.shapes.problems))))
    return charter


class _CharterReader:
    def __init__(self, shapes: Shapes) -> None:
        self.shapes = shapes
        self.roles: dict[str, Role] = {}
        self.domains: dict[str, Domain] = {}
        self.ladders: dict[tuple[str, Severity], Ladder] = {}

    def charter(self, root: Node) -> Charter | None:
        required = ("charter", "version", "effective", "roles", "domains", "ladders")
        found = self.shapes.fields(root, "the charter", required, ("delegations", "waves", "description"))
        name = self.shapes.name(found.get("charter"), "charter")
        version = self.shapes.text(found.get("version"), "version")
        if version and not _VERSION.fullmatch(version.text):
            self.shapes.note(version, Code.TYPE, f"version `{version.text[:40]}`", "write MAJOR.MINOR.PATCH")
        effective = self.shapes.day(found.get("effective"), "effective")
        for key, node in self.shapes.entries(found.get("roles"), "`roles`"):
            self._role(key, node)
        for key, node in self.shapes.entries(found.get("domains"), "`domains`"):
            self._domain(key, node)
        for node in self.shapes.items(found.get("ladders"), "`ladders`"):
            self._ladder(node)
        delegations = [
            self._delegation(node) for node in self.shapes.items(found.get("delegations"), "`delegations`")
        ]
        waves = read_waves(self.shapes, found.get("waves"))
        self._complete(root)
        if not (name and version and effective):
            return None
        return Charter(
            name.text,
            version.text,
            effective,
            tuple(self.roles.values()),
            tuple(self.domains.values()),
            tuple(self.ladders.values()),
            tuple(filter(None, delegations)),
            waves,
        )

    def _role(self, key: Scalar, node: Node) -> None:
        name = self.shapes.name(key, "role")
        found = self.shapes.fields(node, f"role `{key.text[:80]}`", ("members",), ("description",))
        members = [self.shapes.person(item) for item in self.shapes.items(found.get("members"), "`members`")]
        if "members" in found and not members:
            self.shapes.note(
                found["members"], Code.SHAPE, f"role `{key.text[:80]}` has no members", "name one at least"
            )
        people = tuple(member for member in members if member)
        if len(set(people)) != len(people):
            self.shapes.note(
                node, Code.DUPLICATE, f"role `{key.text[:80]}` names a member twice", "remove one"
            )
        if name:
            self.roles[name.text] = Role(name.text, people)

    def _domain(self, key: Scalar, node: Node) -> None:
        name = self.shapes.name(key, "domain")
        found = self.shapes.fields(node, f"domain `{key.text[:80]}`", ("owner", "quorum"), ("description",))
        owner = self._known_role(found.get("owner"))
        quorum = self.shapes.whole(found.get("quorum"), "quorum", 1)
        if not (name and owner and quorum):
            return
        members = len(self.roles[owner].members)
        if members < quorum + 1:
            problem = (
                f"quorum {quorum} of `{owner}`, which has {members}: out of reach when a member proposes"
            )
            self.shapes.note(
                found["quorum"], Code.SHAPE, problem, f"name {quorum + 1} members or lower the quorum"
            )
        self.domains[name.text] = Domain(name.text, owner, quorum)

    def _ladder(self, node: Node) -> None:
        found = self.shapes.fields(node, "a ladder", ("domain", "severity", "steps", "at_end"), ())
        domain = self.shapes.name(found.get("domain"), "domain")
        at_end = self.shapes.choice(found.get("at_end"), "at_end", AtEnd)
        steps = [self._step(item) for item in self.shapes.items(found.get("steps"), "`steps`")]
        if "steps" in found and not steps:
            self.shapes.note(found["steps"], Code.SHAPE, "a ladder without steps", "name a role to ask")
        if domain and domain.text not in self.domains:
            fix = did_you_mean(domain.text, self.domains)
            self.shapes.note(domain, Code.UNKNOWN, f"unknown domain `{domain.text}`", fix)
        elif domain and at_end:
            for severity in self._severities(found.get("severity")):
                self._add(node, Ladder(domain.text, severity, tuple(filter(None, steps)), at_end))

    def _add(self, node: Node, ladder: Ladder) -> None:
        key = ladder.domain, ladder.severity
        if key in self.ladders:
            problem = f"a second ladder for `{ladder.domain}` at {ladder.severity}"
            self.shapes.note(node, Code.DUPLICATE, problem, "remove one")
        self.ladders[key] = ladder

    def _severities(self, node: Node | None) -> tuple[Severity, ...]:
        """One severity or a list of them."""
        nodes = node.items if isinstance(node, ListNode) else (node,)
        chosen = (self.shapes.choice(item, "severity", Severity) for item in nodes)
        return tuple(severity for severity in chosen if severity)

    def _step(self, node: Node) -> LadderStep | None:
        found = self.shapes.fields(node, "a step", ("role", "within"), ())
        role = self._known_role(found.get("role"))
        within = self._timer(found.get("within"))
        return LadderStep(role, within) if role and within else None

    def _timer(self, node: Node | None) -> timedelta | None:
        scalar = self.shapes.scalar(node, "within")
        if scalar is None:
            return None
        try:
            value = read_literal(scalar, FactType.DAYS_DURATION)
        except LiteralError:
            value = None
        if not isinstance(value, timedelta) or value <= timedelta(0):
            problem = f"within: `{scalar.text[:80]}` is no time to wait"
            self.shapes.note(scalar, Code.TYPE, problem, "write hours or days, like PT4H or P2D")
            return None
        return value

    def _delegation(self, node: Node) -> Delegation | None:
        shapes = self.shapes
        found = shapes.fields(node, "a delegation", ("role", "from", "to", "start", "end", "reason"), ())
        role = self._known_role(found.get("role"))
        giver, taker = self.shapes.person(found.get("from")), self.shapes.person(found.get("to"))
        start, end = shapes.day(found.get("start"), "start"), shapes.day(found.get("end"), "end")
        reason = shapes.text(found.get("reason"), "reason")
        if not (role and giver and taker and start and end and reason):
            return None
        if giver not in self.roles[role].members:
            shapes.note(
                found["from"],
                Code.UNKNOWN,
                f"`{giver}` is no member of `{role}`",
                "only a member can lend a role",
            )
        if giver == taker:
            shapes.note(found["to"], Code.SHAPE, f"`{giver}` delegates to themselves", "name another person")
        if end < start:
            shapes.note(
                found["end"], Code.TYPE, f"the delegation ends {end}, before it starts", "swap the days"
            )
        return Delegation(role, giver, taker, start, end, reason.text)

    def _known_role(self, node: Node | None) -> str | None:
        scalar = self.shapes.name(node, "role")
        if scalar is None:
            return None
        if scalar.text not in self.roles:
            self.shapes.note(
                scalar, Code.UNKNOWN, f"unknown role `{scalar.text}`", did_you_mean(scalar.text, self.roles)
            )
            return None
        return scalar.text

    def _complete(self, root: Node) -> None:
        for domain in self.domains:
            missing = [severity for severity in Severity if (domain, severity) not in self.ladders]
            if missing:
                problem = f"domain `{domain}` has no ladder for {', '.join(missing)}"
                self.shapes.note(root, Code.SHAPE, problem, "add one, or a referral would wait for ever")
