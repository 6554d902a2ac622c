"""Derived facts: parsed, in an order in which each comes after those it is made of, no cycles."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from rules.diagnostics import Code
from rules.document import FactDocument
from rules.feel import Expression, FeelError, parse_expression
from rules.feel.inference import infer_type
from rules.feel.parser import parse_expression_tree
from rules.schema import FactField, FactSchema, FactType
from rules.shapes import Shapes, did_you_mean
from rules.table import DerivedFact
from rules.yaml_reader import Scalar


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """
    Every fact that a table may name.

    Parameters
    ----------
    given
        Facts of the schema by name.
    derived
        In order of computation.
    """

    given: Mapping[str, FactField]
    derived: tuple[DerivedFact, ...]
    by_name: Mapping[str, FactField] = field(init=False)

    def __post_init__(self) -> None:
        """Look derived and given facts up in one place."""
        object.__setattr__(
            self, "by_name", {**self.given, **{fact.field.name: fact.field for fact in self.derived}}
        )

    def needed(self, names: Iterable[str]) -> tuple[tuple[FactField, ...], tuple[DerivedFact, ...]]:
        """Given facts and derived facts that it takes to know the named ones."""
        wanted = set(names)
        chain = []
        for fact in reversed(self.derived):
            if fact.field.name in wanted:
                chain.append(fact)
                wanted |= fact.expression.names
        return tuple(self.given[name] for name in self.given if name in wanted), tuple(reversed(chain))

    def refuse_unknown(self, names: Iterable[str], scalar: Scalar, shapes: Shapes) -> bool:
        """Complain about names that are no facts; True when there were none."""
        unknown = sorted(name for name in names if name not in self.by_name)
        for name in unknown:
            start = max(0, scalar.text.find(name))
            fix = did_you_mean(name, self.by_name)
            if name == scalar.text.strip() or "." not in name:
                fix += f"; a text stands in quotes: '\"{name[:40]}\"'"
            shapes.problems.append(scalar.complain_at(start, len(name), f"unknown fact `{name[:80]}`", fix))
        return not unknown

    @property
    def types(self) -> Mapping[str, FactType]:
        """Type by name."""
        return {name: declared.type for name, declared in self.by_name.items()}


def refuse_type(
    scalar: Scalar, text: str, wanted: FactType, types: Mapping[str, FactType], shapes: Shapes
) -> None:
    """Complain about an expression that can never have a value, or one of another type; `text` ends the scalar's."""
    skipped = len(scalar.text) - len(text)
    try:
        found = infer_type(parse_expression_tree(text, ()), types)
    except FeelError as error:
        shapes.problems.append(scalar.complain_at(skipped, len(text), error.message, ""))
        return
    if found not in (wanted, FactType.ANY):
        problem = f"the expression is a {found} where a {wanted} is declared"
        shapes.problems.append(scalar.complain_at(skipped, len(text), problem, "correct one of them"))


def parse_or_note(scalar: Scalar, text: str, shapes: Shapes) -> Expression | None:
    """The expression, or a complaint that points into it; `text` ends the scalar's text."""
    skipped = len(scalar.text) - len(text)
    try:
        return parse_expression(text)
    except FeelError as error:
        shapes.problems.append(scalar.complain_at(skipped + error.offset, error.length, error.message, ""))
        return None


def compile_facts(documents: tuple[FactDocument, ...], schema: FactSchema, shapes: Shapes) -> Vocabulary:
    """The facts of the schema and the derived facts of the policy set."""
    given = {fact.name: fact for fact in schema.fields}
    parsed: dict[str, DerivedFact] = {}
    scalars: dict[str, Scalar] = {}
    for document in documents:
        name = document.name.text
        if name in given or name in parsed:
            where = "the schema" if name in given else f"line {parsed[name].where.line}"
            shapes.note(
                document.name, Code.DUPLICATE, f"fact `{name}` exists already, in {where}", "rename it"
            )
        elif (expression := parse_or_note(document.expression, document.expression.text, shapes)) is not None:
            declared = FactField(name, document.type)
            parsed[name] = DerivedFact(declared, expression, document.expression.text, document.name.position)
            scalars[name] = document.expression
    ordered = _order(parsed, scalars, shapes)
    vocabulary = Vocabulary(given, ordered)
    for fact in ordered:
        scalar = scalars[fact.field.name]
        if vocabulary.refuse_unknown(fact.expression.names, scalar, shapes):
            refuse_type(scalar, scalar.text, fact.field.type, vocabulary.types, shapes)
    return vocabulary


def _order(
    parsed: Mapping[str, DerivedFact], scalars: Mapping[str, Scalar], shapes: Shapes
) -> tuple[DerivedFact, ...]:
    """Repeatedly take facts whose ingredients are there; what is left over is a cycle."""
    waiting = {name: {n for n in fact.expression.names if n in parsed} for name, fact in parsed.items()}
    ordered: list[DerivedFact] = []
    while ready := [name for name, needs in waiting.items() if not needs]:
        ordered += [parsed[name] for name in ready]
        for name in ready:
            del waiting[name]
        for needs in waiting.values():
            needs.difference_update(ready)
    for name, needs in waiting.items():
        problem = (
            f"derived fact `{name}` is made of itself, through {', '.join(f'`{n}`' for n in sorted(needs))}"
        )
        shapes.note(scalars[name], Code.CYCLE, problem, "break the cycle")
    return (*ordered, *(parsed[name] for name in waiting))
