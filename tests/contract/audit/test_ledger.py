"""
What every store promises; each test runs on each of them.
"""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from audit import (
    Artifact,
    CanonicalError,
    InvalidEntryError,
    KeyConflictError,
    LedgerClosedError,
    NewEntry,
    NotInLedgerError,
    PointerMovedError,
    ProofError,
    Signer,
    VerificationError,
    read_proof,
    verify_ledger,
)
from audit.merkle import leaf_hash, verify_consistency, verify_inclusion

SIGNER = Signer("example.com/log", bytes(range(32)))
RELEASE = Artifact.of("application/json", b'{"release":1}')


def new(number=0, **different):
    fields = {"kind": "decision.v1", "subject": f"decisions/{number}", "envelope": {"number": number}}
    return NewEntry(**fields | different)


def test_an_entry_reads_back_as_it_was_recorded(ledger):
    """
    get, find, by_subject and scan return the entry that append returned.
    """
    entry = ledger.append(new(7, key="r-7", payload=b"for whom", artifacts=(RELEASE,))).entry

    assert entry == ledger.get(0)
    assert entry == ledger.find("r-7")
    assert (entry,) == ledger.by_subject("decisions/7")
    assert [entry] == list(ledger.scan())
    assert {"number": 7} == entry.body
    assert leaf_hash(entry.envelope) == entry.leaf_hash
    assert ledger.payload(0) == b"for whom"
    assert RELEASE == ledger.artifact(RELEASE.digest)


def test_places_are_dense_and_in_order(ledger, together):
    """
    Entries are numbered from 0 without gaps, in the order of their requests.
    """
    entries = [appended.entry for appended in together(ledger, map(new, range(700)))]

    assert list(range(700)) == [entry.seq for entry in entries]
    assert entries == list(ledger.scan())
    assert entries[300:310] == list(ledger.scan(300, 310))
    assert ledger.size == 700


def test_the_same_request_again_returns_the_first_entry(ledger):
    """
    A key and its digest together are idempotent.
    """
    first = ledger.append(new(1, key="r-1", key_digest="sha256:a"))
    again = ledger.append(new(2, key="r-1", key_digest="sha256:a"))

    assert not first.is_repeat
    assert again.is_repeat
    assert first.entry == again.entry
    assert ledger.size == 1


def test_a_key_reused_for_something_else_is_refused(ledger):
    """
    Same key, other digest: the error names the entry that holds the key.
    """
    ledger.append(new(1, key="r-1", key_digest="sha256:a"))

    with pytest.raises(KeyConflictError) as caught:
        ledger.append(new(1, key="r-1", key_digest="sha256:b"))

    assert (caught.value.key, caught.value.seq) == ("r-1", 0)


def test_of_many_at_once_one_is_first(ledger):
    """
    Thirty-two callers with one key make one entry, and thirty-one hear that it is a repeat.
    """
    with ThreadPoolExecutor(32) as callers:
        answers = list(callers.map(lambda _: ledger.append(new(1, key="r", key_digest="d")), range(32)))

    assert {0} == {answer.entry.seq for answer in answers}
    assert [answer.is_repeat for answer in answers].count(False) == 1


def test_activation_is_a_compare_and_swap(ledger, together):
    """
    Of two activations that start from the same release, one wins and the other hears what is active.
    """
    ledger.append(new(1, requires={"active": None}, sets={"active": "r1"}))
    won, lost = together(
        ledger, [new(number, requires={"active": "r1"}, sets={"active": f"r{number}"}) for number in (2, 3)]
    )

    assert won.entry.seq == 1
    assert isinstance(lost, PointerMovedError)
    assert (lost.pointer, lost.expected, lost.actual) == ("active", "r1", "r2")
    assert ledger.pointer("active") == "r2"
    assert ledger.size == 2


def test_a_decision_of_a_revoked_release_is_refused_at_commit(ledger):
    """
    Requiring the pointer to be unset refuses what was in flight when it was set.
    """
    decision = new(1, requires={"revoked/sha256:a": None})
    ledger.append(decision)
    ledger.append(new(2, kind="revocation.v1", sets={"revoked/sha256:a": "yes"}))

    with pytest.raises(PointerMovedError):
        ledger.append(decision)


def test_a_repeat_is_answered_even_when_a_pointer_moved(ledger):
    """
    What was recorded stays recorded: a repeat does not ask again whether it may.
    """
    first = ledger.append(new(1, key="k", requires={"p": None}, sets={"p": "x"}))

    assert first.entry == ledger.append(new(1, key="k", requires={"p": None}, sets={"p": "x"})).entry


def test_a_pointer_can_be_unset_and_listed_by_prefix(ledger):
    """
    A pointer set to nothing is as if it never was; a prefix lists those set.
    """
    ledger.append(new(1, sets={"active/*": "r1", "active/north": "r2", "actor": "x", "b": "y"}))
    ledger.append(new(2, requires={"active/north": "r2"}, sets={"active/north": None}))
    ledger.append(new(3, requires={"active/north": None}))

    assert {"active/*": "r1"} == dict(ledger.pointers("active/"))
    assert {"active/*": "r1", "actor": "x", "b": "y"} == dict(ledger.pointers())
    assert ledger.pointer("active/north") is None


