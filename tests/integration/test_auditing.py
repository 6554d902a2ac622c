"""What auditors type, against a running service: every command, its exit code and its JSON."""

import json
import shutil
from datetime import UTC, datetime, timedelta

import jsonschema
import pytest
from click.testing import CliRunner
from openlineage.client.event_v2 import RunEvent
from prov.model import ProvDocument

from audit import Signer, read_proof
from decision_service.cli import load
from decision_service.cli.decisions import SERVICE as DECISIONS
from decision_service.v1 import decision_service_pb2 as pb
from decision_service.v1 import planning_pb2

TRACE = "0af7651916cd43dd8448eb211c80319c"
DIGEST = f"sha256:{'ab' * 32}"


@pytest.fixture(scope="module")
def snapshot(example):
    """The bundled example, as if it had been read from two files by a mapping."""
    changed = planning_pb2.Snapshot()
    changed.CopyFrom(example)
    changed.sources.add(name="stock.csv", digest=DIGEST, rows=26, contract="stock on hand, daily")
    changed.sources.add(
        name="mapping/stages.sql", digest=DIGEST.replace("ab", "cd"), rows=26, contract="mapping"
    )
    return changed


@pytest.fixture(scope="module")
def decided(governed, snapshot):
    """A plan that erp-1 asked for on somebody's behalf, and a judgement that erp-2 asked for on another's."""
    plan = pb.DecideRequest(request_id="nightly", snapshot=snapshot, on_behalf_of="maria.muster")
    judge = pb.DecideRequest(
        request_id="one-order", snapshot=snapshot, mode="DECISION_MODE_JUDGE", on_behalf_of="peter.roth"
    )
    judge.proposals.add(id="p1", lane=snapshot.lanes[0].id, quantity=snapshot.lanes[0].minimum or 10)
    return decide(governed, plan, "erp-1"), decide(governed, judge, "erp-2")


def decide(governed, request, actor):
    """
    As an ERP that traces its calls would.
    """
    stub = governed.channel.unary_unary(
        f"/{DECISIONS.full_name}/Decide",
        request_serializer=pb.DecideRequest.SerializeToString,
        response_deserializer=pb.DecideResponse.FromString,
    )
    metadata = (("decision-actor", actor), ("traceparent", f"00-{TRACE}-{'1' * 16}-01"))
    return stub(request, timeout=120, metadata=metadata).decision


@pytest.fixture(scope="module")
def run(governed, decided):
    """run(...): exit code and JSON, or text, of a command."""

    def invoke(*arguments, as_json=True, actor="vera", address=governed.server.address):
        options = ["--address", address, "--as", actor, *(["--json"] if as_json else [])]
        result = CliRunner().invoke(load(), [*map(str, arguments), *options])
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result.exit_code, json.loads(result.stdout) if as_json else result.output

    return invoke


@pytest.fixture(scope="module")
def key(run):
    """The log's public key, as it reached the auditor."""
    return run("audit", "checkpoint")[1]["keys"][0]


def test_the_log_holds(run):
    """
    `audit verify` recomputes the service's log and finds nothing.
    """
    code, found = run("audit", "verify")

    assert (0, []) == (code, found["problems"])
    assert found["entries"] >= 6


@pytest.mark.parametrize("form", ["jsonl", "csv", "parquet"])
def test_an_export_verifies_offline(run, key, tmp_path, form):
    """
    Every format holds under the log's key, with the root that the service's own verification has.
    """
    exported = run("audit", "export", tmp_path / "stick", "--format", form)
    code, found = run("audit", "verify", tmp_path / "stick", "--key", key)

    assert (0, []) == (code, found["problems"])
    assert exported[1]["entries"] == found["entries"] == found["size"]
    assert run("audit", "verify")[1]["root"] == found["root"]


def test_an_export_without_a_key_says_what_it_shows(run, tmp_path):
    """
    Keys that came with the export prove nothing about whose it is, and the command says so.
    """
    run("audit", "export", tmp_path / "stick")
    code, text = run("audit", "verify", tmp_path / "stick", as_json=False)

    assert 0 == code
    assert "not whose it is" in text


