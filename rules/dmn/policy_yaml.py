"""
A DMN model as a policy file: what `policy import-dmn` writes.

Decision tables become tables, literal expressions and computed table inputs become derived facts, names become
plain names (`Days Late` -> `days_late`, `loan.rate` stays). What a policy cannot say, knowledge models, boxed
contexts, tables that read tables, outputs that are computed, is refused with the element named.
"""

from collections.abc import Iterator, Mapping
from decimal import Decimal

import yaml

from rules.compile_tables import EXPRESSION_MARK
from rules.dmn.errors import DmnError
from rules.dmn.logic import LogicReader
from rules.dmn.model import Decision, DmnModel, InputData, Knowledge
from rules.dmn.table import Aggregation, HitPolicy, Input, Output, Row, Table
from rules.dmn.types import ItemType
from rules.feel import Expression, FeelError, FeelType, UnaryTests, Value, type_of, written
from rules.feel.inference import infer_type
from rules.feel.lexer import Lexer, TokenKind
from rules.feel.parser import parse_expression_tree
from rules.feel.temporal import format_duration, format_time

_HEADER = """\
# Imported from the DMN model `{name}`. Before `policy check`: set owner, effective date and stages, and see that the
# service provides these facts:
{facts}
"""
_TYPES = frozenset(
    {
        FeelType.TEXT, FeelType.NUMBER, FeelType.BOOLEAN, FeelType.DATE, FeelType.TIME,
        FeelType.DATE_TIME, FeelType.DAYS_DURATION, FeelType.MONTHS_DURATION,
    }
)  # fmt: skip


_COMPARED = frozenset({HitPolicy.ANY, HitPolicy.PRIORITY, HitPolicy.OUTPUT_ORDER})  # by their outputs


def to_policy_yaml(model: DmnModel) -> str:
    """
    The policy file.

    Raises
    ------
    DmnError
        The first element that a policy cannot express.
    """
    return _Writer(model).write()