def test_several_entries_are_taken_whole_or_not_at_all(ledger):
    """
    If the last of three is refused, neither of the first two is there, nor what they set.
    """
    good = (new(1, key="a", sets={"p": "1"}), new(2, requires={"p": "1"}, sets={"p": "2"}))

    with pytest.raises(PointerMovedError):
        ledger.append_all((*good, new(3, requires={"p": "1"})))
    assert ledger.size == 0
    assert ledger.pointer("p") is None
    assert ledger.find("a") is None

    appended = ledger.append_all(good)
    assert [0, 1] == [answer.entry.seq for answer in appended]
    assert ledger.pointer("p") == "2"
    assert [True, False] == [answer.is_repeat for answer in ledger.append_all((good[0], new(4)))]


def test_a_refused_request_fails_alone(ledger, together):
    """
    In a burst with conflicts in between, every good request is recorded.
    """
    asked = [
        new(number, key="same" if number % 3 == 0 else f"k{number}", key_digest=str(number))
        for number in range(300)
    ]
    refused = [answer for answer in together(ledger, asked) if isinstance(answer, KeyConflictError)]

    assert len(refused) == 99
    assert ledger.size == 201


def test_every_entry_is_proven_under_the_last_checkpoint(ledger):
    """
    Whatever append returned is covered by a signed checkpoint at once, and a proof bundle says so.
    """
    for number in range(40):
        ledger.append(new(number))
        assert number + 1 == ledger.checkpoint().size
    last = ledger.checkpoint()

    for entry in ledger.scan():
        verify_inclusion(entry.leaf_hash, entry.seq, 40, ledger.prove_inclusion(entry.seq, 40), last.root)
        bundle = read_proof(ledger.bundle(entry.seq).text)
        assert last.checkpoint == bundle.verify(entry.envelope, [SIGNER.verifier])
    with pytest.raises(ProofError):
        ledger.bundle(3).verify(ledger.get(4).envelope, [SIGNER.verifier])


def test_an_older_checkpoint_is_proven_to_be_a_prefix(ledger, together):
    """
    A consistency proof connects any two sizes, also across tile borders.
    """
    together(ledger, map(new, range(600)))

    for old, size in [(0, 600), (1, 2), (255, 257), (256, 600), (599, 600), (600, 600)]:
        proof = ledger.prove_consistency(old, size)
        verify_consistency(old, size, ledger.root(old), ledger.root(size), proof)


def test_a_log_opened_again_goes_on_where_it_ended(reopen, together):
    """
    Size, pointers, keys and tree survive, and the next entry takes the next place.
    """
    ledger = reopen()
    together(ledger, [new(number, key=f"k{number}", sets={"last": str(number)}) for number in range(530)])
    again = reopen()

    assert again.append(new(530)).entry.seq == 530
    assert again.append(new(3, key="k3")).is_repeat
    assert again.pointer("last") == "529"
    assert verify_ledger(again, [SIGNER.verifier]).holds


def test_a_clock_that_goes_back_does_not_reorder_the_log(ledger, clock):
    """
    Recorded times never decrease: time stands still until the clock has caught up.
    """
    before = ledger.append(new(1)).entry
    clock.now -= timedelta(hours=1)
    after = ledger.append(new(2)).entry

    assert before.recorded_at == after.recorded_at
    assert verify_ledger(ledger, [SIGNER.verifier]).holds


def test_a_closed_ledger_refuses(ledger):
    """
    After close, append is a typed error, and closing twice is harmless.
    """
    ledger.close()
    ledger.close()

    with pytest.raises(LedgerClosedError):
        ledger.append(new(1))


def test_the_key_can_be_handed_over(reopen):
    """
    Who trusts the old key can follow the log to the new one; the old key alone signs no more.
    """
    successor = Signer("example.com/log", bytes(32))
    ledger = reopen()
    ledger.append(new(1))
    ledger.rotate_key(successor)
    ledger.append(new(2))
    verification = verify_ledger(ledger, [SIGNER.verifier])

    assert verification.holds
    assert (SIGNER.verifier.vkey, successor.verifier.vkey) == verification.keys
    with pytest.raises(VerificationError):
        reopen(SIGNER)
    assert reopen(successor).append(new(3)).entry.seq == 3


def test_a_log_signed_by_somebody_else_is_not_opened(reopen):
    """
    Opening with a wrong key fails before anything is appended.
    """
    reopen().append(new(1))

    with pytest.raises(VerificationError, match="step 9"):
        reopen(Signer("example.com/log", bytes(32)))


