"""
Random tables without a fault, and the same tables with one fault planted.

A clean table is a partition: all facts are one box, boxes are cut at random until there are enough, and each box
becomes a row. Nothing overlaps and nothing is left out, by construction.
"""

import random
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import Decimal

from rules import FactField, FactSchema, FactType

KINDS = ("PURCHASE", "TRANSFER", "PRODUCTION", "RETURN")
SCHEMA = FactSchema(
    "1",
    (
        FactField("value", FactType.NUMBER, "EUR", low=Decimal(0)),
        FactField("risk", FactType.NUMBER, "1", Decimal(0), Decimal(1)),
        FactField("score", FactType.NUMBER, "1", is_optional=True),
        FactField("due", FactType.DATE),
        FactField("kind", FactType.TEXT, values=KINDS),
        FactField("code", FactType.TEXT),
        FactField("is_rush", FactType.BOOLEAN),
        FactField("idle", FactType.NUMBER),
    ),
    {
        "order": FactSchema("1", (FactField("item", FactType.TEXT), FactField("use", FactType.NUMBER))),
    },
)
_NUMERIC = {"value": (1, 200_000, 0), "risk": (1, 99, 2), "score": (-500, 500, 1)}
ROLES = ("buyer", "controller")
EMPTY, UNKNOWN = "nobody-there", "buyre"


@dataclass(frozen=True)
class Range:
    """A stretch of an ordered fact, as literals; None = unbounded."""

    low: str | None = None
    low_closed: bool = False
    high: str | None = None
    high_closed: bool = False

    def text(self):
        """As a cell."""
        if self.low is None and self.high is None:
            return "-"
        if self.low is None:
            return f"{'<=' if self.high_closed else '<'} {self.high}"
        if self.high is None:
            return f"{'>=' if self.low_closed else '>'} {self.low}"
        if self.low == self.high:
            return self.low
        return f"{'[' if self.low_closed else '('}{self.low}..{self.high}{']' if self.high_closed else ')'}"


@dataclass(frozen=True)
class Listed:
    """Values of a text or boolean fact; `others` = every value that is not listed."""

    values: tuple[str, ...]
    others: bool = False

    def text(self):
        """As a cell."""
        if self.others:
            return f"not({', '.join(self.values)})" if self.values else "-"
        return ", ".join(self.values)


@dataclass(frozen=True)
class Plan:
    """A table as a list of boxes, in the order of the file."""

    hit: str
    inputs: tuple[str, ...]
    boxes: tuple[dict, ...]
    outcomes: tuple[tuple[str, str], ...]
    answers: tuple[str, ...] = ("HIGH", "LOW")
    outputs_more: str = ""
    joins: str = ""
    facts: str = ""
    extra: tuple[str, ...] = field(default=())
    computed: int = -1

    def text(self):
        """The policy file."""
        rows = "".join(f"      - {self._row(i)}\n" for i in range(len(self.boxes)))
        return (
            "policy: p\nversion: 1.0.0\nowner: controller\neffective: 2026-01-01\n"
            f"{self.facts}tables:\n  - name: t\n    stage: review\n    hit: {self.hit}\n"
            f"    inputs: [{', '.join((*self.inputs, *self.extra))}]\n"
            f"    outputs: {{answer: [{', '.join(self.answers)}], role: text, fee: number}}\n    rows:\n{rows}{self.joins}"
        )

    def _row(self, place):
        cells = [(name, part.text()) for name, part in self.boxes[place].items()]
        when = ", ".join(f"{name}: '{text}'" for name, text in cells if text != "-")
        answer, role = self.outcomes[place]
        fee = ', fee: "= 100 / idle"' if place == self.computed else ", fee: 1"
        return f"{{id: R{place}, when: {{{when}}}, then: {{answer: {answer}, role: {role}{fee}}}}}"


def clean(draw: random.Random, rows: int, hit: str) -> Plan:
    """A table of about so many rows without a fault."""
    names = draw.sample(["value", "risk", "score", "due", "kind", "code", "is_rush"], draw.randint(2, 5))
    names = names if _has_ordered(names) else [*names, "value"]
    boxes = [{name: _whole(name) for name in names}]
    while len(boxes) < rows:
        place = draw.randrange(len(boxes))
        halves = _cut(draw, boxes[place])
        if halves:
            boxes[place : place + 1] = halves
    boxes = _all_used(draw, boxes, names)
    boxes = [half for box in boxes for half in _absent_apart(draw, box)]
    draw.shuffle(boxes)
    answers = ["HIGH", "LOW"]
    outcomes = [(draw.choice(answers), draw.choice(ROLES)) for _ in boxes]
    outcomes[0], outcomes[1] = ("HIGH", outcomes[0][1]), ("LOW", outcomes[1][1])
    return Plan(hit, tuple(names), tuple(boxes), tuple(outcomes))