def test_a_selection_verifies(run, key, decided, tmp_path):
    """
    One decision alone, with its proof and all that it was made from: snapshot, release, engine, outcome.
    """
    run("audit", "export", tmp_path / "stick", "--only", decided[0].name)
    code, found = run("audit", "verify", tmp_path / "stick", "--key", key)

    kept = {path.name for path in (tmp_path / "stick" / "artifacts").glob("*/*")}
    lineage = decided[0].lineage

    assert (0, 1) == (code, found["entries"])
    assert found["size"] > 1
    assert {d.removeprefix("sha256:") for d in (lineage.snapshot_digest, lineage.release_digest)} <= kept
    assert {d.removeprefix("sha256:") for d in (lineage.outcome_digest, lineage.engine_digest)} <= kept


def test_a_changed_export_is_found_and_named(run, key, tmp_path):
    """
    One letter in one entry: exit code 1, the entry and what is wrong with it.
    """
    run("audit", "export", tmp_path / "stick")
    rows = tmp_path / "stick" / "entries.jsonl"
    rows.write_text(rows.read_text().replace("nightly", "nightlX"))
    code, found = run("audit", "verify", tmp_path / "stick", "--key", key)

    assert 1 == code
    assert "BYTES_CHANGED" in {problem["kind"] for problem in found["problems"]}


def test_another_key_is_not_believed(run, tmp_path):
    """
    An export of one log does not hold under another's key.
    """
    run("audit", "export", tmp_path / "stick")
    other = Signer("decision-service", bytes(32)).verifier.vkey
    code, found = run("audit", "verify", tmp_path / "stick", "--key", other)

    assert 1 == code
    assert {"CHECKPOINT_CHANGED"} == {problem["kind"] for problem in found["problems"]}


def test_bad_input_is_not_a_finding(run, key, tmp_path):
    """
    A folder that is no export, a key that is none, a folder that is not empty: exit code 2 and why.
    """
    (tmp_path / "empty").mkdir()
    (tmp_path / "note").write_text("hello")

    assert 2 == run("audit", "verify", tmp_path / "empty", "--key", key)[0]
    assert 2 == run("audit", "verify", tmp_path / "empty", "--key", "no key")[0]
    assert 2 == run("audit", "verify", tmp_path / "note", "--key", key)[0]
    assert 2 == run("audit", "export", tmp_path)[0]
    assert 2 == run("audit", "prove", "decisions/nowhere")[0]
    assert 2 == run("audit", "prove", "999999")[0]


def test_a_decision_is_proven_in_one_file(run, key, decided, tmp_path):
    """
    The proof carries its entry, place, path and checkpoint; it needs the key and nothing else.
    """
    file = tmp_path / "one.tlog-proof"
    made = run("audit", "prove", decided[0].name, "-o", file)[1]
    code, found = run("audit", "verify", file, "--key", key)

    assert (0, []) == (code, found["problems"])
    assert (decided[0].name, decided[0].log.index) == (found["subject"], found["index"])
    assert made["proof"] == file.read_text()
    assert decided[0].log.leaf_hash == made["leaf_hash"]


def test_a_proof_of_another_entry_is_refused(run, key, decided, tmp_path):
    """
    The entry of one decision with the proof of another: exit code 1.
    """
    first, second = (read_proof(run("audit", "prove", d.name)[1]["proof"]) for d in decided)
    file = tmp_path / "mixed.tlog-proof"
    file.write_text(type(first)(first.index, first.path, first.checkpoint, second.extra).text)

    assert 1 == run("audit", "verify", file, "--key", key)[0]


def test_a_witness_remembers(run, tmp_path):
    """
    The second look proves that the log extends the first; checkpoints are published once each.
    """
    first = run("audit", "witness", tmp_path / "witness", "--publish", tmp_path / "public.jsonl")[1]
    second = run("audit", "witness", tmp_path / "witness", "--publish", tmp_path / "public.jsonl")[1]
    code, found = run("audit", "verify", "--checkpoint", tmp_path / "public.jsonl")

    assert (None, first["size"]) == (first["remembered"], second["remembered"])
    assert 1 == len((tmp_path / "public.jsonl").read_text().splitlines())
    assert (0, []) == (code, found["problems"])


