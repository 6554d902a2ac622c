"""A release until it may govern: who may do what, in which state, and what the log says of it."""

import pytest

from audit import place_hold
from audit.note import Signer
from decision_service.decision import Caller, Scope
from decision_service.errors import (
    AlreadyExistsError,
    ForbiddenError,
    InvalidRequestError,
    NotFoundError,
    PreconditionError,
)
from decision_service.usecases.release_signature import ReleaseSigner
from decision_service.usecases.rollout import Rollout

ADA, BOB, CLEO, EVE, OUTSIDER = map(Caller, ("ada", "bob", "cleo", "eve", "mallory"))


def test_every_step_is_an_entry(world, small):
    """
    Draft, check, proposal, approval, activation: five entries of five kinds, one state after another.
    """
    releases, states = world.releases, []
    name = releases.publish(small(), ADA, is_draft=True)[0].name
    states.append(world.state(name))
    releases.check_draft(name, ADA)
    states.append(world.state(name))
    releases.propose(name, ADA)
    states.append(world.state(name))
    releases.approve(name, BOB)
    states.append(world.state(name))
    Rollout(releases).activate(name, Scope(), CLEO)
    states.append(world.state(name))

    assert ["DRAFT", "CHECKED", "PROPOSED", "APPROVED", "ACTIVE"] == states
    assert [
        "release-published.v1",
        "release-checked.v1",
        "release-proposed.v1",
        "release-approved.v1",
        "activation.v1",
    ] == world.kinds()


def test_a_legal_hold_on_a_release_changes_nothing_about_it(world, small):
    """
    The hold is an entry of the same name, by nobody of the release's life.
    """
    name = world.releases.publish(small(), ADA)[0].name
    world.releases.propose(name, ADA)
    place_hold(world.ledger, name, "law suit", "olga")
    record = world.releases.get(name)

    assert ("ada", "ada", ()) == (record.publisher, record.proposer, record.approvers)
    assert [name] == [r.name for r in world.releases.all()]


def test_a_draft_may_change_until_it_is_checked(world, small):
    """
    The same version with other content; once checked, the version is taken.
    """
    name = world.releases.publish(small(is_covered=False), ADA, is_draft=True)[0].name
    with pytest.raises(InvalidRequestError, match="A-2"):
        world.releases.check_draft(name, ADA)
    record, _ = world.releases.publish(small(), BOB, is_draft=True)
    world.releases.check_draft(name, ADA)

    assert record.digest == world.releases.get(name).digest
    with pytest.raises(AlreadyExistsError, match="raise the version"):
        world.releases.publish(small(quorum=2), ADA)


def test_rows_without_a_test_are_not_published(world, small):
    """
    Coverage below 100 % without a waiver is refused, with the row.
    """
    with pytest.raises(InvalidRequestError, match="A-2"):
        world.releases.publish(small(is_covered=False), ADA)

    assert [] == world.kinds()


@pytest.mark.parametrize("who", [ADA, BOB])
def test_nobody_approves_what_they_had_a_hand_in(world, small, who):
    """
    Publisher and proposer are two of the eyes, even when both belong to the owner.
    """
    name = world.releases.publish(small(), ADA)[0].name
    world.releases.propose(name, BOB)

    with pytest.raises(ForbiddenError) as refused:
        world.releases.approve(name, who)
    assert "FOUR_EYES" == refused.value.reason


def test_who_wrote_an_earlier_draft_does_not_approve_the_last_one(world, small):
    """
    Everybody who published some content of the version is involved.
    """
    name = world.releases.publish(small(is_covered=False), CLEO, is_draft=True)[0].name
    world.releases.publish(small(), ADA)
    world.releases.propose(name, ADA)

    with pytest.raises(ForbiddenError):
        world.releases.approve(name, CLEO)