class _Writer:
    def __init__(self, model: DmnModel) -> None:
        self._model = model
        self._names = self._plain_names()
        self._known = tuple(self._names)
        self._facts: list[dict[str, object]] = []
        self._tables: list[dict[str, object]] = []

    def write(self) -> str:
        """Header, derived facts, tables."""
        for decision in self._model.decisions:
            self._decision(decision)
        if not self._tables:
            raise DmnError(f"file `{self._model.name}`", "holds no decision table to import")
        document = {
            "policy": _plain(self._model.name, f"file `{self._model.name}`"),
            "version": "0.1.0",
            "owner": "to-be-named",
            "effective": "2099-01-01",
            **({"facts": self._facts} if self._facts else {}),
            "tables": self._tables,
        }
        facts = "\n".join(self._fact_lines()) or "#   (none)"
        head = _HEADER.format(name=_one_line(self._model.name), facts=facts)
        return head + yaml.dump(document, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=110)

    def _fact_lines(self) -> Iterator[str]:
        for part in self._model.inputs:
            for path, kind in _leaves(self._names[part.name], part.type):
                yield f"#   {path}: {kind}"

    def _plain_names(self) -> dict[str, str]:
        """Names of inputs and decisions, and what they become; two may not become one."""
        names: dict[str, str] = {}
        for part in self._model.parts.values():
            if isinstance(part, Knowledge):
                raise DmnError(
                    f"knowledge model `{part.name}`", "a policy has no functions; write its table out"
                )
            plain = _plain(part.name, f"`{part.name}`")
            if plain in names.values():
                raise DmnError(f"`{part.name}`", f"becomes `{plain}`, like another name; rename one")
            names[part.name] = plain
        return names

    def _decision(self, decision: Decision) -> None:
        title, element = f"decision `{decision.name}`", decision.element
        self._refuse_tables_below(decision, title)
        reader = LogicReader(decision.name, self._model.types)
        if (table := element.one("decisionTable")) is not None:
            self._table(decision, reader.table(table, self._known))
        elif (literal := element.one("literalExpression")) is not None:
            expression = reader.expression(literal, self._known)
            self._fact(
                self._names[decision.name], self._type_of(decision, expression, title), expression.text
            )
        else:
            raise DmnError(
                title, "only decision tables and literal expressions become policies", element.line
            )

    def _type_of(self, decision: Decision, expression: Expression, title: str) -> FeelType:
        """The declared type; where there is none, the one that the expression has whatever the facts are."""
        if decision.type.base is not FeelType.ANY:
            return _basic(decision.type, title)
        types = {
            path: kind for part in self._model.inputs for path, kind in _leaf_types(part.name, part.type)
        }
        try:
            found = infer_type(parse_expression_tree(expression.text, self._known), types)
        except FeelError as error:
            raise DmnError(title, error.message, decision.element.line) from error
        return _basic(ItemType(found, {}), title)

    def _refuse_tables_below(self, decision: Decision, title: str) -> None:
        for id_ in decision.requires:
            required = self._model.parts[id_]
            if isinstance(required, Decision) and required.element.one("literalExpression") is None:
                problem = f"reads the outcome of table `{required.name}`; policy tables read facts only"
                raise DmnError(title, problem, decision.element.line)
            if isinstance(required, InputData) and required.type.is_collection:
                raise DmnError(title, f"reads the list `{required.name}`; facts are single values")

    def _fact(self, name: str, kind: FeelType, text: str) -> None:
        self._facts.append({"name": name, "type": kind.value, "expression": self._renamed(text)})

    def _table(self, decision: Decision, table: Table) -> None:
        title = f"decision `{decision.name}`"
        inputs = [self._input(clause, decision, at) for at, clause in enumerate(table.inputs, 1)]
        outputs = [self._output(output, decision, table, at) for at, output in enumerate(table.outputs)]
        computed = table.hit_policy not in _COMPARED
        rows = [
            {
                "id": f"R-{at * 10}",
                **self._when(row, inputs),
                "then": self._then(outputs, list(row.outputs), f"{title} row {at}", computed=computed),
                **({"because": _one_line(row.because)} if row.because else {}),
            }
            for at, row in enumerate(table.rows, 1)
        ]
        written_table: dict[str, object] = {
            "name": self._names[decision.name].replace("_", "-"),
            "stage": "review",
            "hit": table.hit_policy.value,
            **({} if table.aggregation is Aggregation.LIST else {"aggregate": table.aggregation.value}),
            "inputs": inputs,
            "outputs": dict(outputs),
            "rows": rows,
        }
        defaults = [output.default for output in table.outputs]
        if any(default is not None for default in defaults):
            written_table["default"] = {
                "then": self._then(outputs, defaults, f"{title} default", computed=False)
            }
        if not table.inputs:
            raise DmnError(title, "has no input; a policy table reads facts", decision.element.line)
        if len({name for name, _ in outputs}) < len(outputs) or len(set(inputs)) < len(inputs):
            raise DmnError(title, "two columns become one name; rename one", decision.element.line)
        self._tables.append(written_table)

    def _input(self, clause: Input, decision: Decision, at: int) -> str:
        """The fact a column reads; what is computed becomes a derived fact of its own."""
        text = clause.expression.text.strip()
        name = self._renamed(text)
        if text in self._names or (text in clause.expression.names and _is_plain(name)):
            return name
        title = f"decision `{decision.name}` input {at}"
        derived = f"{self._names[decision.name]}_input_{at}"
        self._fact(derived, _basic(self._model.types.find(clause.type_name or "Any", title), title), text)
        return derived

    def _output(self, output: Output, decision: Decision, table: Table, at: int) -> tuple[str, object]:
        """Its plain name, and its values, best first, or its type."""
        title = f"decision `{decision.name}` output {at + 1}"
        name = _plain(output.name, title) if output.name else self._names[decision.name]
        if output.order and all(isinstance(value, str) for value in output.order):
            return name, [_spelled(value) for value in output.order]
        if output.order and table.hit_policy in {HitPolicy.PRIORITY, HitPolicy.OUTPUT_ORDER}:
            return name, [_spelled(value) for value in output.order]
        declared = self._model.types.find(output.type_name, title) if output.type_name else decision.type
        if declared.base in _TYPES:
            return name, declared.base.value
        kinds = {type_of(_constant(row.outputs[at], title)) for row in table.rows} - {FeelType.NULL}
        if len(kinds) != 1 or not kinds <= _TYPES:
            raise DmnError(title, "has no type; declare one")
        return name, kinds.pop().value

    def _when(self, row: Row, inputs: list[str]) -> dict[str, object]:
        cells = zip(inputs, row.tests, strict=True)
        when = {name: self._renamed(tests.text) for name, tests in cells if not tests.is_any}
        return {"when": when} if when else {}

    def _then(
        self,
        outputs: list[tuple[str, object]],
        entries: list[Expression | None],
        title: str,
        *,
        computed: bool,
    ) -> Mapping[str, object]:
        """Outcomes by output; a computed one is an expression behind the mark of policies."""
        then: dict[str, object] = {}
        for (name, _), entry in zip(outputs, entries, strict=True):
            if entry is None:
                continue
            if computed and not entry.is_constant:
                then[name] = f"{EXPRESSION_MARK} {self._renamed(entry.text)}"
            elif (value := _constant(entry, title)) is not None:
                then[name] = _spelled(value)
        return then

    def _cell(self, tests: UnaryTests) -> str:
        return self._renamed(tests.text)

    def _renamed(self, text: str) -> str:
        """The expression with the plain names; everything else as it was written."""
        lexer, pieces, done = Lexer(text, self._known), list[str](), 0
        while (token := lexer.take()).kind is not TokenKind.END:
            root, dot, rest = token.text.partition(".")
            if token.kind is TokenKind.NAME and (token.text in self._names or root in self._names):
                new = self._names.get(token.text) or f"{self._names[root]}{dot}{rest}"
                pieces += [text[done : token.offset], new]
                done = token.end
        return " ".join("".join([*pieces, text[done:]]).split())


