"""Why an order: what it serves, how it was rounded, what binds, what else could be, and why late."""

from dataclasses import replace

import pytest

from optimization.errors import InvalidNetworkError
from optimization.network import Component, Demand, LaneKind, Resource, ResourceKind, ResourceUse, Stage
from optimization.parameters import PlanningParameters
from optimization.replenishment import around, explain_order

NOTHING = PlanningParameters()


@pytest.fixture
def made(snapshot, lane):
    """Three products in bucket 2, two parts each, bought in tens."""
    return snapshot(
        {"product": (0.0, 0.0, 3.0, 0.0)},
        stages=[Stage("product", "a", "W", added_cost=5.0), Stage("part", "a", "W", added_cost=1.0)],
        lanes=[
            lane("product", id="make", kind=LaneKind.PRODUCTION, supplier="", components=(Component("part", 2.0),)),
            lane("part", lead_time=7.0, minimum=10.0),
        ],
    )  # fmt: skip


def test_demand_is_followed_through_the_bill_of_materials(made, plan):
    """
    The part's order serves the product's customers, by way of the order that makes it.
    """
    found = plan(made)
    buy, make = sorted(found.orders, key=lambda o: o.order_bucket)

    served = explain_order(made, {}, NOTHING, found, buy.id).demand

    assert [("product", 2, pytest.approx(3.0), (buy.id, make.id))] == [
        (d.stage, d.bucket, d.quantity, d.chain) for d in served
    ]


def test_rounding_and_time_are_answered(made, plan):
    """
    Needed 6, minimum 10; ordered a lead time ahead.
    """
    found = plan(made)
    buy = min(found.orders, key=lambda o: o.order_bucket)

    answers = dict(explain_order(made, {}, NOTHING, found, buy.id).answers)

    assert "needed 6; minimum 10; ordered 10" == answers["why this much"]
    assert "7 days" in answers["why now"]


def test_a_full_resource_binds_at_its_price(snapshot, lane, plan):
    """
    A vendor of 6 a bucket, 9 wanted at once: full, at the price of a unit late, and one more would save it.
    """
    vendor = Resource("vendor", ResourceKind.SUPPLIER, capacity=6.0)
    known = snapshot(
        {"x": Demand("x", penalty=1.0, mean=(9.0, 0.0, 0.0, 0.0))},
        lanes=[lane("x", uses=(ResourceUse("vendor", 1.0),))],
        resources=(vendor,),
    )
    found = plan(known)
    order = found.orders[0]

    explained = explain_order(known, {}, NOTHING, found, order.id)

    (binding,) = order.binding
    assert ("vendor", 0, pytest.approx(7.0)) == (binding.resource, binding.bucket, binding.price)
    more = next(c for c in explained.changes if c.description.startswith("one unit of capacity more"))
    assert more.cost == pytest.approx(-7.0)
    assert "vendor is full in bucket 0" in dict(explained.answers)["what is late and why"]


def test_the_next_best_alternative_has_its_cost(snapshot, lane, plan):
    """
    Another lane a unit dearer: ten more for ten units; not to order costs more than that.
    """
    known = snapshot(
        {"x": Demand("x", penalty=9.0, mean=(10.0, 0.0, 0.0, 0.0))},
        lanes=[lane("x", id="near"), lane("x", id="far", unit_cost=6.0)],
    )
    found = plan(known)

    alternatives = explain_order(known, {}, NOTHING, found, found.orders[0].id).alternatives

    assert ("on lane far", pytest.approx(10.0)) == (alternatives[0].description, alternatives[0].cost)
    assert {"without this order", "a bucket later"} <= {a.description for a in alternatives}


def test_of_a_large_part_only_what_is_near_is_looked_at(snapshot, lane, plan, monkeypatch):
    """
    Others stay as planned, so that alternatives cost what they cost in the whole; what changes has its price.
    """
    known = snapshot(
        {name: Demand(name, penalty=1.0, mean=(4.0, 2.0, 3.0, 1.0)) for name in "xyz"},
        lanes=[lane(name, uses=(ResourceUse("vendor", 1.0),)) for name in "xyz"],
        resources=(Resource("vendor", ResourceKind.SUPPLIER, capacity=9.0),),
    )
    found = plan(known)
    order = found.orders[0]
    whole = explain_order(known, {}, NOTHING, found, order.id)
    monkeypatch.setattr(around, "_LARGEST", 0)
    monkeypatch.setattr(around, "_NEAR", 1)

    near = explain_order(known, {}, NOTHING, found, order.id)

    assert whole.alternatives == tuple(replace(a, cost=pytest.approx(a.cost)) for a in near.alternatives)
    assert [c.description for c in whole.changes] == [c.description for c in near.changes]
    assert near.changes[0].cost >= whole.changes[0].cost - 1e-9
    assert "the 1 nearest stages of the 3" in dict(near.answers)["what was looked at"]
    assert "what was looked at" not in dict(whole.answers)


