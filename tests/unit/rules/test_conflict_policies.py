"""The shipped join rules, on the smallest facts that set each of them off."""

from decimal import Decimal
from pathlib import Path

import pytest

from rules.feel import FeelType
from rules.join_facts import read_facts
from rules.join_matcher import JoinMatcher
from rules.joins import compile_joins
from rules.precedence import parse_precedence
from rules.schema import FactField, FactSchema
from rules.yaml_reader import read_nodes

FILE = Path(__file__).parents[3] / "policies" / "replenishment" / "conflicts.yaml"


def schema(texts, numbers):
    fields = [FactField(name, FeelType.TEXT) for name in texts] + [
        FactField(name, FeelType.NUMBER) for name in numbers
    ]
    return FactSchema("1", tuple(fields))


KINDS = {
    "order": schema(
        (
            "order", "item", "location", "source", "region", "source_region", "serves_region",
            "kind_of_supply", "resource", "resource_kind",
        ),
        ("bucket", "due_bucket", "quantity", "resource_use", "resource_left"),
    ),
    "open": schema(("item", "location", "source"), ("due_bucket", "quantity")),
    "stage": schema(("item", "location"), ("position", "minimum")),
    "ban": schema(("region", "item", "supplier"), ()),
}  # fmt: skip


def shipped():
    problems = []
    root = read_nodes(FILE.read_text(), FILE.name)
    rules = compile_joins(root.get("joins").items, KINDS, problems)
    assert [] == problems
    return {rule.name: rule for rule in rules}


def order(id_, **fields):
    usual = {
        "order": id_,
        "item": "I",
        "location": "DC1",
        "source": "S",
        "bucket": 3,
        "due_bucket": 4,
        "quantity": 10,
    }
    return {"kind": "order", "id": id_, **usual, **fields}


def firings(name, *facts):
    return {firing.facts for firing in JoinMatcher(shipped()[name]).match(read_facts(list(facts), KINDS))}


def test_every_shipped_rule_is_tied_by_equalities():
    """
    No shipped rule multiplies all facts with all facts.
    """
    assert {} == {name: rule.unkeyed for name, rule in shipped().items() if rule.unkeyed}


def test_every_shipped_rule_says_who_settles_it():
    """
    Each rule has a conflict, a precedence that can be read, and a role.
    """
    for rule in shipped().values():
        assert {"conflict", "precedence", "escalate"} <= rule.then.keys()
        assert parse_precedence(rule.then["precedence"])


def test_rivals_for_supplier_capacity():
    """
    Two centres that together want more than the supplier has left; not when there is enough.
    """
    scarce = {"resource": "S:acme", "resource_kind": "SUPPLIER", "resource_left": 100}
    first, second = (
        order("o1", resource_use=60, **scarce),
        order("o2", location="DC2", resource_use=41, **scarce),
    )
    smaller = order("o3", location="DC3", resource_use=Decimal(40), **scarce)

    assert {("o1", "o2"), ("o2", "o1")} == firings("rivals-for-supplier-capacity", first, second)
    assert set() == firings("rivals-for-supplier-capacity", first, smaller)


def test_rivals_for_transport_capacity():
    """
    Two transfers on the same trucks in the same bucket.
    """
    scarce = {
        "resource": "T:1",
        "resource_kind": "TRANSPORT",
        "resource_left": 2,
        "resource_use": Decimal("1.5"),
    }

    assert {("o1", "o2"), ("o2", "o1")} == firings(
        "rivals-for-transport-capacity", order("o1", **scarce), order("o2", **scarce)
    )
    assert set() == firings(
        "rivals-for-transport-capacity", order("o1", **scarce), order("o2", **scarce | {"bucket": 4})
    )


def test_buying_what_another_ships_out():
    """
    DC1 buys while DC2 of its region ships the item out of the region.
    """
    buyer = order("o1", kind_of_supply="PURCHASE", region="EMEA")
    shipper = order(
        "o2", kind_of_supply="TRANSFER", source="DC2", source_region="EMEA", location="DC9", due_bucket=6
    )

    assert {("o1", "o2")} == firings("buying-what-another-ships-out", buyer, shipper)
    assert set() == firings("buying-what-another-ships-out", buyer, shipper | {"due_bucket": 7})


@pytest.mark.parametrize(("position", "found"), [(Decimal("59.9"), {("o1", "s1")}), (60, set())])
def test_transfer_below_own_corridor(position, found):
    """
    The source may go down to its minimum, not below.
    """
    transfer = order("o1", kind_of_supply="TRANSFER", source="DC2")
    source = {
        "kind": "stage",
        "id": "s1",
        "item": "I",
        "location": "DC2",
        "position": position,
        "minimum": 50,
    }

    assert found == firings("transfer-below-own-corridor", transfer, source)


def test_duplicate_of_open_order():
    """
    Same item, place and source, within ten per cent and one bucket.
    """
    known = {
        "kind": "open",
        "id": "e1",
        "item": "I",
        "location": "DC1",
        "source": "S",
        "due_bucket": 5,
        "quantity": 11,
    }

    assert {("o1", "e1")} == firings("duplicate-of-open-order", order("o1"), known)
    assert set() == firings("duplicate-of-open-order", order("o1"), known | {"quantity": 12})


def test_forbidden_by_another_region():
    """
    What a region buys for another must be allowed there.
    """
    bought = order("o1", region="EMEA", serves_region="APAC")
    ban = {"kind": "ban", "id": "b1", "region": "APAC", "item": "I", "supplier": "S"}

    assert {("o1", "b1")} == firings("forbidden-by-another-region", bought, ban)
    assert set() == firings("forbidden-by-another-region", bought | {"serves_region": "AMER"}, ban)
