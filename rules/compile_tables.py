"""Tables as written to tables that answer: cells, outcomes, ranks, index."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from rules.compile_facts import Vocabulary, parse_or_note, refuse_type
from rules.conditions import Cell
from rules.diagnostics import Code
from rules.document import Aggregate, HitPolicy, OutputDocument, RowDocument, TableDocument
from rules.feel import Expression, FeelError, UnaryTests, Value, parse_unary_tests
from rules.feel.inference import infer_type
from rules.feel.parser import parse_tests_tree
from rules.index import build_index
from rules.literals import LiteralError, read_literal
from rules.schema import FactField, FactType
from rules.shapes import Shapes, did_you_mean
from rules.table import DecisionTable, Output, Reason, Row
from rules.yaml_reader import Scalar

EXPRESSION_MARK = "="  # `= order.value / 2` is computed, anything else is taken as written
_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")
_RANKED = (HitPolicy.PRIORITY, HitPolicy.OUTPUT_ORDER)
_PREFERENTIAL = (HitPolicy.FIRST, HitPolicy.PRIORITY)
_MEMBERSHIP = (
    FactType.ANY,
    FactType.BOOLEAN,
    FactType.LIST,
    FactType.RANGE,
)  # what a fact may lie in, or a condition


def compile_table(document: TableDocument, vocabulary: Vocabulary, shapes: Shapes) -> DecisionTable:
    """The table; what cannot be compiled is left out and complained about."""
    return _TableCompiler(document, vocabulary, shapes, {}, vocabulary.types).table()


@dataclass(slots=True)
class _TableCompiler:
    document: TableDocument
    vocabulary: Vocabulary
    shapes: Shapes
    parsed: dict[tuple[str, str], UnaryTests]  # cells repeat; each text is parsed once per input
    types: Mapping[str, FactType]

    def table(self) -> DecisionTable:
        document = self.document
        inputs = self._inputs()
        outputs = tuple(self._output(output) for output in document.outputs)
        self._check_hit_policy(outputs)
        rows = tuple(self._row(row, place, inputs, outputs) for place, row in enumerate(self.document.rows))
        rows = _ranked(rows, outputs) if document.hit in _RANKED else rows
        default = self._row(document.default, len(rows), inputs, outputs) if document.default else None
        reads, derived = self.vocabulary.needed(_names(inputs, (*rows, *((default,) if default else ()))))
        ordered = sorted(rows, key=lambda row: row.rank)
        kinds = {name: declared.type for name, declared in inputs.items()}
        candidates = [(row, row.cells) for row in ordered]
        return DecisionTable(
            name=document.name.text,
            stage=document.stage,
            hit=document.hit,
            aggregate=document.aggregate,
            inputs=tuple(inputs.values()),
            outputs=outputs,
            rows=rows,
            default=default,
            reads=reads,
            derived=derived,
            known=frozenset(self.vocabulary.given),
            index=build_index(candidates, kinds, is_preferential=document.hit in _PREFERENTIAL),
            where=document.name.position,
        )

    def _inputs(self) -> dict[str, FactField]:
        found: dict[str, FactField] = {}
        for scalar in self.document.inputs:
            declared = self.vocabulary.by_name.get(scalar.text)
            if declared is None:
                fix = did_you_mean(scalar.text, self.vocabulary.by_name)
                self.shapes.note(scalar, Code.UNKNOWN, f"unknown fact `{scalar.text}`", fix)
            elif scalar.text in found:
                self.shapes.note(scalar, Code.DUPLICATE, f"input `{scalar.text}` stands twice", "remove one")
            else:
                found[scalar.text] = declared
        return found

    def _output(self, document: OutputDocument) -> Output:
        values = [
            self._literal(scalar, document.type, f"output `{document.name.text}`")
            for scalar in document.values
        ]
        if len(set(values)) != len(values):
            self.shapes.note(
                document.name,
                Code.DUPLICATE,
                f"output `{document.name.text}` lists a value twice",
                "remove one",
            )
        return Output(document.name.text, document.type, tuple(values))

    def _literal(self, scalar: Scalar, kind: FactType, what: str) -> Value:
        try:
            return read_literal(scalar, kind)
        except LiteralError as error:
            self.shapes.note(scalar, Code.TYPE, f"{what}: `{scalar.text[:80]}` is not a {kind}", str(error))
            return None

    def _check_hit_policy(self, outputs: tuple[Output, ...]) -> None:
        document, name = self.document, self.document.name
        if document.hit in _RANKED and not any(output.values for output in outputs):
            fix = "list the values of an output, highest priority first"
            self.shapes.note(name, Code.HIT_POLICY, f"{document.hit} needs an order of outputs", fix)
        if document.aggregate is None:
            return
        if document.hit is not HitPolicy.COLLECT:
            fix = "write `hit: COLLECT` or remove `aggregate`"
            self.shapes.note(name, Code.HIT_POLICY, f"{document.hit} has no aggregate", fix)
        if len(outputs) != 1:
            fix = "keep one output"
            self.shapes.note(name, Code.HIT_POLICY, "an aggregate folds one output, not several", fix)
        elif document.aggregate is not Aggregate.COUNT and outputs[0].type is not FactType.NUMBER:
            fix = f"make `{outputs[0].name}` a number, or count"
            self.shapes.note(name, Code.HIT_POLICY, f"{document.aggregate} folds numbers only", fix)

    def _row(
        self, row: RowDocument, place: int, inputs: Mapping[str, FactField], outputs: tuple[Output, ...]
    ) -> Row:
        cells = tuple(filter(None, (self._cell(key, text, inputs) for key, text in row.when)))
        texts = {cell.fact: cell.text for cell in cells}
        outcome, computed = self._outcome(row, {output.name: output for output in outputs})
        return Row(
            id=row.id.text,
            cells=tuple(cell for cell in cells if not cell.tests.is_any),
            evidence=tuple((name, texts.get(name, "-")) for name in inputs),
            outcome=outcome,
            computed=computed,
            because=self._because(row),
            rank=place,
            where=row.id.position,
        )

    def _cell(self, key: Scalar, scalar: Scalar, inputs: Mapping[str, FactField]) -> Cell | None:
        declared = inputs.get(key.text)
        if declared is None:
            fix = did_you_mean(key.text, inputs)
            self.shapes.note(key, Code.UNKNOWN, f"`{key.text[:80]}` is no input of this table", fix)
            return None
        tests = self._tests(declared, scalar)
        if tests is None or not self.vocabulary.refuse_unknown(tests.names, scalar, self.shapes):
            return None
        self._refuse_undeclared(declared, tests, scalar)
        if tests.names or "?" in scalar.text:
            self._refuse_mixed(declared, scalar)
        return Cell(declared.name, scalar.text, tests, scalar.position)

    def _tests(self, declared: FactField, scalar: Scalar) -> UnaryTests | None:
        known = self.parsed.get((declared.name, scalar.text))
        if known is not None:
            return known
        try:
            tests = parse_unary_tests(scalar.text, declared.type)
        except FeelError as error:
            self.shapes.problems.append(scalar.complain_at(error.offset, error.length, error.message, ""))
            return None
        self.parsed[declared.name, scalar.text] = tests
        return tests

    def _refuse_mixed(self, declared: FactField, scalar: Scalar) -> None:
        """A test that compares the fact with what is of another type could never hold."""
        types = {**self.types, "?": declared.type}
        for test in parse_tests_tree(scalar.text, ())[1]:
            allowed = (
                (declared.type, *_MEMBERSHIP) if test.operator == "in" else (declared.type, FactType.ANY)
            )
            try:
                found = infer_type(test.operand, types)
                problem = "" if found in allowed else f"a {found} in a column of {declared.type}"
            except FeelError as error:
                problem = error.message
            if problem:
                self.shapes.problems.append(scalar.complain_at(0, len(scalar.text), problem, ""))

    def _refuse_undeclared(self, declared: FactField, tests: UnaryTests, scalar: Scalar) -> None:
        """A text that the schema does not allow could never match: a typing error."""
        if not declared.values:
            return
        for value in sorted(v for v in tests.values() or tests.excluded() or () if isinstance(v, str)):
            if value not in declared.values:
                start = max(0, scalar.text.find(value))
                message = f"`{declared.name}` is never `{value[:80]}`"
                fix = did_you_mean(value, declared.values)
                self.shapes.problems.append(scalar.complain_at(start, len(value), message, fix))

    def _outcome(
        self, row: RowDocument, outputs: Mapping[str, Output]
    ) -> tuple[dict[str, Value], tuple[tuple[str, Expression], ...]]:
        outcome: dict[str, Value] = {}
        computed: list[tuple[str, Expression]] = []
        for key, scalar in row.then:
            output = outputs.get(key.text)
            if output is None:
                fix = did_you_mean(key.text, outputs)
                self.shapes.note(key, Code.UNKNOWN, f"`{key.text[:80]}` is no output of this table", fix)
            elif isinstance(scalar.value, str) and scalar.text.startswith(EXPRESSION_MARK):
                computed += self._computed(output, scalar)
            elif (value := self._allowed(output, scalar)) is not None:
                outcome[output.name] = value
        if self.document.aggregate is not None and len(outcome) + len(computed) != len(outputs):
            self.shapes.note(
                row.id, Code.SHAPE, f"row `{row.id.text}` has nothing to aggregate", "give the output"
            )
        return {name: outcome[name] for name in outputs if name in outcome}, tuple(computed)

    def _allowed(self, output: Output, scalar: Scalar) -> Value:
        value = self._literal(scalar, output.type, f"output `{output.name}`")
        if value is not None and output.values and value not in output.values:
            fix = did_you_mean(str(value), map(str, output.values))
            self.shapes.note(
                scalar, Code.UNKNOWN, f"output `{output.name}` is never `{scalar.text[:80]}`", fix
            )
        return value

    def _computed(self, output: Output, scalar: Scalar) -> list[tuple[str, Expression]]:
        ranked = self.document.hit in _RANKED and output.values
        if ranked or self.document.hit is HitPolicy.ANY:
            problem = f"{self.document.hit} compares outputs, so `{output.name}` cannot be computed"
            self.shapes.note(scalar, Code.HIT_POLICY, problem, "write the value")
            return []
        text = scalar.text[len(EXPRESSION_MARK) :]
        expression = parse_or_note(scalar, text, self.shapes)
        if expression is None or not self.vocabulary.refuse_unknown(expression.names, scalar, self.shapes):
            return []
        refuse_type(scalar, text, output.type, self.types, self.shapes)
        return [(output.name, expression)]

    def _because(self, row: RowDocument) -> Reason:
        if row.because is None:
            return Reason((f"row {row.id.text} of {self.document.name.text}",))
        parts = _PLACEHOLDER.split(row.because.text)
        for name in parts[1::2]:
            if name not in self.vocabulary.by_name:
                start = row.because.text.find("{" + name + "}") + 1
                fix = did_you_mean(name, self.vocabulary.by_name)
                message = f"unknown fact `{name[:80]}`"
                self.shapes.problems.append(row.because.complain_at(start, len(name), message, fix))
        return Reason(tuple(parts))


def _names(inputs: Mapping[str, FactField], rows: tuple[Row, ...]) -> set[str]:
    names = set(inputs)
    for row in rows:
        names.update(row.because.facts, *(cell.tests.names for cell in row.cells))
        names.update(*(expression.names for _, expression in row.computed))
    return names


def _ranked(rows: tuple[Row, ...], outputs: tuple[Output, ...]) -> tuple[Row, ...]:
    """Rows with their place in the order of output priorities; ties keep the order of the file."""
    places: list[tuple[str, dict[Value, int]]] = [
        (output.name, {value: place for place, value in enumerate(output.values)})
        for output in outputs
        if output.values
    ]

    def priority(row: Row) -> tuple[int, ...]:
        return tuple(order.get(row.outcome.get(name), len(order)) for name, order in places)

    by_priority = sorted(rows, key=priority)
    rank = {row.id: place for place, row in enumerate(by_priority)}
    return tuple(replace(row, rank=rank[row.id]) for row in rows)