def test_only_members_of_the_owner_approve(world, small):
    """
    A stranger never; a person to whom the role is lent, on the days of the loan.
    """
    name = world.releases.publish(small(quorum=2), ADA)[0].name
    world.releases.propose(name, ADA)
    with pytest.raises(ForbiddenError) as refused:
        world.releases.approve(name, OUTSIDER)
    world.releases.approve(name, EVE)
    world.at = world.at.replace(month=12)
    world.releases.approve(name, BOB)

    assert "NOT_THE_OWNER" == refused.value.reason
    assert ("eve", "bob") == world.releases.get(name).approvers
    later = world.releases.publish(small("2.0.0"), ADA)[0].name
    world.releases.propose(later, ADA)
    with pytest.raises(ForbiddenError):
        world.releases.approve(later, EVE)


def test_the_quorum_is_different_people(world, small):
    """
    Two of two: the same person twice is one.
    """
    name = world.releases.publish(small(quorum=2), ADA)[0].name
    world.releases.propose(name, ADA)
    record = world.releases.approve(name, BOB)
    with pytest.raises(ForbiddenError):
        world.releases.approve(name, BOB)

    assert ("PROPOSED", 2, "") == (record.state.value, record.quorum, record.signature)
    assert "APPROVED" == world.releases.approve(name, CLEO).state.value


def test_no_release_lowers_its_own_bar(world, small):
    """
    The quorum is that of the charter which governs, not the candidate's own.
    """
    first = world.releases.publish(small(quorum=2), ADA)[0].name
    world.releases.propose(first, ADA)
    world.releases.approve(first, BOB)
    world.releases.approve(first, CLEO)
    world.rollout.activate(first, Scope(), ADA)
    second = world.releases.publish(small("2.0.0", quorum=1), ADA)[0].name
    world.releases.propose(second, ADA)

    assert "PROPOSED" == world.releases.approve(second, BOB).state.value


def test_an_approved_release_is_signed(world):
    """
    The note names the release, its digest and who approved; the public key alone checks it.
    """
    record = world.releases.get(world.approved())
    signing = ReleaseSigner(world.signer, (world.signer.verifier,))

    assert ["decision-service/release/v1", record.name, record.digest, "bob"] == record.signature.split("\n")[
        :4
    ]
    signing.check(record.signature, record.name, record.digest)


@pytest.mark.parametrize("damage", ["name", "digest", "text", "key", "empty"])
def test_a_signature_of_something_else_is_refused(world, damage):
    """
    Another release's, of other content, altered, of another key, or none.
    """
    record = world.releases.get(world.approved())
    note, name, digest, keys = record.signature, record.name, record.digest, (world.signer.verifier,)
    if damage == "name":
        name = "releases/small@9.9.9"
    elif damage == "digest":
        digest = f"sha256:{'0' * 64}"
    elif damage == "text":
        note = note.replace("\nbob\n", "\nmallory\n")
    elif damage == "key":
        keys = (Signer("example.com/log", bytes(32)).verifier,)
    else:
        note = ""

    with pytest.raises(PreconditionError) as refused:
        ReleaseSigner(world.signer, keys).check(note, name, digest)
    assert "RELEASE_NOT_SIGNED" == refused.value.reason


def test_a_pointer_moved_by_hand_makes_no_release_that_governs(world, small):
    """
    State and activation forged in the store, without the key: nothing is decided under it.
    """
    from audit import NewEntry

    name = world.releases.publish(small(), ADA)[0].name
    forged = {f"state/{name}": "APPROVED", "active/*": name}
    world.ledger.append(NewEntry("activation.v1", name, {"scope": "*", "to": name}, sets=forged))

    with pytest.raises(PreconditionError) as refused:
        world.releases.governing(Scope(), "", world.today)
    assert "RELEASE_NOT_SIGNED" == refused.value.reason


@pytest.mark.parametrize("step", ["propose", "approve", "check_draft"])
def test_what_does_not_exist_is_not_found(world, step):
    """
    A wrong name is told so.
    """
    with pytest.raises(NotFoundError):
        getattr(world.releases, step)("releases/small@7.7.7", BOB)