def _has_ordered(names):
    return any(name in _NUMERIC or name == "due" for name in names)


def _whole(name):
    return Range() if name in _NUMERIC or name == "due" else Listed((), others=True)


def _all_used(draw, boxes, names):
    """Every input is looked at by some row."""
    for name in names:
        while all(box[name].text() == "-" for box in boxes):
            place = draw.randrange(len(boxes))
            boxes[place : place + 1] = _cut_at(draw, boxes[place], name) or [boxes[place]]
    return boxes


def _absent_apart(draw, box):
    """A row that constrains `score` does not answer when it is absent: another one does."""
    if "score" not in box or box["score"].text() == "-" or box["score"].low is not None:
        return [box]
    return [box, box | {"score": Listed(("null",))}]


def _cut(draw, box):
    return _cut_at(draw, box, draw.choice(list(box)))


def _cut_at(draw, box, name):
    part = box[name]
    halves = _cut_range(draw, name, part) if isinstance(part, Range) else _cut_listed(draw, name, part)
    return halves and [box | {name: half} for half in halves]


def _cut_range(draw, name, part):
    point = _between(draw, name, part)
    if point is None:
        return None
    closed = draw.random() < 0.5
    below = Range(part.low, part.low_closed, point, closed)
    above = Range(point, not closed, part.high, part.high_closed)
    return [below, above]


def _between(draw, name, part):
    """A threshold strictly inside, as text, with room on both sides."""
    if name == "due":
        first = date(2026, 1, 1)
        days = [draw.randrange(-2_000, 2_000)] if part.low is None and part.high is None else None
        low = (date.fromisoformat(part.low[6:-2]) - first).days if part.low else -3_000
        high = (date.fromisoformat(part.high[6:-2]) - first).days if part.high else 3_000
        if high - low < 5:
            return None
        day = days[0] if days else draw.randrange(low + 2, high - 1)
        return f'date("{first + timedelta(days=day)}")'
    start, end, places = _NUMERIC[name]
    scale = 10**places
    low = int(Decimal(part.low) * scale) if part.low is not None else start
    high = int(Decimal(part.high) * scale) if part.high is not None else end
    if high - low < 5:
        return None
    return str(Decimal(draw.randrange(low + 2, high - 1)).scaleb(-places))


def _cut_listed(draw, name, part):
    if name == "is_rush":
        return [Listed(("true",)), Listed(("false",))] if part.others else None
    if name == "kind":
        known = [f'"{kind}"' for kind in KINDS]
        values = [v for v in known if v not in part.values] if part.others else list(part.values)
        if len(values) < 2:
            return None
        draw.shuffle(values)
        middle = draw.randrange(1, len(values))
        return [Listed(tuple(sorted(values[:middle]))), Listed(tuple(sorted(values[middle:])))]
    if not part.others:
        return None
    new = tuple(f'"{draw.randrange(10**6):06d}"' for _ in range(draw.randint(1, 3)))
    return [Listed(new), Listed((*part.values, *new), others=True)]


# --- faults: each takes a clean plan and gives it back with one fault, or None where it does not fit


def gap(draw, plan):
    """A row is missing."""
    place = draw.randrange(len(plan.boxes))
    return _without(plan, place)


def _without(plan, place):
    boxes, outcomes = list(plan.boxes), list(plan.outcomes)
    del boxes[place], outcomes[place]
    return replace(plan, boxes=tuple(boxes), outcomes=tuple(outcomes))


def overlap(draw, plan):
    """A row forgets one of its conditions."""
    place = _some_row(draw, plan)
    return place is not None and _replaced(plan, place, _widened(draw, plan.boxes[place]))


def contradiction(draw, plan):
    """The same in an ANY table, where only another outcome is a fault."""
    place = _some_row(draw, plan)
    if place is None:
        return None
    planted = _replaced(plan, place, _widened(draw, plan.boxes[place]))
    others = [("LOW" if i != place else "HIGH", role) for i, (_, role) in enumerate(plan.outcomes)]
    return replace(planted, outcomes=tuple(others))


def _some_row(draw, plan):
    rows = [i for i, box in enumerate(plan.boxes) if any(part.text() != "-" for part in box.values())]
    return draw.choice(rows) if rows else None


def _widened(draw, box):
    name = draw.choice([name for name, part in box.items() if part.text() != "-"])
    return box | {name: _whole(name)}


def _replaced(plan, place, box):
    boxes = list(plan.boxes)
    boxes[place] = box
    return replace(plan, boxes=tuple(boxes))


def shadowed(draw, plan):
    """A row stands behind a row that takes all of it."""
    place = draw.randrange(len(plan.boxes))
    narrow = plan.boxes[place]
    halves = _cut(draw, narrow)
    later = halves[0] if halves else narrow
    return replace(plan, boxes=(*plan.boxes, later), outcomes=(*plan.outcomes, plan.outcomes[place]))