def test_a_restored_backup_is_refused_by_a_witness(service, run, tmp_path, root):
    """
    A log whose end was cut off by restoring an old backup verifies by itself; the witness remembers more.
    """
    service.app.ledger.store._writing.raw_connection().execute("PRAGMA wal_checkpoint(TRUNCATE)").close()
    shutil.copytree(tmp_path / "data", tmp_path / "backup")
    service.govern(root / "policies" / "replenishment")
    seen = run("audit", "witness", tmp_path / "witness", address=service.server.address)
    restored = type(service)(tmp_path / "backup")
    code, found = run("audit", "witness", tmp_path / "witness", address=restored.server.address)
    alone = run("audit", "verify", address=restored.server.address)
    restored.close()

    assert (0, True) == (seen[0], seen[1]["holds"])
    assert (1, "CONFLICT") == (code, found["refusal"])
    assert 0 == alone[0]


def test_another_logs_checkpoint_is_refused(service, run, tmp_path):
    """
    A witness of one log does not sign what another log signed, though it bears the same name; nor does
    a checkpoint kept of one log fit another.
    """
    run("audit", "witness", tmp_path / "witness")
    code, found = run("audit", "witness", tmp_path / "witness", address=service.server.address)

    kept = tmp_path / "kept.checkpoint"
    kept.write_text(run("audit", "checkpoint")[1]["checkpoint"])
    strange = run("audit", "verify", "--checkpoint", kept, address=service.server.address)

    assert (1, "NOT_SIGNED") == (code, found["refusal"])
    assert (1, [12]) == (strange[0], [problem["step"] for problem in strange[1]["problems"]])


def test_erasure_needs_two_and_a_hold_wins(run, decided):
    """
    Who asked cannot approve; a hold stops it; once done, the person is gone and the log still verifies.
    """
    reason = ["--legal-basis", "GDPR Art. 17(1)(a)", "--reason", "asked by the person"]
    asked = run("audit", "redact", decided[0].name, *reason, actor="ada.lind")[1]
    alone = run("audit", "redact", "--approve", asked["name"], actor="ada.lind")
    run("audit", "hold", decided[0].name, "--reason", "law suit", actor="ada.lind")
    held = run("audit", "redact", "--approve", asked["name"], actor="bruno.keller")
    run("audit", "hold", decided[0].name, "--reason", "settled", "--lift", actor="ada.lind")
    before = run("decisions", "lineage", decided[0].name, as_json=False)[1]
    done = run("audit", "redact", "--approve", asked["name"], actor="bruno.keller")
    again = run("audit", "redact", "--approve", asked["name"], actor="chiara.rossi")
    after = run("decisions", "lineage", decided[0].name, as_json=False)[1]

    assert (2, "FOUR_EYES_REQUIRED") == (alone[0], alone[1]["reason"])
    assert (2, "LEGAL_HOLD") == (held[0], held[1]["reason"])
    assert (0, "bruno.keller") == (done[0], done[1]["approved_by"])
    assert done[1] == again[1]
    assert "maria.muster" in before
    assert "maria.muster" not in after
    assert [] == run("audit", "verify")[1]["problems"]


def test_retention_is_policy_data(run, decided, tmp_path):
    """
    What a class keeps no longer is listed, asked for in one request a legal basis, and gone once approved.
    """
    policy = tmp_path / "retention.yaml"
    policy.write_text('default: {keep_days: 3650, legal_basis: "ten years"}\n')
    kept = run("audit", "due", policy, actor="ada.lind")[1]
    policy.write_text('default: {keep_days: 0, legal_basis: "no reason to keep it"}\n')
    asked = run("audit", "due", policy, "--request", "retention run", actor="ada.lind")[1]
    done = run("audit", "redact", "--approve", *asked["requests"], actor="bruno.keller")
    after = run("audit", "due", policy, actor="ada.lind")[1]

    assert [] == kept["due"]
    assert decided[1].log.index in [payload["index"] for payload in asked["due"]]
    assert (0, [payload["index"] for payload in asked["due"]]) == (
        done[0],
        list(map(int, done[1]["entries"])),
    )
    assert [] == after["due"]
    assert [] == run("audit", "verify")[1]["problems"]


