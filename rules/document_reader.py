"""
Policy files to documents: shape checked, positions kept, nothing compiled yet.

A policy set is several files; one of them, and only one, carries the header (`policy`, `version`,
`owner`, `effective`).
"""

import re
from collections.abc import Mapping
from decimal import Decimal

from rules.diagnostics import Code, Diagnostic, Position
from rules.document import (
    DEFAULT_ROW,
    Aggregate,
    FactDocument,
    Header,
    HitPolicy,
    OutputDocument,
    PlannerAction,
    PlaybookDocument,
    PolicyStage,
    RowDocument,
    RulesetDocument,
    TableDocument,
    TestDocument,
    WaiverDocument,
)
from rules.errors import CompileError
from rules.schema import FactType
from rules.shapes import Shapes
from rules.yaml_reader import ListNode, MapNode, Node, Scalar, read_nodes

_SECTIONS = ("facts", "tables", "joins", "playbooks", "tests", "waivers")
_HEADER = ("policy", "version", "owner", "effective", "description")
_VERSION = re.compile(r"\d{1,6}\.\d{1,6}\.\d{1,6}")


def read_document(files: Mapping[str, str], problems: list[Diagnostic]) -> RulesetDocument | None:
    """The policy set, and complaints into `problems`; None when there is no usable header."""
    reader = _DocumentReader(Shapes(problems))
    for name in sorted(files):
        try:
            root = read_nodes(files[name], name)
        except CompileError as error:
            problems.extend(error.diagnostics)
        else:
            reader.file(root)
    return reader.document(files)


