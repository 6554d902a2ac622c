"""`decisionctl policy check | test | diff | import-dmn | evaluate`: what they print, for people and for machines."""

import importlib.util
import json
import shutil
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from click.testing import CliRunner

ROOT = Path(__file__).resolve().parents[3]
SHIPPED = ROOT / "policies" / "replenishment"
GOLDEN = ROOT / "tests" / "golden" / "dmn"


@pytest.fixture(scope="module")
def call():
    from decision_service.cli import load

    cli = load()

    def run(*arguments):
        return CliRunner().invoke(cli, ["policy", *map(str, arguments)])

    return run


@pytest.fixture(scope="module")
def call_json(call):
    def run(*arguments):
        result = call(*arguments, "--json")
        return result.exit_code, json.loads(result.stdout)

    return run


@pytest.fixture
def edited(tmp_path):
    """edited(old, new): a copy of the shipped set with one text replaced in `review.yaml`."""

    def edit(old, new):
        folder = tmp_path / "replenishment"
        if not folder.exists():
            shutil.copytree(SHIPPED, folder)
            shutil.copy(SHIPPED.parent / "charter.yaml", tmp_path)
        text = (folder / "review.yaml").read_text()
        assert old in text
        (folder / "review.yaml").write_text(text.replace(old, new))
        return folder

    return edit


def test_the_shipped_set_holds(call, call_json):
    """
    No finding, every test passes, every row is reached.
    """
    assert "0 findings" in call("check", SHIPPED).stdout
    code, checked = call_json("check", SHIPPED)
    assert (0, []) == (code, checked["findings"])
    code, tested = call_json("test", SHIPPED)
    assert (0, [], []) == (code, tested["failures"], tested["missing"])
    assert all(table["rows"] == table["covered"] for table in tested["coverage"])


def test_check_shows_each_fault_with_a_caret(call, call_json, edited):
    """
    A file that does not compile: place from here, the line, the caret; the same as data; exit code 2.
    """
    folder = edited('order.value: "> 250000"', 'order.value: "> order.limt"')

    result = call("check", folder)
    code, found = call_json("check", folder)

    assert (2, 2) == (result.exit_code, code)
    first, line, caret = result.stdout.splitlines()[:3]
    assert first.startswith(f"{folder}/review.yaml:")
    assert first.endswith("unknown fact `order.limt`; did you mean `order.id`?")
    assert line.index("order.limt") == caret.index("^")
    assert "UNKNOWN" not in {d["code"] for d in found["diagnostics"]}
    assert {("review.yaml", "EXPRESSION", 10)} == {
        (d["where"]["file"], d["code"], d["length"]) for d in found["diagnostics"]
    }


def test_check_proves_what_it_finds(call, call_json, edited):
    """
    A threshold moved by a cent leaves a hole: kind, rows, a fact that falls into it; exit code 1.
    """
    folder = edited('"(25000..100000]"', '"(25000..99999.99)"')
    code, found = call_json("check", folder)

    finding = next(f for f in found["findings"] if f["table"] == "order-approval")
    assert (1, {"THRESHOLD_HOLE"}) == (code, {f["kind"] for f in found["findings"]})
    assert 99_999.99 <= finding["witness"]["order.value"] <= 100_000
    assert f"{folder}/review.yaml:" in call("check", folder).stdout


def test_test_prints_coverage_and_what_is_missing(call, call_json, edited):
    """
    A row without a test is listed and keeps the exit code from being 0, until somebody waives it.
    """
    row = "      - id: OA-99\n"
    new = "      - {id: OA-98, when: {order.kind: '\"PURCHASE\"', order.value: '(24000..24500]'}, then: {disposition: APPROVED}}\n"
    folder = edited(row, new + row)
    result = call("test", folder)

    assert 1 == result.exit_code
    assert "OA-98" in result.stdout
    code, found = call_json("test", folder)
    assert (1, ["order-approval OA-98"]) == (code, found["missing"])
    with (folder / "review.yaml").open("a") as file:
        file.write(
            "\nwaivers:\n  - {table: order-approval, row: OA-98, by: ada.lind, until: 2999-12-31, reason: new}\n"
        )
    code, found = call_json("test", folder)
    assert (0, []) == (code, found["missing"])
    waived = next(table["waived"] for table in found["coverage"] if table["table"] == "order-approval")
    assert [{"row": "OA-98", "by": "ada.lind", "until": "2999-12-31", "reason": "new"}] == waived