def _constant(entry: Expression, title: str) -> Value:
    if not entry.is_constant:
        raise DmnError(title, f"the output `{entry.text[:80]}` is computed; a policy outcome is a value")
    return entry.evaluate()


def _spelled(value: Value) -> object:
    """As a policy file writes it: numbers and booleans as they are, everything else as text."""
    if isinstance(value, bool):
        return value
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() and abs(value) < 10**15 else value
    kind = type_of(value)
    if kind in {FeelType.TIME, FeelType.DATE_TIME}:
        return format_time(value)  # type: ignore[arg-type]  # by its type
    if kind in {FeelType.DAYS_DURATION, FeelType.MONTHS_DURATION}:
        return format_duration(value)  # type: ignore[arg-type]  # by its type
    return written(value, top=True)


class _Dumper(yaml.SafeDumper):
    """Writes decimals with exactly their digits."""


def _represent_decimal(dumper: yaml.SafeDumper, number: Decimal) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:float", format(number, "f"))


_Dumper.add_representer(Decimal, _represent_decimal)


def _basic(kind: ItemType, title: str) -> FeelType:
    if kind.is_collection or kind.base not in _TYPES:
        raise DmnError(title, "needs a declared type that a fact can have; set its typeRef")
    return kind.base


def _leaves(path: str, kind: ItemType) -> Iterator[tuple[str, str]]:
    return ((name, base.value) for name, base in _leaf_types(path, kind))


def _leaf_types(path: str, kind: ItemType) -> Iterator[tuple[str, FeelType]]:
    if not kind.components:
        yield path, kind.base
    for name, component in kind.components.items():
        yield from _leaf_types(f"{path}.{name}", component)


def _plain(name: str, title: str) -> str:
    """Lower-case words joined by `_`."""
    ascii_only = "".join(one if one.isascii() and one.isalnum() else " " for one in name)
    plain = "_".join(ascii_only.lower().split())
    if not plain or not plain[0].isalpha():
        raise DmnError(title, "has no letters a policy name can keep; rename it")
    return plain[:60]


def _is_plain(name: str) -> bool:
    return all(one.isascii() and (one.isalnum() or one in "_.") for one in name)


def _one_line(text: str) -> str:
    return " ".join(text.split())[:300]
