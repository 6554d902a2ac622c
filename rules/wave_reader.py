"""`waves` of a charter: read, or every reason why a business unit would get a release twice or never."""

from collections.abc import Iterable

from rules.diagnostics import Code
from rules.shapes import Shapes
from rules.waves import Wave
from rules.yaml_reader import Node


def read_waves(shapes: Shapes, node: Node | None) -> tuple[Wave, ...]:
    """The waves in their order; complaints go to `shapes`."""
    waves: list[Wave] = []
    for item in shapes.items(node, "`waves`"):
        if wave := _wave(shapes, item, is_first=not waves):
            _refuse_repeats(shapes, item, wave, waves)
            waves.append(wave)
    return tuple(waves)


def _wave(shapes: Shapes, node: Node, *, is_first: bool) -> Wave | None:
    found = shapes.fields(node, "a wave", ("name", "business_units"), ("at_least", "at_most"))
    name = shapes.name(found.get("name"), "wave")
    listed = [
        shapes.text(x, "a business unit")
        for x in shapes.items(found.get("business_units"), "`business_units`")
    ]
    units = tuple(unit.text for unit in listed if unit)
    if "business_units" in found and not listed:
        shapes.note(found["business_units"], Code.SHAPE, "a wave without business units", "name one at least")
    gate = {key: _limits(shapes, found.get(key), key) for key in ("at_least", "at_most")}
    if is_first and any(gate.values()):
        shapes.note(node, Code.SHAPE, "a gate before the first wave", "move it: nothing was decided before")
    if not name or not units:
        return None
    return Wave(name.text, units, gate["at_least"], gate["at_most"])


def _limits(shapes: Shapes, node: Node | None, key: str) -> dict[str, float]:
    limits = {}
    for measure, value in shapes.entries(node, f"`{key}`"):
        name, limit = shapes.name(measure, "measure"), shapes.number(value, measure.text)
        if name and limit is not None:
            limits[name.text] = float(limit)
    return limits


def _refuse_repeats(shapes: Shapes, node: Node, wave: Wave, earlier: Iterable[Wave]) -> None:
    taken = {unit: other.name for other in earlier for unit in other.business_units}
    if wave.name in taken.values():
        shapes.note(node, Code.DUPLICATE, f"a second wave `{wave.name}`", "give each its own name")
    for place, unit in enumerate(wave.business_units):
        if unit in taken or unit in wave.business_units[:place]:
            problem = f"business unit `{unit[:80]}` is in wave `{taken.get(unit, wave.name)}` already"
            shapes.note(node, Code.DUPLICATE, problem, "name it once")