def test_a_failing_test_says_what_came_out(call, edited):
    """
    Expected and got, at the place of the test; exit code 1.
    """
    result = call(
        "test",
        edited(
            'order.value: 100000.01, item.abc: "B", supplier.risk: 0.1',
            'order.value: 99999, item.abc: "B", supplier.risk: 0.1',
        ),
    )

    assert 1 == result.exit_code
    assert "expected disposition REFERRED, role finance-controller" in " ".join(result.stdout.split())


def test_diff_speaks_of_rows_and_amounts(call, call_json, edited):
    """
    The row, the old and new threshold, and for which facts the answer is another.
    """
    folder = edited('order.value: "> 250000"}', 'order.value: "> 200000"}')
    code, found = call_json("diff", SHIPPED, folder)

    kinds = [change["kind"] for change in found["changes"]]
    assert 0 == code
    assert ["CONDITION", "CONDITION"] == kinds[:2]
    assert "order.value `> 250000` -> `> 200000`" == found["changes"][0]["message"]
    answers = [change for change in found["changes"] if change["kind"] == "ANSWER"]
    assert answers
    assert all(200_000 < answer["witness"]["order.value"] <= 250_000 for answer in answers)
    assert "(200000..250000]" in call("diff", SHIPPED, folder).stdout
    assert "0 changes" in call("diff", SHIPPED, SHIPPED).stdout


def test_evaluate_asks_one_table(call, call_json, tmp_path):
    """
    Outcome and evidence: rows, reasons, what was read.
    """
    facts = tmp_path / "facts.json"
    facts.write_text('{"location.business_unit": "marketplace", "order.value": 1000.01}')
    code, found = call_json("evaluate", SHIPPED, "--decision", "roll-out", "--facts", facts)

    assert (0, "REFERRED", ["RO-20"]) == (code, found["outcome"]["disposition"], found["evidence"]["rows"])
    assert {"rollout.stage": "ASSISTED", "order.value": 1000.01} == found["evidence"]["readings"]
    assert (
        "marketplace is assisted"
        in call("evaluate", SHIPPED, "--decision", "roll-out", "--facts", facts).stdout
    )


BAD_FACTS = {
    "no JSON": ("{", "not JSON"),
    "no object": ("[]", "must be an object"),
    "NaN": ('{"order.value": NaN}', "`NaN` is no number"),
    "a key twice": ('{"order.value": 1, "order.value": 2}', "`order.value` stands twice"),
    "a number as text": ('{"location.business_unit": "", "order.value": "9"}', "a str where the schema says number"),
    "a boolean as number": ('{"location.business_unit": "", "order.value": true}', "a bool where the schema says number"),
    "too many digits": ('{"location.business_unit": "", "order.value": 1' + "3" * 40 + "}", "more than 34 digits"),
    "a list": ('{"location.business_unit": "", "order.value": [1]}', "a list where the schema says number"),
    "nothing": ("{}", "fact `location.business_unit`: missing"),
    "an unknown fact": ('{"order.valeu": 1}', "did you mean `order.value`"),
    "deep nesting": ('{"a":' * 100_000, "not JSON"),
    "five million bytes": ('{"a": "' + "x" * 5_000_000 + '"}', "at most"),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD_FACTS)
