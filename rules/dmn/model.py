"""
A DMN model: decisions, what they require, and their outcome for given inputs.

    model = read_dmn(data, "approval.dmn")
    model.evaluate("Approval", {"Age": 18}).outcome

Namespaces of DMN 1.1 to 1.5 are read. A decision is evaluated after the decisions it requires
(DMN 1.3, 6.2); an error of meaning makes its outcome null and stands in the evidence.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from rules.dmn.errors import DmnError
from rules.dmn.evidence import Notes, Step
from rules.dmn.logic import Logic, LogicReader
from rules.dmn.types import ItemType, TypeBook, conforms, read_input
from rules.dmn.xml_tree import Element, parse_xml
from rules.feel import BUILTINS, FeelError, Value, written

_LENIENT = frozenset(
    {"http://www.omg.org/spec/DMN/20151101/dmn.xsd", "http://www.omg.org/spec/DMN/20180521/MODEL/"}
)  # 1.1 and 1.2 do not yet say that an outcome of another type is null
_STRICT = frozenset(
    {
        "https://www.omg.org/spec/DMN/20191111/MODEL/",
        "https://www.omg.org/spec/DMN/20211108/MODEL/",
        "https://www.omg.org/spec/DMN/20230324/MODEL/",
    }
)


@dataclass(frozen=True, slots=True)
class InputData:
    """An input of the model."""

    id: str
    name: str
    type: ItemType
    type_name: str


@dataclass(frozen=True, slots=True)
class Knowledge:
    """
    A business knowledge model: a named function.

    Parameters
    ----------
    requires
        Ids of the knowledge models that it calls.
    """

    id: str
    name: str
    define: Logic
    requires: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Decision:
    """
    A decision.

    Parameters
    ----------
    requires
        Ids of the inputs, decisions and knowledge models that it reads.
    element
        The element itself, for translation.
    """

    id: str
    name: str
    logic: Logic
    type: ItemType
    requires: tuple[str, ...]
    element: Element = field(repr=False)


@dataclass(frozen=True, slots=True)
class DmnResult:
    """The outcome of a decision and everything evaluated on the way, in order."""

    outcome: Value
    evidence: tuple[Step, ...]

    def as_plain(self) -> dict[str, Any]:
        """For JSON: dates and durations as text, numbers as Decimal, lists and objects as they are."""
        steps = [
            {
                "element": step.element,
                "outcome": plain(step.outcome),
                "readings": plain(step.readings),
                "rows": list(step.rows),
                "problem": step.problem,
            }
            for step in self.evidence
        ]
        return {"outcome": plain(self.outcome), "evidence": steps}


@dataclass(frozen=True, slots=True)
class DmnModel:
    """
    A model that was read.

    Parameters
    ----------
    parts
        Inputs, decisions and knowledge models by id.
    strict
        An outcome that is not of the declared type is null.
    """

    name: str
    parts: Mapping[str, InputData | Decision | Knowledge]
    strict: bool
    types: TypeBook = field(repr=False)

    @property
    def decisions(self) -> tuple[Decision, ...]:
        """In the order of the file."""
        return tuple(part for part in self.parts.values() if isinstance(part, Decision))

    @property
    def inputs(self) -> tuple[InputData, ...]:
        """In the order of the file."""
        return tuple(part for part in self.parts.values() if isinstance(part, InputData))

    def evaluate(self, decision_name: str, inputs: Mapping[str, Any]) -> DmnResult:
        """
        The outcome for inputs as they come from JSON; an input that is not given is null.

        Raises
        ------
        DmnError
            No decision has the name, or one that it rests on could not be read.
        DmnInputError
            An input has another type than the model declares.
        """
        target = self._find(decision_name)
        notes, values = Notes(), dict[str, Value]()
        for part in self._in_order(target):
            if isinstance(part, InputData):
                values[part.id] = read_input(inputs.get(part.name), part.type, part.name)
            elif isinstance(part, Knowledge):
                values[part.id] = part.define(self._scope(part, values), notes)
            else:
                values[part.id] = self._decide(part, self._scope(part, values), notes)
        return DmnResult(values[target.id], tuple(notes.steps))

    def _find(self, name: str) -> Decision:
        for decision in self.decisions:
            if name in {decision.name, decision.element.get("name")}:
                return decision
        known = ", ".join(f"`{decision.name}`" for decision in self.decisions[:20])
        raise DmnError(f"file `{self.name}`", f"no decision `{name[:80]}`; there is {known or 'none'}")

    def _in_order(self, target: Decision) -> Iterator[InputData | Decision | Knowledge]:
        """Requirements before what requires them; `read_dmn` has refused cycles."""
        done: set[str] = set()
        pending = [(target.id, False)]
        while pending:
            id_, expanded = pending.pop()
            if id_ in done:
                continue
            if expanded:
                done.add(id_)
                yield self.parts[id_]
            else:
                pending.append((id_, True))
                pending.extend((required, False) for required in reversed(_requires(self.parts[id_])))

    def _scope(self, part: Decision | Knowledge, values: Mapping[str, Value]) -> dict[str, Value]:
        return {self.parts[id_].name: values[id_] for id_ in part.requires}

    def _decide(self, decision: Decision, scope: Mapping[str, Value], notes: Notes) -> Value:
        seen = len(notes.steps)
        try:
            outcome, problem = decision.logic(scope, notes), ""
        except FeelError as error:
            outcome, problem = None, error.message
        fits, conforming = conforms(outcome, decision.type)
        if not fits and self.strict:
            conforming, problem = None, "the outcome is not of the declared type"
        elif not fits:
            conforming = outcome
        if problem or len(notes.steps) == seen:
            notes.steps.append(Step(decision.name, conforming, problem=problem))
        return conforming


def plain(value: Value) -> Any:
    """A value as JSON has it; only numbers stay `Decimal`, since JSON writers differ on them."""
    if value is None or isinstance(value, bool | str | Decimal):
        return value
    if isinstance(value, tuple):
        return [plain(item) for item in value]
    if isinstance(value, Mapping):
        return {key: plain(item) for key, item in value.items()}
    return written(value)


def _requires(part: InputData | Decision | Knowledge) -> tuple[str, ...]:
    return () if isinstance(part, InputData) else part.requires


def read_dmn(data: bytes, name: str) -> DmnModel:
    """
    The model of a file.

    Raises
    ------
    DmnError
        The first element that cannot be read, with its line.
    """
    root = parse_xml(data, name)
    strict = _check_root(root, name)
    types = TypeBook(tuple(root.all("itemDefinition")))
    reader = _ModelReader(root, types)
    model = DmnModel(root.get("name") or name, reader.parts(), strict, types)
    _check_cycles(model)
    return model


def _check_root(root: Element, name: str) -> bool:
    """Whether outcomes are checked strictly. Some tools put the model into its own namespace."""
    known = root.namespace in _LENIENT | _STRICT or root.namespace == root.get("namespace", "-")
    if root.tag != "definitions" or not known:
        problem = f"`{root.tag[:40]}` of namespace `{root.namespace[:80]}` is no DMN 1.1 to 1.5 model"
        raise DmnError(f"file `{name}`", problem, root.line)
    imported = root.one("import")
    if imported is not None:
        raise DmnError(
            f"import `{imported.get('name')[:80]}`", "put all decisions into one file", imported.line
        )
    return root.namespace in _STRICT


class _ModelReader:
    """The parts of one model; knows every id, so that requirements can be named."""

    def __init__(self, root: Element, types: TypeBook) -> None:
        self._root = root
        self._types = types
        self._elements: dict[str, Element] = {}
        for element in root.all("inputData", "decision", "businessKnowledgeModel"):
            id_ = element.get("id") or element.get("name")
            if id_ in self._elements:
                raise DmnError(_title(element), f"the id `{id_[:80]}` is used twice", element.line)
            self._elements[id_] = element

    def parts(self) -> Mapping[str, InputData | Decision | Knowledge]:
        return {id_: self._part(id_, element) for id_, element in self._elements.items()}

    def _part(self, id_: str, element: Element) -> InputData | Decision | Knowledge:
        title, variable = _title(element), element.one("variable")
        reference = variable.get("typeRef") if variable is not None else ""
        name = _variable_name(element)
        if element.tag == "inputData":
            return InputData(id_, name, self._types.find(reference or "Any", title), reference)
        requires = self._requirements(element, title)
        names = (*(_variable_name(self._elements[one]) for one in requires), *self._types.component_names())
        reader = LogicReader(name, self._types)
        if element.tag == "decision":
            kind = self._types.find(reference or "Any", title)
            return Decision(id_, name, reader.read(element, names), kind, requires, element)
        if name in BUILTINS:
            raise DmnError(title, "has the name of a built-in function; rename it", element.line)
        logic = element.one("encapsulatedLogic")
        if logic is None:
            raise DmnError(title, "has no encapsulated logic", element.line)
        return Knowledge(id_, name, reader.function(logic, names), requires)

    def _requirements(self, element: Element, title: str) -> tuple[str, ...]:
        found: list[str] = []
        for requirement in element.all("informationRequirement", "knowledgeRequirement"):
            for required in requirement.all("requiredInput", "requiredDecision", "requiredKnowledge"):
                id_ = required.get("href").rpartition("#")[2]
                if id_ not in self._elements:
                    raise DmnError(title, f"requires `{id_[:80]}`, which is not in the file", required.line)
                found.append(id_)
        return tuple(dict.fromkeys(found))


def _title(element: Element) -> str:
    kinds = {"inputData": "input", "decision": "decision", "businessKnowledgeModel": "knowledge model"}
    return f"{kinds.get(element.tag, element.tag)} `{element.get('name')[:80]}`"


def _variable_name(element: Element) -> str:
    """The name expressions use: of the variable where it has one, else of the element."""
    variable = element.one("variable")
    written = (variable.get("name") if variable is not None else "") or element.get("name")
    return " ".join(written.split())


def _check_cycles(model: DmnModel) -> None:
    """Depth-first colouring without recursion."""
    finished: set[str] = set()
    for start in model.parts:
        path: dict[str, Iterator[str]] = {start: iter(_requires(model.parts[start]))}
        while path:
            current = next(reversed(path))
            following = next(path[current], None) if current not in finished else None
            if following is None:
                finished.add(current)
                del path[current]
            elif following in path:
                raise DmnError(
                    f"decision `{model.parts[following].name[:80]}`", "requires itself; break the cycle"
                )
            else:
                path[following] = iter(_requires(model.parts[following]))
