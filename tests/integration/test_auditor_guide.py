"""
The auditor's guide does what it says: every command in it is run, and its section without our program
is followed by hand, with SHA-256 and Ed25519 from other people's libraries and nothing of ours.
"""

import base64
import hashlib
import json
import re
import shlex
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from decision_service.cli import load
from decision_service.cli.decisions import SERVICE as DECISIONS
from decision_service.v1 import decision_service_pb2 as pb

GUIDE = Path(__file__).resolve().parents[2] / "docs" / "auditor.md"
COMMANDS = tuple(
    line
    for block in re.findall(r"```\n(.*?)```", GUIDE.read_text(encoding="utf-8"), re.DOTALL)
    for line in block.splitlines()
    if line.startswith("decisionctl ")
)


@pytest.fixture(scope="module")
def decision(governed, example):
    request = pb.DecideRequest(request_id="guide", snapshot=example, on_behalf_of="maria.muster")
    return governed.call(DECISIONS, "Decide", request, "erp-1").decision


@pytest.fixture(scope="module")
def desk(governed, decision, tmp_path_factory):
    """An auditor's desk: the stick, what was kept of the last audit, a proof; and a way to run commands."""
    folder = tmp_path_factory.mktemp("desk")
    address = governed.server.address

    def run(command):
        return CliRunner().invoke(load(), shlex.split(command.removeprefix("decisionctl ")))

    run(f"decisionctl audit export {folder}/last-audit --address {address}")
    run(f"decisionctl audit export {folder}/stick --address {address}")
    run(f"decisionctl audit prove {decision.name} -o {folder}/decision.tlog-proof --address {address}")
    key = (folder / "stick" / "keys.txt").read_text().strip()
    order = next(order.id for order in decision.orders)
    meant = {
        "/media/stick": f"{folder}/stick",
        "last-audit/checkpoint": f"{folder}/last-audit/checkpoint",
        "my-witness": f"{folder}/my-witness",
        "example.com/decisions+1a2b3c4d+AV...": key,
        "HOST:PORT": address,
        "decisions/ID": decision.name,
        "--order ORDER": f"--order '{order}'",
        "audit export stick": f"audit export {folder}/new-stick",
        "audit export one": f"audit export {folder}/one",
        "verify decision.tlog-proof": f"verify {folder}/decision.tlog-proof",
        "-o decision.tlog-proof": f"-o {folder}/another.tlog-proof",
    }
    return folder, run, meant


def test_the_guide_has_commands():
    """
    Verification first, from the stick; then the witness, proofs, and what needs the service.
    """
    assert COMMANDS[0].startswith("decisionctl audit verify /media/stick")
    assert 12 <= len(COMMANDS)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_of_the_guide_runs(desk, command):
    """
    As it stands there, with the reader's own key, folders and address.
    """
    _, run, meant = desk
    for text, instead in meant.items():
        command = command.replace(text, instead)
    result = run(command)

    assert (0, "") == (result.exit_code, "" if result.exit_code == 0 else result.output)


def root_of(leaves):
    """RFC 9162, section 2.1.1, as it is written there."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    return hashlib.sha256(b"\x01" + root_of(leaves[:split]) + root_of(leaves[split:])).digest()


def follow_by_hand(folder, vkey):
    """Section 4 of the guide, step by step; returns the steps that do not hold."""
    failed = set()
    rows = [json.loads(line) for line in (folder / "entries.jsonl").read_text().splitlines()]  # 1
    leaves, absent, erased, before = [], set(), set(), ""
    for place, row in enumerate(rows):
        failed |= {2} if row["seq"] != place else set()
        leaf = hashlib.sha256(b"\x00" + row["envelope"].encode()).digest()
        failed |= {3} if leaf.hex() != row["leaf_hash"] else set()
        leaves.append(leaf)
        envelope = json.loads(row["envelope"])
        said = envelope["entry"]
        copies = ("seq", "kind", "subject", "recorded_at")
        failed |= {4} if any(said[name] != row[name] for name in copies) else set()
        failed |= {4} if said.get("payload", "") != row["payload_commitment"] else set()
        failed |= {5} if row["recorded_at"] < before else set()
        before = row["recorded_at"]
        if row["payload"]:
            sealed = base64.b64decode(row["salt"]) + base64.b64decode(row["payload"])
            right = f"sha256:{hashlib.sha256(sealed).hexdigest()}" == row["payload_commitment"]
            failed |= set() if right else {6}
        elif row["payload_commitment"]:
            absent.add(place)
        if row["kind"] == "redaction.v1":
            erased |= set(envelope["entries"])
        for digest in said.get("artifacts", ()):
            name = digest.removeprefix("sha256:")
            content = (folder / "artifacts" / name[:2] / name).read_bytes()
            failed |= {7} if hashlib.sha256(content).hexdigest() != name else set()
    failed |= {6} if absent - erased else set()
    notes = [json.loads(line)["note"] for line in (folder / "checkpoints.jsonl").read_text().splitlines()]
    for note in notes:
        text, _, signatures = note.rpartition("\n\n")
        _, size, root = text.split("\n")
        failed |= {8} if base64.b64encode(root_of(leaves[: int(size)])).decode() != root else set()
        failed |= {9} if not is_signed(f"{text}\n", signatures, vkey) else set()
    failed |= {10} if int(notes[-1].split("\n")[1]) != len(leaves) else set()
    return failed


def is_signed(text, signatures, vkey):
    """An Ed25519 signature by the key, over the text above the empty line (C2SP signed-note)."""
    _, _, key = vkey.split("+", 2)
    public = Ed25519PublicKey.from_public_bytes(base64.b64decode(key)[1:])
    signature = base64.b64decode(signatures.splitlines()[0].split(" ")[2])[4:]
    try:
        public.verify(signature, text.encode())
    except InvalidSignature:
        return False
    return True


def test_the_steps_can_be_followed_without_our_program(desk):
    """
    The guide is enough to write a verifier: it accepts an honest export.
    """
    folder, _, _ = desk
    key = (folder / "stick" / "keys.txt").read_text().strip()

    assert set() == follow_by_hand(folder / "stick", key)


@pytest.mark.parametrize(
    ("name", "old", "new", "steps"),
    [
        ("entries.jsonl", "guide", "guidX", {3, 8}),
        ("checkpoints.jsonl", "decision-service\\n2\\n", "decision-service\\n1\\n", {8, 9}),
    ],
)
def test_followed_by_hand_the_steps_find_what_we_find(desk, tmp_path, name, old, new, steps):
    """
    An edited entry and an edited checkpoint: the verifier written from the guide finds both.
    """
    folder, run, _ = desk
    shutil.copytree(folder / "stick", tmp_path / "stick")
    file = tmp_path / "stick" / name
    text = file.read_text()
    file.write_text(text.replace(old, new))
    key = (folder / "stick" / "keys.txt").read_text().strip()
    ours = json.loads(run(f"decisionctl audit verify {tmp_path}/stick --key '{key}' --json").stdout)

    assert old in text
    assert steps == follow_by_hand(tmp_path / "stick", key)
    assert {problem["step"] for problem in ours["problems"]} & steps
