"""
Rules over several facts at once, compiled from `joins` of a policy file.

    - name: rival-distribution-centres
      stage: conflicts
      match: [{a: order}, {b: order}]
      where: ["a.supplier = b.supplier", "a.use + b.use > a.left", "a.location != b.location"]
      then: {conflict: CAPACITY, precedence: [service_risk, need_by], escalate: regional-planning}

A rule fires once for every way to put different facts in place of its aliases so that all tests hold. A
test that speaks of one fact may be any expression; a test between two facts compares linear terms, so
that each side belongs to one fact. A test with an absent value does not hold, whatever it says.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import TypeAlias

from rules.diagnostics import Code, Diagnostic
from rules.document import PolicyStage
from rules.feel import Expression, FeelError, FeelType, parse_expression
from rules.feel.inference import infer_type
from rules.feel.parser import parse_expression_tree
from rules.linear import Comparison, compare_two
from rules.schema import FactSchema
from rules.shapes import Shapes, did_you_mean
from rules.yaml_reader import ListNode, MapNode, Node, Scalar

MOST_RULES = 200
MOST_ALIASES = 6  # the engine takes 16; six already mean n**6 combinations
MOST_TESTS = 24  # the engine takes 29
Kinds: TypeAlias = Mapping[str, FactSchema]
Then: TypeAlias = Mapping[str, "str | bool | Decimal | tuple[str, ...]"]


@dataclass(frozen=True, slots=True)
class Alias:
    """A place in a rule that a fact of one kind can take."""

    name: str
    kind: str


@dataclass(frozen=True, slots=True)
class JoinTest:
    """
    One test of a rule.

    Parameters
    ----------
    fields
        What it reads, as (alias, field).
    comparison
        How two facts are compared; None when the test speaks of one fact.
    aliases
        The aliases it speaks of: one or two.
    """

    expression: Expression
    fields: tuple[tuple[str, str], ...]
    comparison: Comparison | None
    aliases: frozenset[str]


@dataclass(frozen=True, slots=True)
class JoinRule:
    """
    A rule over several facts.

    Parameters
    ----------
    then
        Data for whoever acts on a firing: texts, numbers, booleans and lists of texts.
    """

    name: str
    stage: PolicyStage
    aliases: tuple[Alias, ...]
    tests: tuple[JoinTest, ...]
    then: Then

    def __hash__(self) -> int:
        """By its name: `then` has no hash, and names are unique in a policy set."""
        return hash(self.name)

    @property
    def unkeyed(self) -> tuple[str, ...]:
        """Aliases after the first that no equality ties to an earlier one: these multiply."""
        seen, loose = {self.aliases[0].name}, []
        for alias in self.aliases[1:]:
            ties = (
                test for test in self.tests if test.comparison is not None and test.comparison.sign == "="
            )
            if not any(alias.name in test.aliases and test.aliases & seen for test in ties):
                loose.append(alias.name)
            seen.add(alias.name)
        return tuple(loose)


@dataclass(frozen=True, slots=True, order=True)
class Firing:
    """
    A rule and the facts that it holds for.

    Parameters
    ----------
    facts
        Ids of the facts, in the order of the rule's aliases.
    """

    rule: str
    facts: tuple[str, ...]


def compile_joins(nodes: tuple[Node, ...], kinds: Kinds, problems: list[Diagnostic]) -> tuple[JoinRule, ...]:
    """
    The rules of the `joins` sections, complaints into `problems`.

    Parameters
    ----------
    kinds
        The kinds of fact that rules may match, each with its fields.
    """
    compiler = _JoinCompiler(kinds, Shapes(problems))
    rules = tuple(rule for rule in map(compiler.rule, nodes) if rule is not None)
    if len(nodes) > MOST_RULES:
        compiler.shapes.note(
            nodes[MOST_RULES], Code.LIMIT, f"{len(nodes)} joins", f"keep at most {MOST_RULES}"
        )
        return ()
    return rules


class _JoinCompiler:
    def __init__(self, kinds: Kinds, shapes: Shapes) -> None:
        self.kinds = kinds
        self.shapes = shapes
        self.names: set[str] = set()

    def rule(self, node: Node) -> JoinRule | None:
        """One rule; None when something in it was refused."""
        before = len(self.shapes.problems)
        found = self.shapes.fields(
            node, "a join", ("name", "stage", "match", "where", "then"), ("description",)
        )
        name = self.shapes.name(found.get("name"), "join")
        stage = self.shapes.choice(found.get("stage"), "stage", PolicyStage)
        aliases = self._aliases(found.get("match"), node)
        tests = self._tests(found.get("where"), aliases, node)
        then = self._then(found.get("then"), node)
        if name is not None and name.text in self.names:
            self.shapes.note(name, Code.DUPLICATE, f"two joins are named `{name.text}`", "rename one")
        if name is None or stage is None or len(self.shapes.problems) > before:
            return None
        self.names.add(name.text)
        return JoinRule(name.text, stage, aliases, tests, then)

    def _aliases(self, node: Node | None, rule: Node) -> tuple[Alias, ...]:
        found: list[Alias] = []
        for item in self.shapes.items(node, "`match`"):
            entries = self.shapes.entries(item, "an alias")
            if len(entries) != 1:
                self.shapes.note(item, Code.SHAPE, "an alias must be one entry", "write `{a: order}`")
                continue
            self._alias(entries[0][0], entries[0][1], found)
        if node is not None and not 2 <= len(found) <= MOST_ALIASES:
            fix = f"match 2 to {MOST_ALIASES} facts; a rule about one fact is a table"
            self.shapes.note(rule, Code.LIMIT, f"the join matches {len(found)} facts", fix)
        return tuple(found)

    def _alias(self, key: Scalar, value: Node, found: list[Alias]) -> None:
        name, kind = self.shapes.name(key, "alias"), self.shapes.name(value, "kind")
        if name is None or kind is None:
            return
        if "." in name.text or name.text in {alias.name for alias in found}:
            self.shapes.note(
                key, Code.NAME, f"alias `{name.text}`", "give each fact a name of its own, without dots"
            )
        elif kind.text not in self.kinds:
            self.shapes.note(
                kind, Code.UNKNOWN, f"unknown kind `{kind.text}`", did_you_mean(kind.text, self.kinds)
            )
        else:
            found.append(Alias(name.text, kind.text))

    def _tests(self, node: Node | None, aliases: tuple[Alias, ...], rule: Node) -> tuple[JoinTest, ...]:
        items = self.shapes.items(node, "`where`")
        if node is not None and not 1 <= len(items) <= MOST_TESTS:
            fix = f"give 1 to {MOST_TESTS}; without one every combination fires"
            self.shapes.note(rule, Code.LIMIT, f"the join has {len(items)} tests", fix)
            return ()
        texts = [self.shapes.text(item, "a test") for item in items]
        tests = [self._test(text, aliases) for text in texts if text is not None]
        return tuple(test for test in tests if test is not None)

    def _test(self, scalar: Scalar, aliases: tuple[Alias, ...]) -> JoinTest | None:
        try:
            expression = parse_expression(scalar.text)
            fields = self._fields(expression, aliases)
            comparison = self._comparison(scalar.text, fields, aliases)
        except FeelError as error:
            message, _, fix = error.message.partition("; ")
            self.shapes.problems.append(scalar.complain_at(error.offset, error.length, message, fix))
            return None
        return JoinTest(expression, fields, comparison, frozenset(alias for alias, _ in fields))

    def _fields(self, expression: Expression, aliases: tuple[Alias, ...]) -> tuple[tuple[str, str], ...]:
        kinds = {alias.name: self.kinds[alias.kind] for alias in aliases}
        fields: list[tuple[str, str]] = []
        for name in sorted(expression.names):
            alias, _, field = name.partition(".")
            at = max(0, expression.text.find(name))
            if alias not in kinds:
                problem = f"`{name}` belongs to no alias of the join; {did_you_mean(alias, kinds)}"
                raise FeelError(problem, at, len(name))
            if kinds[alias].field(field) is None:
                problem = f"`{alias}` has no field `{field}`; {did_you_mean(field, kinds[alias].names)}"
                raise FeelError(problem, at, len(name))
            fields.append((alias, field))
        return tuple(fields)

    def _comparison(
        self, text: str, fields: tuple[tuple[str, str], ...], aliases: tuple[Alias, ...]
    ) -> Comparison | None:
        spoken = {alias for alias, _ in fields}
        if not spoken or len(spoken) > 2:
            raise FeelError(f"the test speaks of {len(spoken)} facts; one or two", 0, len(text))
        tree = parse_expression_tree(text, ())
        types = {f"{alias}.{field}": self._type(alias, field, aliases) for alias, field in fields}
        if infer_type(tree, types) is not FeelType.BOOLEAN:
            raise FeelError("the test is no condition; write a comparison", 0, len(text))
        if len(spoken) == 1:
            return None
        return compare_two(tree, types, tuple(alias.name for alias in aliases), text)

    def _type(self, alias: str, field: str, aliases: tuple[Alias, ...]) -> FeelType:
        kind = next(one.kind for one in aliases if one.name == alias)
        declared = self.kinds[kind].field(field)
        return FeelType.ANY if declared is None else declared.type

    def _then(self, node: Node | None, rule: Node) -> Then:
        found: dict[str, str | bool | Decimal | tuple[str, ...]] = {}
        for key, value in self.shapes.entries(node, "`then`"):
            if isinstance(value, ListNode):
                texts = [self.shapes.text(item, f"`{key.text[:80]}`") for item in value.items]
                found[key.text] = tuple(text.text for text in texts if text is not None)
            elif isinstance(value, MapNode) or value.value is None:
                self.shapes.note(
                    value, Code.SHAPE, f"`{key.text[:80]}` must be a value or a list", "write one value"
                )
            else:
                found[key.text] = value.value
        if node is not None and not found:
            self.shapes.note(rule, Code.SHAPE, "`then` says nothing", "write what a firing means")
        return found