def test_lanes_that_a_reason_does_not_name_are_counted(snapshot, lane, plan):
    """
    Five lanes of a week for demand of this week: three are named.
    """
    known = snapshot(
        {"x": Demand("x", penalty=1.0, mean=(4.0, 0.0, 0.0, 0.0))},
        lanes=[lane("x", id=f"buy{n}", lead_time=7.0, unit_cost=5.0 + n) for n in range(5)],
    )
    found = plan(known)

    (reason,) = explain_order(known, {}, NOTHING, found, found.orders[0].id).lateness

    assert "and 2 more lanes" in reason


def test_what_a_list_in_words_leaves_out_is_counted(snapshot, lane, plan):
    """
    One order for eight buckets of demand, and six ways to do otherwise: six and three are named.
    """
    known = snapshot(
        {"x": Demand("x", penalty=9.0, mean=(0.0, *(2.0,) * 8))},
        horizon=9,
        lanes=[
            lane("x", id="near", lead_time=7.0, fixed_cost=300.0),
            *(lane("x", id=f"far{n}", lead_time=7.0, unit_cost=6.0 + n, fixed_cost=400.0) for n in range(4)),
        ],
    )
    found = plan(known)

    explained = explain_order(known, {}, NOTHING, found, found.orders[0].id)

    answers = dict(explained.answers)
    assert len(explained.demand) - 6 == int(answers["why this order"].rsplit(" and ", 1)[1].split()[0])
    assert f"and {len(explained.alternatives) - 3} more dearer ones" in answers["next best alternative"]


def test_one_unit_and_one_week_more_are_priced(snapshot, lane, plan):
    """
    A unit more costs its price; a shorter lead time saves the lateness of what waits for it.
    """
    known = snapshot(
        {"x": Demand("x", penalty=1.0, mean=(4.0, 0.0, 0.0, 0.0))}, lanes=[lane("x", lead_time=7.0)]
    )
    found = plan(known)

    changes = {
        c.description: c.cost for c in explain_order(known, {}, NOTHING, found, found.orders[0].id).changes
    }

    assert changes["one unit more wanted at x in bucket 1"] == pytest.approx(5.0)
    assert changes["lead time of buy x one bucket shorter"] == pytest.approx(-28.0)


def test_late_demand_has_a_chain_of_reasons(made, plan):
    """
    The product is late because its part is, because the part takes a week.
    """
    from dataclasses import replace

    hurried = replace(made, demands=(Demand("product", penalty=9.0, mean=(3.0, 0.0, 0.0, 0.0)),))
    found = plan(hurried)
    make = next(o for o in found.orders if o.lane == "make")

    (reason,) = explain_order(hurried, {}, NOTHING, found, make.id).lateness

    assert reason.startswith("product is short in bucket 0: part has no stock left in bucket 0")
    assert "buy part takes 7 days" in reason


def test_an_order_the_plan_does_not_hold_is_refused(made, plan):
    """
    A wrong id names the field.
    """
    with pytest.raises(InvalidNetworkError, match="order_id"):
        explain_order(made, {}, NOTHING, plan(made), "nobody@2026-01-01")


def test_a_full_truck_binds_at_what_one_more_is_worth(snapshot, lane, plan):
    """
    The price of whole units is what a whole one more would save, not what one costs.
    """
    known = snapshot(
        {"x": Demand("x", penalty=5.0, mean=(20.0,) * 4)},
        lanes=[lane("x", uses=(ResourceUse("truck", 1.0),))],
        resources=(Resource("truck", ResourceKind.TRANSPORT, capacity=2.0, unit_size=6.0, unit_cost=30.0),),
    )
    found = plan(known)

    explained = explain_order(known, {}, PlanningParameters(), found, found.orders[0].id)

    more = next(c.cost for c in explained.changes if c.description.startswith("one truck more"))
    assert -more == pytest.approx(explained.binding[0].price)