class _DocumentReader:
    def __init__(self, shapes: Shapes) -> None:
        self.shapes = shapes
        self.headers: list[tuple[Node, Header]] = []
        self.facts: list[FactDocument] = []
        self.tables: list[TableDocument] = []
        self.joins: list[Node] = []
        self.playbooks: list[PlaybookDocument] = []
        self.tests: list[TestDocument] = []
        self.waivers: list[WaiverDocument] = []
        self.has_header = False

    def file(self, root: Node) -> None:
        """One file: an optional header and any of the sections."""
        found = self.shapes.fields(root, "the file", (), (*_HEADER, *_SECTIONS))
        if "policy" in found:
            self._header(root, found)
        self.facts += filter(None, map(self._fact, self.shapes.items(found.get("facts"), "`facts`")))
        self.tables += filter(None, map(self._table, self.shapes.items(found.get("tables"), "`tables`")))
        self.joins += self.shapes.items(found.get("joins"), "`joins`")
        self.playbooks += filter(
            None, map(self._playbook, self.shapes.items(found.get("playbooks"), "`playbooks`"))
        )
        self.tests += filter(None, map(self._test, self.shapes.items(found.get("tests"), "`tests`")))
        self.waivers += filter(None, map(self._waiver, self.shapes.items(found.get("waivers"), "`waivers`")))

    def document(self, files: Mapping[str, str]) -> RulesetDocument | None:
        """Everything read; complains unless exactly one file has a header."""
        if not self.has_header:
            place = Position(min(files, default="policy.yaml"), 1, 1)
            fix = "add `policy`, `version`, `owner`, `effective` to one file"
            self.shapes.problems.append(Diagnostic(place, Code.SHAPE, "no file has a policy header", fix))
        for root, _ in self.headers[1:]:
            fix = "keep `policy`, `version`, `owner`, `effective` in one file"
            self.shapes.note(root, Code.DUPLICATE, "a second policy header", fix)
        if not self.headers:
            return None
        return RulesetDocument(
            self.headers[0][1],
            tuple(self.facts),
            tuple(self.tables),
            tuple(self.joins),
            tuple(self.playbooks),
            tuple(self.tests),
            tuple(self.waivers),
        )

    def _header(self, root: Node, found: dict[str, Node]) -> None:
        self.has_header = True
        shapes = self.shapes
        for key in ("version", "owner", "effective"):
            if key not in found:
                shapes.note(root, Code.SHAPE, f"`{key}` is missing", f"add `{key}: ...` below `policy`")
        policy = shapes.name(found["policy"], "policy")
        owner = shapes.name(found.get("owner"), "owner")
        effective = shapes.day(found.get("effective"), "effective")
        version = shapes.text(found.get("version"), "version")
        if version and not _VERSION.fullmatch(version.text):
            shapes.note(version, Code.TYPE, f"version `{version.text[:40]}`", "write MAJOR.MINOR.PATCH")
        if policy and owner and effective and version:
            header = Header(policy.text, version.text, owner.text, effective, owner.position)
            self.headers.append((root, header))

    def _fact(self, node: Node) -> FactDocument | None:
        found = self.shapes.fields(node, "a derived fact", ("name", "type", "expression"), ("description",))
        name = self.shapes.name(found.get("name"), "fact")
        kind = self.shapes.fact_type(found.get("type"), "type")
        expression = self.shapes.text(found.get("expression"), "expression")
        return FactDocument(name, kind, expression) if name and kind and expression else None

    def _table(self, node: Node) -> TableDocument | None:
        shapes = self.shapes
        required = ("name", "stage", "hit", "inputs", "outputs", "rows")
        found = shapes.fields(node, "a table", required, ("aggregate", "default", "description"))
        name = shapes.name(found.get("name"), "table")
        stage = shapes.choice(found.get("stage"), "stage", PolicyStage)
        hit = shapes.choice(found.get("hit"), "hit policy", HitPolicy)
        aggregate = shapes.choice(found.get("aggregate"), "aggregate", Aggregate)
        inputs = [shapes.name(item, "input") for item in shapes.items(found.get("inputs"), "`inputs`")]
        outputs = [self._output(*entry) for entry in shapes.entries(found.get("outputs"), "`outputs`")]
        rows = [self._row(item) for item in shapes.items(found.get("rows"), "`rows`")]
        default = self._default(found["default"]) if "default" in found else None
        if not (name and stage and hit):
            return None
        if not rows:
            shapes.note(node, Code.SHAPE, f"table `{name.text}` has no rows", "add a row")
        if not outputs:
            shapes.note(node, Code.SHAPE, f"table `{name.text}` has no outputs", "add an output")
        return TableDocument(
            name,
            stage,
            hit,
            aggregate,
            tuple(filter(None, inputs)),
            tuple(filter(None, outputs)),
            tuple(filter(None, rows)),
            default,
        )

    def _output(self, key: Scalar, node: Node) -> OutputDocument | None:
        name = self.shapes.name(key, "output")
        if isinstance(node, ListNode):
            values = [self.shapes.text(item, "an output value") for item in node.items]
            listed = tuple(value for value in values if value)
            if not listed:
                self.shapes.note(node, Code.SHAPE, f"output `{key.text}` allows nothing", "list its values")
            kind = _kind_of(listed)
            return OutputDocument(name, kind, listed) if name else None
        kind_or_none = self.shapes.fact_type(node, "output type")
        return OutputDocument(name, kind_or_none, ()) if name and kind_or_none else None

    def _row(self, node: Node) -> RowDocument | None:
        found = self.shapes.fields(node, "a row", ("id", "then"), ("when", "because", "description"))
        identity = self.shapes.name(found.get("id"), "row id")
        if identity and identity.text == DEFAULT_ROW:
            self.shapes.note(identity, Code.NAME, f"row id `{DEFAULT_ROW}` is reserved", "rename the row")
        when = self._scalars(found.get("when"), "`when`")
        then = self._scalars(found.get("then"), "`then`")
        because = self.shapes.text(found.get("because"), "because")
        return RowDocument(identity, when, then, because) if identity else None

    def _default(self, node: Node) -> RowDocument:
        found = self.shapes.fields(node, "`default`", ("then",), ("because",))
        place = node.position
        identity = Scalar(DEFAULT_ROW, DEFAULT_ROW, place, "")
        because = self.shapes.text(found.get("because"), "because")
        return RowDocument(identity, (), self._scalars(found.get("then"), "`then`"), because)

    def _scalars(self, node: Node | None, what: str) -> tuple[tuple[Scalar, Scalar], ...]:
        pairs = []
        for key, value in self.shapes.entries(node, what):
            if not isinstance(value, Scalar):
                self.shapes.note(value, Code.SHAPE, f"{what} `{key.text[:80]}` must be one value", "quote it")
            else:
                pairs.append((key, value))
        return tuple(pairs)

    def _playbook(self, node: Node) -> PlaybookDocument | None:
        shapes = self.shapes
        required = ("name", "when", "reason_codes", "checklist", "actions")
        found = shapes.fields(node, "a playbook", required, ())
        name = shapes.name(found.get("name"), "playbook")
        when = shapes.text(found.get("when"), "when")
        codes = [
            shapes.name(item, "reason code")
            for item in shapes.items(found.get("reason_codes"), "`reason_codes`")
        ]
        steps = [
            shapes.text(item, "a checklist item")
            for item in shapes.items(found.get("checklist"), "`checklist`")
        ]
        actions = [
            shapes.choice(item, "action", PlannerAction)
            for item in shapes.items(found.get("actions"), "`actions`")
        ]
        if not (name and when):
            return None
        for what, listed in (("reason code", codes), ("checklist item", steps), ("action", actions)):
            if not listed:
                shapes.note(
                    node, Code.SHAPE, f"playbook `{name.text}` has no {what}", "a playbook needs one at least"
                )
        return PlaybookDocument(
            name,
            when.text,
            tuple(code.text for code in codes if code),
            tuple(step.text for step in steps if step),
            tuple(action for action in actions if action),
        )

    def _test(self, node: Node) -> TestDocument | None:
        found = self.shapes.fields(node, "a test", ("given", "expect"), ("rows", "name"))
        if not {"given", "expect"} <= found.keys():
            return None
        expect = []
        for key, value in self.shapes.entries(found["expect"], "`expect`"):
            if isinstance(value, MapNode):
                expect.append((key, value))
            else:
                self.shapes.note(
                    value, Code.SHAPE, f"expect `{key.text[:80]}` must be a map", "write {output: value}"
                )
        rows = [self.shapes.name(item, "row id") for item in self.shapes.items(found.get("rows"), "`rows`")]
        given = self._scalars(found["given"], "`given`")
        return TestDocument(given, tuple(expect), tuple(filter(None, rows)), node.position)

    def _waiver(self, node: Node) -> WaiverDocument | None:
        shapes = self.shapes
        found = shapes.fields(node, "a waiver", ("table", "row", "by", "until", "reason"), ())
        table, row = shapes.name(found.get("table"), "table"), shapes.name(found.get("row"), "row id")
        by, until = shapes.person(found.get("by")), shapes.day(found.get("until"), "until")
        reason = shapes.text(found.get("reason"), "reason")
        if not (table and row and by and until and reason):
            return None
        return WaiverDocument(table, row, by, until, reason.text)


def _kind_of(values: tuple[Scalar, ...]) -> FactType:
    """Listed values are numbers when all of them are, otherwise text."""
    return (
        FactType.NUMBER
        if values and all(isinstance(value.value, Decimal) for value in values)
        else FactType.TEXT
    )
