"""
What is wrong with a policy file: file, line, column, caret, fix; everything at once.

In each case the place that the caret has to underline stands between ⟦ and ⟧.
"""

import pytest

from rules import Code, CompileError, Position, compile_ruleset, read_charter, read_yaml

HEAD = "policy: p\nversion: 1.0.0\nowner: o\neffective: 2026-01-01\n"
ROW = "      - {id: R1, then: {answer: a}}\n"


def table(rows=ROW, hit="FIRST", inputs="order.value", outputs="{answer: text}", more=""):
    return (
        f"{HEAD}tables:\n  - name: t\n    stage: review\n    hit: {hit}\n{more}    inputs: [{inputs}]\n"
        f"    outputs: {outputs}\n    rows:\n{rows}"
    )


def row(when="", then="answer: a", because=""):
    when = f"when: {{{when}}}, " if when else ""
    because = f", because: {because}" if because else ""
    return f"      - {{id: R1, {when}then: {{{then}}}{because}}}\n"


def fact(expression, name="d"):
    return f"{HEAD}facts:\n  - {{name: {name}, type: number, expression: {expression}}}\n"


def with_test(given="{order.value: 1}", expect="{t: {answer: a}}", more=""):
    return table() + f"tests:\n  - {{given: {given}, expect: {expect}{more}}}\n"


