"""
Boxed expressions: DMN 1.3, clause 10.2.

Literal expressions, decision tables, contexts, invocations, lists, relations and functions, to one
shape: a callable from scope and notes to a value.
"""

from collections.abc import Callable, Mapping
from typing import TypeAlias

from rules.dmn.errors import DmnError
from rules.dmn.evidence import Notes, Step
from rules.dmn.table import Table
from rules.dmn.table_reader import read_table
from rules.dmn.types import TypeBook
from rules.dmn.xml_tree import Element
from rules.feel import Expression, FeelError, Function, Scope, Value, parse_expression
from rules.feel.compiler import apply
from rules.feel.effort import with_meter

Logic: TypeAlias = Callable[[Scope, Notes], Value]
_FEEL = ("FEEL", "feel", "")
EXPRESSIONS = (
    "literalExpression", "decisionTable", "context", "invocation", "list", "relation", "functionDefinition",
)  # fmt: skip
_UNSUPPORTED = ("conditional", "filter", "for", "some", "every")


class LogicReader:
    """
    Reads the boxed expressions of one decision or knowledge model.

    Parameters
    ----------
    owner
        What they belong to, for messages and evidence.
    """

    def __init__(self, owner: str, types: TypeBook) -> None:
        self._owner = owner
        self._types = types

    def read(self, parent: Element, names: tuple[str, ...]) -> Logic:
        """The expression inside `parent`."""
        element = parent.one(*EXPRESSIONS)
        if element is None:
            other = parent.one(*_UNSUPPORTED)
            problem = f"boxed `{other.tag}` is beyond conformance level 2" if other else "has no expression"
            raise DmnError(self._owner, problem, parent.line)
        return self._readers()[element.tag](element, names)

    def _readers(self) -> Mapping[str, Callable[[Element, tuple[str, ...]], Logic]]:
        return {
            "literalExpression": self._literal,
            "decisionTable": self._table,
            "context": self._context,
            "invocation": self._invocation,
            "list": self._list,
            "relation": self._relation,
            "functionDefinition": self.function,
        }

    def expression(self, element: Element, names: tuple[str, ...]) -> Expression:
        """A literal expression."""
        language = element.get("expressionLanguage")
        if language not in _FEEL and "FEEL" not in language.upper():
            raise DmnError(
                self._owner, f"expression language `{language[:80]}`; only FEEL is read", element.line
            )
        text = element.text_of("text")
        if not text:
            raise DmnError(self._owner, "an expression without text", element.line)
        try:
            return parse_expression(text, names)
        except FeelError as error:
            raise DmnError(self._owner, f"`{text[:80]}`: {error.message}", element.line) from error

    def _literal(self, element: Element, names: tuple[str, ...]) -> Logic:
        expression = self.expression(element, names)
        return lambda scope, _: expression.evaluate(scope)

    def table(self, element: Element, names: tuple[str, ...]) -> Table:
        """A decision table."""
        return read_table(element, self._owner, names, self._types)

    def _table(self, element: Element, names: tuple[str, ...]) -> Logic:
        table, owner = self.table(element, names), self._owner

        def evaluate(scope: Scope, notes: Notes) -> Value:
            hit = table.evaluate(scope)
            notes.steps.append(Step(owner, hit.outcome, hit.readings, hit.rows, hit.problem))
            return hit.outcome

        return evaluate

    def _context(self, element: Element, names: tuple[str, ...]) -> Logic:
        """Entries in order, each seeing the earlier; one without a name is the result."""
        entries: list[tuple[str, Logic]] = []
        known = names
        for entry in element.all("contextEntry"):
            variable = entry.one("variable")
            entries.append((variable.get("name") if variable else "", self.read(entry, known)))
            known = (*known, entries[-1][0]) if entries[-1][0] else known

        def evaluate(scope: Scope, notes: Notes) -> Value:
            local, built = dict(scope), dict[str, Value]()
            for name, logic in entries:
                value = logic(local, notes)
                if not name:
                    return value
                local[name] = built[name] = value
            return built

        return evaluate

    def _invocation(self, element: Element, names: tuple[str, ...]) -> Logic:
        called = element.one("literalExpression")
        if called is None:
            raise DmnError(self._owner, "an invocation without the function it calls", element.line)
        function, bindings = self.expression(called, names), list(element.all("binding"))
        parameters = tuple(parameter.get("name") for b in bindings for parameter in b.all("parameter"))
        arguments = tuple(self.read(binding, names) for binding in bindings)
        if len(parameters) != len(arguments):
            raise DmnError(self._owner, "a binding without its parameter", element.line)

        def evaluate(scope: Scope, notes: Notes) -> Value:
            target = function.evaluate(scope)
            values = tuple(argument(scope, notes) for argument in arguments)
            return apply(target, parameters, values, scope) if isinstance(target, Function) else None

        return evaluate

    def _list(self, element: Element, names: tuple[str, ...]) -> Logic:
        items = tuple(self._one(item, names) for item in element.all(*EXPRESSIONS))
        return lambda scope, notes: tuple([item(scope, notes) for item in items])

    def _relation(self, element: Element, names: tuple[str, ...]) -> Logic:
        columns = tuple(column.get("name") for column in element.all("column"))
        rows = [tuple(self._one(cell, names) for cell in row.all(*EXPRESSIONS)) for row in element.all("row")]
        if any(len(row) != len(columns) for row in rows):
            raise DmnError(self._owner, f"a row of the relation has not {len(columns)} cells", element.line)
        return lambda scope, notes: tuple(
            {name: cell(scope, notes) for name, cell in zip(columns, row, strict=True)} for row in rows
        )

    def _one(self, element: Element, names: tuple[str, ...]) -> Logic:
        return self._readers()[element.tag](element, names)

    def function(self, element: Element, names: tuple[str, ...]) -> Logic:
        """A function definition, closed over the scope where it stands."""
        if element.get("kind", "FEEL") != "FEEL":
            raise DmnError(
                self._owner, f"a function of kind `{element.get('kind')[:40]}`; only FEEL", element.line
            )
        parameters = tuple(parameter.get("name") for parameter in element.all("formalParameter"))
        body = self.read(element, (*names, *parameters))

        def define(scope: Scope, notes: Notes) -> Value:
            def call(caller: Scope, values: tuple[Value, ...]) -> Value:
                return body(
                    with_meter({**scope, **dict(zip(parameters, values, strict=True))}, caller), notes
                )

            return Function(parameters, call)

        return define
