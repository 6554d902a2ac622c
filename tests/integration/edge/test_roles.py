"""Who may call what, cell by cell, over the wire."""

import pytest

from decision_service.api.roles import METHOD_REACH, METHOD_ROLES, ROLES

from .conftest import METHODS, outcome

# A stream that stays open until something happens: hearing nothing for so many seconds is no denial.
LISTENS = {"HandoverService/WatchInstructions": 3.0}
READS = ("Get", "List", "Prove", "Verify", "Explain", "Replay", "Watch", "Wait", "Plan", "Show", "Assess")


def test_every_method_has_its_row():
    """
    No method without a row (nobody could call it), no reach of a method that is not there.
    """
    assert set(METHODS) == set(METHOD_ROLES)
    assert set(METHOD_REACH) <= set(METHODS)
    assert all(roles <= set(ROLES) for roles in METHOD_ROLES.values())


@pytest.mark.parametrize("name", METHODS)
def test_each_cell_of_the_matrix(mutual, name):
    """
    With a certificate of each role: PERMISSION_DENIED exactly where the table says no.
    """
    seconds = LISTENS.get(name, 30.0)
    said = {role: outcome(mutual.channel(name=role), METHODS[name], timeout=seconds) for role in ROLES}
    found = {role: reason == "ROLE_REQUIRED" for role, (_, reason) in said.items()}

    assert {role: role not in METHOD_ROLES[name] for role in ROLES} == found


@pytest.mark.parametrize("name", METHODS)
def test_a_known_stranger_may_do_nothing(mutual, name):
    """
    A certificate of the authority without a grant: denied, by every method.
    """
    assert ("PERMISSION_DENIED", "ROLE_REQUIRED") == outcome(mutual.channel(name="stranger"), METHODS[name])


def test_an_auditor_changes_nothing():
    """
    `auditor` stands in no row of a method that writes.
    """
    writes = {m for m in METHODS if not m.partition("/")[2].startswith(READS)}

    assert set() == {m for m in writes if "auditor" in METHOD_ROLES[m]}


def test_an_erp_governs_nothing():
    """
    `erp` neither moves releases nor judges orders.
    """
    governing = {m for m, roles in METHOD_ROLES.items() if "erp" in roles and m.startswith("ReleaseService/")}

    assert all(m.partition("/")[2].startswith(READS) for m in governing)