RANKED = "{answer: [a, b], fee: number}"
CASES = {
    # cells
    "an unknown fact in inputs": (table(inputs="⟦order.valu⟧"), Code.UNKNOWN, "unknown fact `order.valu`; did you mean `order.value`?"),
    "an input twice": (table(inputs="order.value, ⟦order.value⟧"), Code.DUPLICATE, "input `order.value` stands twice"),
    "a condition on no input": (table(row('⟦item.abc⟧: "-"')), Code.UNKNOWN, "`item.abc` is no input of this table"),
    "a cell that cannot be read": (table(row('order.value: "> ⟦⟧"')), Code.EXPRESSION, ""),
    "text in a column of numbers": (table(row("order.value: '⟦> \"9\"⟧'")), Code.EXPRESSION, '`"9"` is a text in a column of number'),
    "an unquoted text": (table(row('item.abc: "⟦A⟧"'), inputs="item.abc"), Code.EXPRESSION, "unknown fact `A`"),
    "a value that the schema excludes": (table(row("item.abc: '\"A\", \"⟦D⟧\"'"), inputs="item.abc"), Code.EXPRESSION, "`item.abc` is never `D`"),
    "an unknown fact in a cell": (table(row('order.value: "> ⟦order.limit⟧ * 2"')), Code.EXPRESSION, "unknown fact `order.limit`"),
    # outcomes
    "an unknown output": (table(row(then="⟦anser⟧: a")), Code.UNKNOWN, "`anser` is no output of this table; did you mean `answer`?"),
    "an outcome of another type": (table(row(then="fee: ⟦much⟧"), outputs="{fee: number}"), Code.TYPE, "output `fee`: `much` is not a number; write a number like 0.95"),
    "an outcome that is not allowed": (table(row(then="answer: ⟦c⟧"), outputs=RANKED), Code.UNKNOWN, "output `answer` is never `c`"),
    "an unknown fact in a reason": (table(row(because='"at {⟦order.vale⟧}"')), Code.EXPRESSION, "unknown fact `order.vale`; did you mean `order.value`?"),
    "an unknown fact in a computed outcome": (table(row(then='fee: "= ⟦x⟧ * 2"'), outputs="{fee: number}"), Code.EXPRESSION, "unknown fact `x`"),
    "an outcome computed where it ranks": (table(row(then='answer: ⟦"= order.note"⟧'), hit="PRIORITY", outputs=RANKED), Code.HIT_POLICY, "PRIORITY compares outputs, so `answer` cannot be computed"),
    "a list for an outcome": (table(row(then="answer: ⟦[⟧a]")), Code.SHAPE, "must be one value"),
    "a fact as a condition of a map": (table(row("order.value: ⟦{⟧a: 1}")), Code.SHAPE, "must be one value"),
    # hit policies
    "an unknown hit policy": (table(hit="⟦FRIST⟧"), Code.UNKNOWN, "hit policy: unknown `FRIST`; did you mean `FIRST`?"),
    "PRIORITY without an order": (table(hit="PRIORITY").replace("name: t", "name: ⟦t⟧"), Code.HIT_POLICY, "PRIORITY needs an order of outputs"),
    "an aggregate without COLLECT": (table(more="    aggregate: SUM\n").replace("name: t", "name: ⟦t⟧"), Code.HIT_POLICY, "FIRST has no aggregate"),
    "a sum of texts": (table(hit="COLLECT", more="    aggregate: SUM\n").replace("name: t", "name: ⟦t⟧"), Code.HIT_POLICY, "SUM folds numbers only"),
    "an aggregate of two outputs": (table(row(then="answer: a, fee: 1"), hit="COLLECT", outputs=RANKED, more="    aggregate: COUNT\n").replace("name: t", "name: ⟦t⟧"), Code.HIT_POLICY, "folds one output"),
    "nothing to aggregate": (table(row(then="").replace("R1", "⟦R1⟧"), hit="COLLECT", outputs="{fee: number}", more="    aggregate: SUM\n"), Code.SHAPE, "nothing to aggregate"),
    # names
    "a row id twice": (table(ROW + ROW.replace("R1", "⟦R1⟧")), Code.DUPLICATE, "row id `R1` is used twice, first at p.yaml:12:14"),
    "a reserved row id": (table(ROW.replace("R1", "⟦default⟧")), Code.NAME, "row id `default` is reserved"),
    "letters that look alike": (table(ROW.replace("R1", "⟦R\u0430⟧")), Code.NAME, "is not a plain name"),
    "a name of 81 characters": (table(ROW.replace("R1", f"⟦{'R' * 81}⟧")), Code.NAME, "is not a plain name"),
    # shape
    "an unknown key": (table(ROW.replace("then", "⟦than⟧")), Code.UNKNOWN, "a row: unknown key `than`; did you mean `then`?"),
    "a missing key": (table("      - ⟦{⟧id: R1}\n"), Code.SHAPE, "a row: `then` is missing; add `then: ...`"),
    "a table without rows": (table("      []\n").replace("- name", "- ⟦n⟧ame"), Code.SHAPE, "table `t` has no rows"),
    "an output that allows nothing": (table(outputs="{answer: ⟦[⟧]}"), Code.SHAPE, "output `answer` allows nothing"),
    "an unknown type": (table(outputs="{answer: ⟦string⟧}"), Code.UNKNOWN, "output type: unknown `string`"),
    "a type that no fact has": (table(outputs="{answer: ⟦list⟧}"), Code.TYPE, "no fact can be a list"),
    "an unknown stage": (table().replace("review", "⟦reviews⟧"), Code.UNKNOWN, "stage: unknown `reviews`; did you mean `review`?"),
    "a version of two numbers": (table().replace("1.0.0", "⟦1.0⟧"), Code.TYPE, "version `1.0`; write MAJOR.MINOR.PATCH"),
    "a day that does not exist": (table().replace("2026-01-01", "⟦2026-02-30⟧"), Code.TYPE, "`2026-02-30` is not a day"),
    # derived facts
    "a derived fact that exists": (fact("1", name="⟦order.value⟧"), Code.DUPLICATE, "fact `order.value` exists already, in the schema"),
    "a derived fact of unknown facts": (fact('"1 + ⟦order.x⟧"'), Code.EXPRESSION, "unknown fact `order.x`"),
    "a derived fact in itself": (fact("⟦d + 1⟧"), Code.CYCLE, "derived fact `d` is made of itself, through `d`; break the cycle"),
    "a number and a text": (fact("⟦order.value + item.abc⟧"), Code.EXPRESSION, "`+` has no meaning between a number and a text"),
    "a derived fact of another type": (fact("⟦order.value > 3⟧"), Code.EXPRESSION, "the expression is a boolean where a number is declared"),
    "a choice on a number": (fact("⟦if order.value then 1 else 2⟧"), Code.EXPRESSION, "`if` tests a number"),
    "a computed outcome of another type": (table(row(then='fee: "=⟦ item.abc⟧"'), outputs="{fee: number}"), Code.EXPRESSION, "the expression is a text where a number is declared"),
    "a comparison with another kind of fact": (table(row('order.value: "⟦> item.abc⟧"')), Code.EXPRESSION, "a text in a column of number"),
    "a comparison inside a cell": (table(row('order.value: "⟦? > item.abc⟧"')), Code.EXPRESSION, "`>` compares a number with a text"),
    # tests
    "a test of an unknown table": (with_test(expect="{⟦tt⟧: {answer: a}}"), Code.UNKNOWN, "unknown table `tt`; did you mean `t`?"),
    "a test with an unknown fact": (with_test(given="{⟦order.valeu⟧: 1}"), Code.UNKNOWN, "`order.valeu` is no given fact"),
    "a test with a wrong value": (with_test(given="{order.value: ⟦-1⟧}"), Code.TYPE, "`order.value`: `-1` is out of range; give at least 0"),
    "a test with a text for a number": (with_test(given='{order.value: ⟦"1"⟧}'), Code.TYPE, "is not a number"),
    "a test of an unknown output": (with_test(expect="{t: {⟦anser⟧: a}}"), Code.UNKNOWN, "`anser` is no output of `t`"),
    "a test of an unknown row": (with_test(more=", rows: [⟦R2⟧]"), Code.UNKNOWN, "no row `R2` in the tables expected here"),
    "a test that expects no map": (with_test(expect="{t: ⟦a⟧}"), Code.SHAPE, "expect `t` must be a map"),
    # YAML
    "an anchor": (table().replace("FIRST", "⟦&⟧a FIRST"), Code.YAML, "anchor `&a`"),
    "an alias": (table().replace("FIRST", "⟦*⟧a"), Code.YAML, "alias `*a`; write the value out"),
    "a tag": (table().replace("FIRST", "⟦!⟧!python/object:os.system FIRST"), Code.YAML, "remove the tag"),
    "a key twice": (table().replace("hit:", "stage: review\n    ⟦stage⟧: review\n    hit:").replace("    stage: review\n", "", 1), Code.DUPLICATE, "key `stage` stands twice"),
    "an invisible character": (table().replace("FIRST", "⟦\u202e⟧FIRST"), Code.YAML, "invisible character U+202E"),
    "a bracket left open": (table() + "tests: [\n⟦⟧", Code.YAML, "not YAML"),
    "a tab for indentation": (table() + "⟦\t⟧tests: []\n", Code.YAML, "not YAML"),
    "35 digits": (table(row(then=f"fee: ⟦{'1' * 35}⟧"), outputs="{fee: number}"), Code.LIMIT, "a number of more than 34 digits"),
    "two documents": ("⟦-⟧--\na: 1\n---\nb: 2\n", Code.YAML, "more than one document"),
    "a list for a file": ("⟦-⟧ a\n", Code.SHAPE, "the file must be a map"),
}  # fmt: skip