@pytest.mark.parametrize("seq", [0, -1, 10**12, 2**63 - 1])
def test_what_is_not_there_is_said_so(ledger, seq):
    """
    A place, key, digest or pointer that does not exist is no crash.
    """
    with pytest.raises(NotInLedgerError):
        ledger.get(seq)
    with pytest.raises(NotInLedgerError):
        ledger.artifact("sha256:00")
    with pytest.raises(NotInLedgerError):
        ledger.bundle(0)
    assert ledger.find("nobody") is None
    assert ledger.pointer("nowhere") is None
    assert ledger.payload(0) is None
    assert ledger.checkpoint().size == 0


@pytest.mark.parametrize(
    "different",
    [
        {"kind": ""},
        {"subject": ""},
        {"subject": "x" * 1001},
        {"key": "a\x00b"},
        {"envelope": {"entry": {}}},
        {"sets": {"x" * 2000: "y"}},
        {"sets": {"x": "a\x00b"}},
        {"requires": {"x": "\ud800"}},
        {"subject": "\ud800"},
        {"artifacts": (Artifact.of("a\x00b", b"content"),)},
        {"artifacts": (Artifact.of("\ud800", b"content"),)},
    ],
)
def test_an_entry_that_could_not_be_kept_is_refused_by_field(different):
    """
    What is empty, too long, or no text that every database takes is refused before it can spoil a batch.
    """
    with pytest.raises(InvalidEntryError):
        new(**different)


def test_a_bad_envelope_fails_its_caller_and_nobody_else(ledger):
    """
    What has no canonical form is refused where it is submitted; the log goes on.
    """
    with pytest.raises(CanonicalError) as caught:
        ledger.append(new(1, envelope={"orders": [{"quantity": 1.5}]}))

    assert caught.value.field == "orders[0].quantity"
    assert ledger.append(new(2)).entry.seq == 0


def test_those_who_append_at_once_are_each_answered_for_themselves(ledger):
    """
    One without a canonical form, one that repeats, one that contradicts, and once the log is closed, all of them.
    """

    async def append_all(*news):
        return await asyncio.gather(*map(ledger.append_async, news), return_exceptions=True)

    ledger.append(new(0, key="k", key_digest="one"))
    bad, repeat, reused, *good = asyncio.run(
        append_all(
            new(1, envelope={"quantity": 1.5}),
            new(0, key="k", key_digest="one"),
            new(0, key="k", key_digest="two"),
            *map(new, range(5, 45)),
        )
    )

    assert [CanonicalError, KeyConflictError] == [type(bad), type(reused)]
    assert (0, True) == (repeat.entry.seq, repeat.is_repeat)
    assert list(range(1, 41)) == sorted(appended.entry.seq for appended in good)
    assert [new(n).subject for n in range(5, 45)] == [appended.entry.subject for appended in good]

    ledger.close()
    refused = asyncio.run(append_all(new(1), new(2)))
    assert [LedgerClosedError] * 2 == [type(error) for error in refused]


def test_contents_are_read_at_one_look(ledger):
    """
    As many as asked for, by digest, however many; one that is not kept is named.
    """
    kept = tuple(Artifact.of("text/plain", b"%d" % number) for number in range(600))
    ledger.append(NewEntry("decision.v1", "decisions/many", {"text": "of all"}, artifacts=kept))
    wanted = kept[:520]

    assert {artifact.digest: artifact for artifact in wanted} == ledger.artifacts(a.digest for a in wanted)
    assert {} == ledger.artifacts(())
    with pytest.raises(NotInLedgerError, match="sha256:00"):
        ledger.artifacts((kept[0].digest, "sha256:00"))


def test_entries_far_apart_are_read_at_one_look(ledger):
    """
    In the order of the log, however they are asked for and however many; places it does not have are left out.
    """
    ledger.append_all(tuple(new(number) for number in range(700)))
    wanted = [*range(699, 100, -1), 3, 5_000]

    assert [3, *range(101, 700)] == [record.seq for record in ledger.records_at(wanted)]
    assert [*ledger.records(3, 4)] == [*ledger.records_at([3])]
    assert [] == [*ledger.records_at(())]


def test_entries_are_found_by_several_keys(ledger):
    """
    By key, those that there are.
    """
    ledger.append_all((new(0, key="a", key_digest="x"), new(1, key="b", key_digest="x"), new(2)))
    found = ledger.find_all(["b", "c", "a", "a\x00", *map(str, range(600))])

    assert {"a": 0, "b": 1} == {key: entry.seq for key, entry in found.items()}


@pytest.mark.parametrize("count", [0, 1, 2, 7, 64])
def test_how_many_entries_there_were_at_a_moment(ledger, clock, count):
    """
    Before and at each of the moments, the ends included; entries of one moment are counted together.
    """
    for number in range(count):
        ledger.append_all((new(f"{number}a"), new(f"{number}b")))
    times = [entry.recorded_at for entry in ledger.scan()]
    moments = {
        clock.now - timedelta(days=1),
        *times,
        *(t + timedelta(microseconds=1) for t in times),
        clock.now,
    }

    for moment in moments:
        assert sum(time < moment for time in times) == ledger.size_before(moment)
        assert sum(time <= moment for time in times) == ledger.size_at(moment)