def test_bad_facts_are_refused(call, tmp_path, case):
    """
    One line that names the fact; exit code 2; nothing is coerced.
    """
    text, message = BAD_FACTS[case]
    facts = tmp_path / "facts.json"
    facts.write_text(text)
    result = call("evaluate", SHIPPED, "--decision", "roll-out", "--facts", facts, "--json")

    assert 2 == result.exit_code, result.output
    assert message in json.loads(result.stdout)["error"]


def test_unknown_names_are_told_the_known_ones(call, tmp_path):
    """
    A table or a decision that is not there, a file that is no model.
    """
    facts = tmp_path / "facts.json"
    facts.write_text("{}")
    for source, decision, message in (
        (SHIPPED, "rollout", "there are `admission`"),
        (GOLDEN / "dates" / "dates.dmn", "Nope", "there is `Ready`"),
        (SHIPPED / "review.yaml", "roll-out", "a policy is evaluated by folder"),
        (facts, "x", "no well-formed XML"),
    ):
        result = call("evaluate", source, "--decision", decision, "--facts", facts, "--json")

        assert 2 == result.exit_code
        assert message in json.loads(result.stdout)["error"]


@pytest.fixture(scope="module")
def tck():
    spec = importlib.util.spec_from_file_location(
        "run_tck_cases", ROOT / "tests" / "benchmarks" / "run_tck.py"
    )
    module = importlib.util.module_from_spec(spec)
    sys.modules["run_tck_cases"] = module
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("directory", sorted(path.name for path in GOLDEN.iterdir()))
def test_evaluate_answers_the_cases_of_a_model(call_json, tck, tmp_path, directory):
    """
    Every case of our own models, through the command: what a test suite of DMN files would see.
    """
    (file,) = GOLDEN.joinpath(directory).glob("*.xml")
    model, facts = GOLDEN / directory / f"{directory}.dmn", tmp_path / "facts.json"
    for case in ET.parse(file).getroot().iter(f"{tck._NAMESPACE}testCase"):
        given = {
            n.get("name"): tck.read_value(n, tck.ANYTHING) for n in case.iter(f"{tck._NAMESPACE}inputNode")
        }
        facts.write_text(json.dumps(given, default=str))
        for node in case.iter(f"{tck._NAMESPACE}resultNode"):
            code, found = call_json("evaluate", model, "--decision", node.get("name"), "--facts", facts)
            wanted = node.find(f"{tck._NAMESPACE}expected")

            assert 0 == code
            assert tck.same(wanted, tck.as_value(found["outcome"])), (directory, node.get("name"), found)


def test_an_input_outside_its_type_makes_the_outcome_null(call_json, tmp_path):
    """
    As DMN 1.3 has it, with the reason in the evidence; a stranger among the facts is named.
    """
    facts = tmp_path / "facts.json"
    facts.write_text('{"Due": "tomorrow", "Slack": "P3D", "Dew": 1}')
    code, found = call_json(
        "evaluate", GOLDEN / "dates" / "dates.dmn", "--decision", "Ready", "--facts", facts
    )

    assert (0, None) == (code, found["outcome"])
    assert ["Due: `tomorrow` cannot be read; write 2026-11-24", "no input of the model is named `Dew`"] == [
        step["problem"] for step in found["evidence"]
    ]


def test_import_writes_a_file_that_reads_back(call, call_json, tmp_path):
    """
    Tables and literal expressions become a policy file; what cannot be said is refused by name.
    """
    output = tmp_path / "imported.yaml"
    result = call("import-dmn", GOLDEN / "table-unique" / "table-unique.dmn", "-o", output)

    assert 0 == result.exit_code, result.output
    assert "hit: UNIQUE" in output.read_text()
    code, found = call_json("import-dmn", GOLDEN / "table-unique" / "table-unique.dmn")
    assert (0, output.read_text()) == (code, found["policy"])
    assert output.read_text() == call("import-dmn", GOLDEN / "table-unique" / "table-unique.dmn").stdout
    code, found = call_json("import-dmn", GOLDEN / "invocation" / "invocation.dmn")
    assert 2 == code
    assert "a policy has no functions" in found["error"]