def marked(text):
    """The text without marks, and line, column and length of what stood between them."""
    before, rest = text.split("⟦")
    inside, after = rest.split("⟧")
    place = Position("p.yaml", before.count("\n") + 1, len(before) - before.rfind("\n"))
    value = inside[1:-1] if inside[:1] == inside[-1:] == '"' else inside  # without the quotes of YAML
    return before + inside + after, place, max(1, len(value))


@pytest.mark.parametrize("case", CASES)
def test_the_place_the_problem_and_the_fix(schema, case):
    """
    Every complaint names the place to the character, what is wrong in it, and what to do.
    """
    text, code, message = CASES[case]
    text, place, length = marked(text)

    with pytest.raises(CompileError) as refused:
        compile_ruleset({"p.yaml": text}, schema)

    found = [d for d in refused.value.diagnostics if d.where == place and message in str(d)]
    assert [code] == [d.code for d in found], str(refused.value)
    assert str(found[0]).startswith(f"p.yaml:{place.line}:{place.column}: ")
    assert code is Code.YAML or length == found[0].length


def test_the_cases_show_every_code():
    """
    No kind of complaint is without a test.
    """
    assert set(Code) == {code for _, code, _ in CASES.values()}


def test_a_complaint_shows_the_line_with_a_caret(schema):
    """
    Place, problem, fix, the line as written, and a caret under the very word.
    """
    text = table(row('order.value: "> order.vlue"'), inputs="order.value")

    with pytest.raises(CompileError) as refused:
        compile_ruleset({"approvals/p.yaml": text}, schema)

    line = '      - {id: R1, when: {order.value: "> order.vlue"}, then: {answer: a}}'
    assert [
        "approvals/p.yaml:12:41: unknown fact `order.vlue`; did you mean `order.value`?",
        f"    {line}",
        "    " + " " * line.index("order.vlue") + "^" * 10,
    ] == str(refused.value).split("\n")


def test_everything_at_once(schema):
    """
    Forty faults in three files are forty complaints, sorted by place.
    """
    rows = "".join(
        f'      - {{id: A{i}, when: {{order.value: "> x{i}"}}, then: {{answer: a}}}}\n' for i in range(20)
    )
    second = table("".join(f"      - {{id: B{i}, then: {{anser: a}}}}\n" for i in range(19)))
    second = second.removeprefix(HEAD).replace("name: t", "name: u")
    files = {"a.yaml": table(rows), "b.yaml": second, "c.yaml": "facts: [\n"}

    with pytest.raises(CompileError) as refused:
        compile_ruleset(files, schema)

    found = refused.value.diagnostics
    assert sorted(found) == list(found)
    assert (20, 19, 1) == tuple(sum(d.where.file == name for d in found) for name in files)