@pytest.mark.parametrize(
    "text",
    ["- a list\n", "short: {keep_days: 1, legal_basis: b}\n", "default: {keep_days: soon, legal_basis: b}\n"],
)
def test_a_retention_policy_that_is_none_is_refused(run, tmp_path, text):
    """
    No classes, no `default`, no number of days: exit code 2.
    """
    (tmp_path / "retention.yaml").write_text(text)

    assert 2 == run("audit", "due", tmp_path / "retention.yaml")[0]


def test_what_has_no_payload_cannot_be_erased(run, decided):
    """
    Entries 0 and 1 are of a release: nothing personal, nothing to erase. Among others they are left out.
    """
    why = ("--legal-basis", "b", "--reason", "r")
    place = decided[0].log.index
    for alone in (["0"], ["1", "0"]):
        code, found = run("audit", "redact", *alone, *why, actor="ada.lind")
        assert (2, "NO_PAYLOAD") == (code, found["reason"])
    code, found = run("audit", "redact", "0", str(place), *why, actor="ada.lind")

    assert (0, [place]) == (code, [*map(int, found["entries"])])


def test_replay_is_a_habit(run, decided):
    """
    Everything is decided again, several at a time, and comes out the same.
    """
    code, found = run("audit", "replay", "--all", "--parallel", "2")

    assert (0, 2, 2, 0) == (code, found["decisions"], found["identical"], found["diverged"])
    assert [] == found["results"][0]["differences"]


def test_a_sample_can_be_drawn_again(run):
    """
    The seed that is printed draws the same decisions.
    """
    first = run("audit", "replay", "--sample", "1", "--seed", "7")[1]
    second = run("audit", "replay", "--sample", "1", "--seed", "7")[1]

    assert first == second
    assert (1, 7) == (first["replayed"], first["seed"])


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ((), ["one-order", "nightly"]),
        (("--actor", "erp-1"), ["nightly"]),
        (("--actor", "nobody"), []),
        (("--request-id", "one-order"), ["one-order"]),
        (("--mode", "JUDGE"), ["one-order"]),
        (("--scope", "*"), ["one-order", "nightly"]),
        (("--scope", "region:north"), []),
        (("--release", "replenishment@9.9.9"), []),
        (("--item", "BEANS-1KG", "--location", "DC-NORTH", "--mode", "PLAN"), ["nightly"]),
        (("--item", "nothing"), []),
        (("--min-value", "50000"), ["nightly"]),
        (("--max-value", "50000"), ["one-order"]),
        (("--disposition", "REFERRED", "--mode", "PLAN"), ["nightly"]),
        (("--rule", "RO-30", "--mode", "PLAN"), ["nightly"]),
        (("--rule", "no-such-rule"), []),
        (("--since", "2000-01-01"), ["one-order", "nightly"]),
        (("--until", "2000-01-01"), []),
        (("--as-known-at", "2000-01-01"), []),
        (("--as-known-at", "2990-01-01"), ["one-order", "nightly"]),
    ],
)
def test_decisions_are_found_by(run, arguments, expected):
    """
    Who, what, when, scope, release, disposition, value, rule; what is not given does not restrict.
    """
    code, found = run("decisions", "list", *arguments)

    assert (0, expected) == (code, [decision["request_id"] for decision in found])


def test_the_list_as_it_was_known(run, governed, decided):
    """
    Between the two decisions only the first was known; the size of the log then says which checkpoint covers it.
    """
    moment = decided[0].log.recorded_at.ToDatetime(UTC)
    request = pb.ListDecisionsRequest()
    request.as_known_at.FromDatetime(moment)
    then = governed.call(DECISIONS, "ListDecisions", request)
    request.as_known_at.FromDatetime(moment - timedelta(microseconds=1))
    before = governed.call(DECISIONS, "ListDecisions", request)

    assert ["nightly"] == [decision.request_id for decision in then.decisions]
    assert decided[0].log.index + 1 == then.log_size
    assert ([], decided[0].log.index) == (list(before.decisions), before.log_size)


