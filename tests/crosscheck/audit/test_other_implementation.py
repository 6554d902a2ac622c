"""
An independent implementation of the C2SP formats accepts what we sign and prove.

`aics-tlog` needs Python 3.12; elsewhere these tests are skipped.
"""

import random
from datetime import UTC, datetime

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from audit import Cosigner, Ledger, MemoryStore, NewEntry, Signer, Witness, open_checkpoint

aics_tlog = pytest.importorskip("aics_tlog", reason="aics-tlog needs Python 3.12 or later")

SIGNER = Signer("example.com/log", bytes(range(32)))
COSIGNER = Cosigner("witness.example/w1", bytes(range(1, 33)))
SIZES = (1, 2, 3, 7, 8, 255, 256, 257, 600)


def clock():
    return datetime(2026, 11, 24, tzinfo=UTC)


@pytest.fixture(scope="module")
def ledger():
    with Ledger(MemoryStore(), SIGNER, clock) as ledger:
        ledger.append_all(tuple(NewEntry("k", f"s{number}", {"number": number}) for number in range(600)))
        yield ledger


def test_our_roots_are_its_roots(ledger):
    """
    Both trees over the same envelopes have the same root at every size tried.
    """
    envelopes = [entry.envelope for entry in ledger.scan()]

    for size in SIZES:
        assert aics_tlog.MerkleTree(envelopes[:size]).root() == ledger.root(size)


def test_it_accepts_our_checkpoints_and_cosignatures(ledger, tmp_path):
    """
    Log signature and witness signature verify, with our vkeys read by its parser.
    """
    note = Witness(tmp_path, COSIGNER, [SIGNER.verifier], clock).observe(ledger).note
    result = aics_tlog.verify_checkpoint(
        aics_tlog.parse_note(note),
        aics_tlog.parse_vkey(SIGNER.verifier.vkey),
        [aics_tlog.parse_vkey(COSIGNER.verifier.vkey)],
        1,
        expected_origin="example.com/log",
    )

    assert result.log_ok
    assert result.ok


def test_it_accepts_our_proofs_and_no_others(ledger):
    """
    Inclusion and consistency, at random places and sizes; a proof of something else is refused.
    """
    chance = random.Random(9162)

    for _ in range(200):
        size = chance.randint(1, 600)
        index, old = chance.randrange(size), chance.randint(0, size)
        proof = ledger.prove_inclusion(index, size)
        envelope = ledger.get(index).envelope
        assert aics_tlog.verify_leaf_inclusion(envelope, index, size, proof, ledger.root(size))
        assert not aics_tlog.verify_leaf_inclusion(envelope + b" ", index, size, proof, ledger.root(size))
        consistency = ledger.prove_consistency(old, size)
        assert aics_tlog.verify_consistency(old, size, ledger.root(old), ledger.root(size), consistency)


def test_we_accept_its_checkpoints(ledger):
    """
    The other way round: a checkpoint that it signs opens with our reader.
    """
    key = Ed25519PrivateKey.from_private_bytes(SIGNER.seed)
    theirs = aics_tlog.Checkpoint("example.com/log", 600, ledger.root(600))
    note = aics_tlog.sign_checkpoint(theirs, key, "example.com/log").to_bytes().decode()
    checkpoint, _ = open_checkpoint(note, [SIGNER.verifier])

    assert ledger.checkpoint().checkpoint == checkpoint