def test_one_header(schema):
    """
    No header and two headers are both refused; so is a header that is not whole.
    """
    for files, message in (
        ({"a.yaml": "facts: []\n"}, "no file has a policy header"),
        ({}, "no file has a policy header"),
        ({"a.yaml": HEAD, "b.yaml": HEAD}, "a second policy header"),
        ({"a.yaml": "policy: p\n"}, "`version` is missing"),
    ):
        with pytest.raises(CompileError, match=message):
            compile_ruleset(files, schema)


def test_a_cycle_of_derived_facts_names_its_members(schema):
    """
    Each fact of the cycle is told what it is made of; facts outside it are not blamed.
    """
    names = [("a", "b + 1"), ("b", "c + 1"), ("c", "a + 1"), ("free", "order.value")]
    lines = "".join(f'  - {{name: {n}, type: number, expression: "{e}"}}\n' for n, e in names)

    with pytest.raises(CompileError) as refused:
        compile_ruleset({"p.yaml": f"{HEAD}facts:\n{lines}"}, schema)

    assert [Code.CYCLE] * 3 == [d.code for d in refused.value.diagnostics]
    assert ["`b`", "`c`", "`a`"] == [d.message[-3:] for d in refused.value.diagnostics]


def test_playbooks_are_named_by_tables(schema):
    """
    An output `playbook` names a playbook of the set; a playbook has codes, a checklist and actions.
    """
    with pytest.raises(CompileError, match="names the playbook `p1`, which does not exist"):
        compile_ruleset({"p.yaml": table(row(then="playbook: p1"), outputs="{playbook: text}")}, schema)
    empty = "playbooks:\n  - {name: p1, when: x, reason_codes: [], checklist: [], actions: [APROVE]}\n"
    with pytest.raises(CompileError) as refused:
        compile_ruleset({"p.yaml": HEAD + empty}, schema)

    for message in ("has no reason code", "has no checklist item", "did you mean `APPROVE`?"):
        assert message in str(refused.value)


CHARTER = """\
charter: c
version: 1.0.0
effective: 2026-01-01
roles:
  boss: {members: [ada, bob]}
domains:
  all: {owner: boss, quorum: 1}
ladders:
  - {domain: all, severity: [LOW, MEDIUM, HIGH, CRITICAL], steps: [{role: boss, within: P1D}], at_end: BLOCK}
"""
CHARTER_FAULTS = {
    "[ada, bob]": ("⟦[⟧]", "role `boss` has no members"),
    "[ada, bob]}": ("[ada, ada]⟦⟧}", "names a member twice"),
    "quorum: 1": ("quorum: ⟦2⟧", "out of reach when a member proposes"),
    "owner: boss": ("owner: ⟦bos⟧", "unknown role `bos`; did you mean `boss`?"),
    "MEDIUM, HIGH": ("HIGH", "domain `all` has no ladder for MEDIUM"),
    "P1D": ("⟦P0D⟧", "is no time to wait"),
    "role: boss": ("role: ⟦nobody⟧", "unknown role `nobody`"),
    "- {domain: all": ("- {domain: ⟦al⟧", "unknown domain `al`; did you mean `all`?"),
    "BLOCK": ("⟦ALLOW⟧", "at_end: unknown `ALLOW`"),
    "steps: [{role: boss, within: P1D}]": ("steps: ⟦[⟧]", "a ladder without steps"),
}  # fmt: skip


@pytest.mark.parametrize("place", CHARTER_FAULTS)
def test_a_charter_that_leaves_somebody_waiting(place):
    """
    Empty and unknown roles, quorums nobody reaches, missing ladders, timers of nothing: refused.
    """
    instead, message = CHARTER_FAULTS[place]
    text = CHARTER.replace(place, instead, 1)
    has_mark = "⟦" in text
    text, where, _ = marked(text) if has_mark else (text, None, 0)

    with pytest.raises(CompileError, match=message.replace("?", "\\?")) as refused:
        read_charter(text, "p.yaml")

    assert not has_mark or "twice" in message or where in [d.where for d in refused.value.diagnostics]


def test_plain_values_as_yaml_means_them():
    """
    `no`, `1:30` and dates stay text, numbers keep every digit, whole numbers are whole.
    """
    value = read_yaml(
        "{a: no, b: 1:30, c: 0.10, d: 7, e: ~, f: true, g: 2026-01-01, h: '1', i: [0x1F]}", "v.yaml"
    )

    assert ["no", "1:30", "0.10", "7", "None", "True", "2026-01-01", "1", "['0x1F']"] == [
        str(v) for v in value.values()
    ]