def test_an_order_goes_back_to_its_rows(run, decided):
    """
    From an order to the file it was read from, the release and its rules, parameters, engines, people.
    """
    order = next(o for o in decided[0].orders if o.pegging)
    code, found = run("decisions", "lineage", decided[0].name, "--order", order.id)
    labels = {node["label"] for node in found["nodes"]}
    by_label = {node["label"]: node for node in found["nodes"]}

    assert 0 == code
    assert {f"order {order.id}", "decide", "snapshot", "stock.csv", "mapping/stages.sql"} <= labels
    assert {
        f"item {order.item}",
        f"lane {order.lane}",
        f"stage {order.stage}",
        "planning parameters",
    } <= labels
    assert {"erp-1", decided[0].lineage.release} <= labels
    assert any(label.startswith("demand at ") for label in labels)
    assert {f"rule {reason.row} of {reason.table}" for reason in order.reasons} <= labels
    assert {"rows": "26", "digest": DIGEST, "contract": "stock on hand, daily"} == by_label["stock.csv"][
        "details"
    ]
    assert "HiGHS" in by_label["decide"]["details"]["solve orders"]
    assert "slices" in by_label["decide"]["details"]["limits orders"]
    assert TRACE == by_label["decide"]["details"]["trace id"]
    assert {"selected by"} == {
        edge["role"] for edge in found["edges"] if edge["material"].endswith("#mapping/stages.sql")
    } - {"read from"}


def test_lineage_travels_as_openlineage_and_prov(run, decided, root):
    """
    Both exports are read back by the libraries of their standards.
    """
    event = json.loads(
        run("decisions", "lineage", decided[0].name, "--format", "openlineage", as_json=False)[1]
    )
    document = run("decisions", "lineage", decided[0].name, "--format", "prov", as_json=False)[1]
    facet = json.loads((root / "docs" / "schemas" / "lineage-run-facet.json").read_text())
    jsonschema.validate(event["run"]["facets"]["lineage"], facet)

    assert decided[0].name.endswith(event["run"]["runId"])
    assert "COMPLETE" == event["eventType"]
    assert RunEvent(**{key: event[key] for key in ("eventTime", "producer", "run", "job")}).job
    assert ProvDocument.deserialize(content=document, format="json").get_records()


@pytest.mark.parametrize("form", ["tree", "dot", "svg"])
def test_lineage_is_drawn(run, decided, tmp_path, form):
    """
    As text, for Graphviz and as a picture; to the terminal or to a file.
    """
    text = run("decisions", "lineage", "latest", "--format", form, as_json=False)[1]
    run("decisions", "lineage", "latest", "--format", form, "-o", tmp_path / "graph", as_json=False)

    assert (tmp_path / "graph").read_text() == text
    assert decided[1].name in text


def test_lineage_of_what_is_not_there(run, decided):
    """
    An unknown decision or order is said to be unknown.
    """
    assert 2 == run("decisions", "lineage", "decisions/nowhere")[0]
    assert 2 == run("decisions", "lineage", decided[0].name, "--order", "nothing")[0]


def test_an_auditor_reads_everything_and_changes_nothing(run, decided):
    """
    The role is enough for evidence, and refused where something would change.
    """
    role = ["--roles", "auditor"]

    assert 0 == run("audit", "verify", *role)[0]
    assert 0 == run("audit", "prove", decided[0].name, *role)[0]
    assert 0 == run("decisions", "lineage", decided[0].name, *role)[0]
    assert 2 == run("audit", "redact", decided[0].name, "--legal-basis", "b", "--reason", "r", *role)[0]
    assert 2 == run("audit", "hold", decided[0].name, "--reason", "r", *role)[0]


def test_times_are_in_order(decided):
    """
    The moments that the filters use are the log's.
    """
    first, second = (d.log.recorded_at.ToDatetime(UTC) for d in decided)

    assert first < second < datetime.now(UTC)