def shadowed_by_two(draw, plan):
    """A row that two earlier rows cover together, neither alone."""
    place = draw.randrange(len(plan.boxes))
    ranges = [n for n, part in plan.boxes[place].items() if isinstance(part, Range) and n != "score"]
    name = ranges[0] if ranges else None  # halves of `score` would leave its absence open
    halves = name and _cut_at(draw, plan.boxes[place], name)
    if not halves:
        return None
    boxes, outcomes = list(plan.boxes), list(plan.outcomes)
    boxes[place : place + 1], outcomes[place : place + 1] = halves, [outcomes[place]] * 2
    return replace(plan, boxes=(*boxes, plan.boxes[place]), outcomes=(*outcomes, plan.outcomes[place]))


def impossible(draw, plan):
    """A condition outside of what the schema allows."""
    return replace(
        plan,
        inputs=tuple(dict.fromkeys((*plan.inputs, "risk"))),
        boxes=(*plan.boxes, plan.boxes[0] | {"risk": Range("1", False)}),
        outcomes=(*plan.outcomes, plan.outcomes[0]),
    )


def unreachable(draw, plan):
    """An answer that no row gives."""
    answers = list(plan.answers)
    answers.insert(draw.randrange(3), "MEDIUM")
    return replace(plan, answers=tuple(answers))


def point_hole(draw, plan):
    """`< 1500` and `> 1500`: the threshold itself is nobody's."""
    return _hole(
        draw,
        plan,
        lambda part: replace(part, high_closed=False),
        lambda part: replace(part, low_closed=False),
    )


def cent_hole(draw, plan):
    """`<= 1500` or `< 1500`, and `>= 1500.01`: what lies between is nobody's."""

    def raised(part):
        return replace(part, low=str(Decimal(part.low) + Decimal("0.01")), low_closed=True)

    closed = draw.random() < 0.5
    return _hole(draw, plan, lambda part: replace(part, high_closed=closed), raised, numbers_only=True)


def _hole(draw, plan, end, start, *, numbers_only=False):
    """Open a clean table's row at one threshold into two rows that leave a hole between them."""
    places = list(range(len(plan.boxes)))
    draw.shuffle(places)
    for place in places:
        names = [
            n
            for n, p in plan.boxes[place].items()
            if isinstance(p, Range) and (n == "value" or not numbers_only)
        ]
        for name in names:
            halves = _cut_at(draw, plan.boxes[place], name)
            if halves:
                below, above = (
                    halves[0] | {name: end(halves[0][name])},
                    halves[1] | {name: start(halves[1][name])},
                )
                boxes, outcomes = list(plan.boxes), list(plan.outcomes)
                boxes[place : place + 1], outcomes[place : place + 1] = [below, above], [outcomes[place]] * 2
                return replace(plan, boxes=tuple(boxes), outcomes=tuple(outcomes))
    return None


def unused_input(draw, plan):
    """An input that no row looks at."""
    return replace(plan, extra=("idle",))


def unused_derived(draw, plan):
    """A derived fact that nothing uses."""
    return replace(plan, facts='facts:\n  - {name: twice, type: number, expression: "2 * idle"}\n')


def no_value(draw, plan):
    """A derived fact that divides by what may be nothing, or reads what may be absent."""
    expression = draw.choice(
        ["value / risk", "2 * score", "risk / (value - 1)", "if score > 0 then 1 else score"]
    )
    facts = f'facts:\n  - {{name: ratio, type: number, expression: "{expression}"}}\n'
    boxes = tuple(box | {"ratio": Range()} for box in plan.boxes)
    return replace(plan, facts=facts, inputs=(*plan.inputs, "ratio"), boxes=boxes)


def no_outcome(draw, plan):
    """A row that computes an outcome which some facts that it accepts leave without a value."""
    return replace(plan, computed=draw.randrange(len(plan.boxes)))


def exploding_join(draw, plan):
    """A join that ties its facts by no equality."""
    where = draw.choice(["a.use + b.use > 10", "a.use < b.use", 'a.item = "X"', "a.item != b.item"])
    joins = (
        "joins:\n  - name: j\n    stage: conflicts\n    match: [{a: order}, {b: order}]\n"
        f"    where: ['{where}']\n    then: {{conflict: C, precedence: [service_risk], escalate: buyer}}\n"
    )
    return replace(plan, joins=joins)


def unknown_role(draw, plan):
    """A row asks somebody the charter does not know."""
    return _asking(draw, plan, UNKNOWN)


def empty_role(draw, plan):
    """A row asks a role without members."""
    return _asking(draw, plan, EMPTY)


def _asking(draw, plan, role):
    outcomes = list(plan.outcomes)
    place = draw.randrange(len(outcomes))
    outcomes[place] = (outcomes[place][0], role)
    return replace(plan, outcomes=tuple(outcomes))
