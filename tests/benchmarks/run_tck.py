"""
The DMN TCK against `rules.dmn`.

    .venv/bin/python tests/benchmarks/run_tck.py FOLDER

FOLDER holds `.dmn` models and the `testCases` files of the TCK beside them, at any depth. Prints every
case that fails, then the count by directory; exit code 1 when one fails.
"""

import sys
import xml.etree.ElementTree as ET
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from rules.dmn import DmnError, DmnInputError, DmnModel, read_dmn
from rules.dmn.types import ANYTHING, ItemType
from rules.errors import RulesError
from rules.feel import FeelType, Value, type_of, written

_NAMESPACE = "{http://www.omg.org/spec/DMN/20160719/testcase}"
_INSTANCE = "{http://www.w3.org/2001/XMLSchema-instance}"
_XSD_NUMBERS = frozenset({"decimal", "integer", "int", "long", "double", "float"})
_TOLERANCE = Decimal("1e-8")  # the suite writes some expected numbers with fewer digits than decimal128


@dataclass(frozen=True, slots=True)
class CaseResult:
    """One `testCase`: which results differed, empty when it holds."""

    directory: str
    case: str
    differences: tuple[str, ...]


def run_folder(folder: Path) -> list[CaseResult]:
    """Every case below the folder."""
    results: list[CaseResult] = []
    for file in sorted(folder.rglob("*.xml")):
        root = ET.parse(file).getroot()
        if root.tag == f"{_NAMESPACE}testCases":
            results.extend(_run_file(file, root))
    return results


def _run_file(file: Path, root: ET.Element) -> Iterator[CaseResult]:
    model_file = file.parent / (root.findtext(f"{_NAMESPACE}modelName") or "")
    if not model_file.is_file():
        candidates = sorted(file.parent.glob("*.dmn"))
        model_file = candidates[0] if candidates else model_file
    try:
        model = read_dmn(model_file.read_bytes(), model_file.name)
    except (DmnError, OSError) as error:
        model = str(error)
    for case in root.iter(f"{_NAMESPACE}testCase"):
        differences = (model,) if isinstance(model, str) else tuple(_run_case(model, case))
        yield CaseResult(file.parent.name, case.get("id", ""), differences)


def _run_case(model: DmnModel, case: ET.Element) -> Iterator[str]:
    types = {part.name: part.type for part in model.inputs}
    inputs = {
        node.get("name"): read_value(node, types.get(node.get("name", ""), ANYTHING))
        for node in case.iter(f"{_NAMESPACE}inputNode")
    }
    for node in case.iter(f"{_NAMESPACE}resultNode"):
        name = node.get("name", "")
        wanted = node.find(f"{_NAMESPACE}expected")
        wanted = node.find(f"{_NAMESPACE}computed") if wanted is None else wanted
        try:
            outcome = model.evaluate(name, inputs).outcome
        except DmnInputError:
            outcome = None  # an input outside its type: the suite expects no result
        except RulesError as error:
            yield f"{name}: {error}"
            continue
        if wanted is not None and not same(wanted, outcome):
            yield f"{name}: expected {ET.tostring(wanted, encoding='unicode')[:200]}, got {written(outcome)[:200]}"


def read_value(node: ET.Element, kind: ItemType) -> Any:
    """A `valueType` element as JSON would give it."""
    listed = node.find(f"{_NAMESPACE}list")
    if listed is not None and listed.get(f"{_INSTANCE}nil") != "true":
        single = ItemType(kind.base, kind.components)
        return [read_value(item, single) for item in listed.findall(f"{_NAMESPACE}item")]
    components = node.findall(f"{_NAMESPACE}component")
    if components:
        return {
            part.get("name"): read_value(part, kind.components.get(part.get("name", ""), ANYTHING))
            for part in components
        }
    value = node.find(f"{_NAMESPACE}value")
    return None if value is None or _is_null(value) else _read_scalar(value, kind)


def _is_null(value: ET.Element) -> bool:
    return value.get(f"{_INSTANCE}nil") == "true" or (not value.text and not _xsd_type(value))


def _xsd_type(value: ET.Element) -> str:
    return value.get(f"{_INSTANCE}type", "").rpartition(":")[2]


def _read_scalar(value: ET.Element, kind: ItemType) -> Any:
    text, xsd = value.text or "", _xsd_type(value)
    if xsd in _XSD_NUMBERS or (not xsd and kind.base is FeelType.NUMBER):
        return Decimal(text)
    if xsd == "boolean" or (not xsd and kind.base is FeelType.BOOLEAN):
        return text.strip() == "true"
    return text


def as_value(outcome: Any) -> Value:
    """What the command printed as JSON, as a value."""
    if isinstance(outcome, list):
        return tuple(as_value(item) for item in outcome)
    if isinstance(outcome, Mapping):
        return {name: as_value(item) for name, item in outcome.items()}
    if isinstance(outcome, int | float) and not isinstance(outcome, bool):
        return Decimal(repr(outcome))
    return outcome


def same(wanted: ET.Element, actual: Value) -> bool:
    """Whether the outcome is the expected one."""
    listed = wanted.find(f"{_NAMESPACE}list")
    if listed is not None:
        items = listed.findall(f"{_NAMESPACE}item")
        return (
            isinstance(actual, tuple)
            and len(items) == len(actual)
            and all(same(item, value) for item, value in zip(items, actual, strict=True))
        )
    components = wanted.findall(f"{_NAMESPACE}component")
    if components:
        return (
            isinstance(actual, Mapping)
            and {part.get("name") for part in components} == set(actual)
            and all(same(part, actual[part.get("name", "")]) for part in components)
        )
    value = wanted.find(f"{_NAMESPACE}value")
    if value is None or _is_null(value):
        return actual is None
    return _same_scalar(value.text or "", actual)


def _same_scalar(text: str, actual: Value) -> bool:
    if isinstance(actual, Decimal):
        try:
            wanted = Decimal(text)
        except ArithmeticError:
            return False
        return abs(wanted - actual) <= _TOLERANCE * max(Decimal(1), abs(wanted))
    return (
        actual is not None and type_of(actual) is not FeelType.CONTEXT and written(actual, top=True) == text
    )


def main(folder: str) -> int:
    """Run, print, count."""
    results = run_folder(Path(folder))
    for result in results:
        for difference in result.differences:
            print(f"FAIL {result.directory} case {result.case}: {difference}")
    for directory in sorted({result.directory for result in results}):
        own = [result for result in results if result.directory == directory]
        print(f"{directory}: {sum(not result.differences for result in own)}/{len(own)}")
    passed = sum(not result.differences for result in results)
    print(f"{passed} of {len(results)} cases hold")
    return 0 if results and passed == len(results) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
