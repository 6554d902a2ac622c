"""Numbers of a snapshot and the range each must lie in; linear in their count."""

import math
from collections.abc import Iterator

from optimization.errors import Problem
from optimization.network import Demand, Lane, Resource, Snapshot, Stage

_LONGEST = 3_650.0  # days: a lead time of ten years is a typing error


def out_of_range(snapshot: Snapshot) -> Iterator[Problem]:
    """Every number that is no number, negative where it cannot be, or too large to be meant."""
    for field, value, least, most in _numbers(snapshot):
        if value is None or least <= value <= most:  # a NaN compares false
            continue
        if math.isfinite(most):
            fix = f"give a number between {least:g} and {most:g}"
        else:
            fix = f"give a finite number >= {least:g}"
        yield Problem(field, f"`{value}` is out of range", fix)
    for field, size in _sizes(snapshot):
        if 0.0 < size < _FINEST:
            yield Problem(field, f"`{size}` is too small to count", f"give 0 or a number >= {_FINEST:g}")


_FINITE = 1e15  # beyond this a double no longer counts units
_FINEST = 1e-9  # below it no solver sees a coefficient, and nothing can be divided by it
_Number = tuple[str, float | None, float, float]


def _numbers(snapshot: Snapshot) -> Iterator[_Number]:  # noqa: C901 - one line a number
    for k, item in enumerate(snapshot.items):
        yield f"items[{k}].volume", item.volume, 0.0, _FINITE
        yield f"items[{k}].value", item.value, 0.0, _FINITE
        yield f"items[{k}].shelf_life_days", item.shelf_life_days, 1, 36_500
    for k, supplier in enumerate(snapshot.suppliers):
        yield f"suppliers[{k}].risk", supplier.risk, 0.0, 1.0
        yield f"suppliers[{k}].lead_time_mean", supplier.lead_time_mean, 0.0, _LONGEST
        yield f"suppliers[{k}].lead_time_std", supplier.lead_time_std, 0.0, _LONGEST
    for k, location in enumerate(snapshot.locations):
        for n, store in enumerate(location.storage):
            yield f"locations[{k}].storage[{n}].capacity", store.capacity, 0.0, _FINITE
    for k, stage in enumerate(snapshot.stages):
        yield from _stage_numbers(f"stages[{k}]", stage)
    for k, lane in enumerate(snapshot.lanes):
        yield from _lane_numbers(f"lanes[{k}]", lane)
    for k, group in enumerate(snapshot.order_groups):
        yield f"order_groups[{k}].minimum", group.minimum, 0.0, _FINITE
    for k, resource in enumerate(snapshot.resources):
        yield from _resource_numbers(f"resources[{k}]", resource)
    for k, demand in enumerate(snapshot.demands):
        yield from _demand_numbers(f"demands[{k}]", demand)
    for k, receipt in enumerate(snapshot.receipts):
        yield f"receipts[{k}].quantity", receipt.quantity, 0.0, _FINITE
    for k, conversion in enumerate(snapshot.conversions):
        yield f"conversions[{k}].factor", conversion.factor, 1e-9, 1e9


def _sizes(snapshot: Snapshot) -> Iterator[tuple[str, float]]:
    """What quantities are multiplied with or divided by."""
    for k, item in enumerate(snapshot.items):
        yield f"items[{k}].volume", item.volume
    for k, lane in enumerate(snapshot.lanes):
        yield f"lanes[{k}].multiple", lane.multiple
        for n, use in enumerate(lane.uses):
            yield f"lanes[{k}].uses[{n}].per_unit", use.per_unit
    for k, resource in enumerate(snapshot.resources):
        yield f"resources[{k}].unit_size", resource.unit_size


def _stage_numbers(field: str, stage: Stage) -> Iterator[_Number]:
    yield f"{field}.added_cost", stage.added_cost, 0.0, _FINITE
    yield f"{field}.holding_rate", stage.holding_rate, 0.0, 10.0
    yield f"{field}.processing_time", stage.processing_time, 0.0, _LONGEST
    yield f"{field}.external_service_time", stage.external_service_time, 0.0, _LONGEST
    yield f"{field}.max_service_time", stage.max_service_time, 0.0, _LONGEST
    yield f"{field}.review_period", stage.review_period, 0.0, _LONGEST
    yield f"{field}.min_stock", stage.min_stock, 0.0, _FINITE
    yield f"{field}.max_stock", stage.max_stock, 0.0, _FINITE
    yield f"{field}.on_hand", stage.on_hand, 0.0, _FINITE
    yield f"{field}.backorders", stage.backorders, 0.0, _FINITE
    for n, value in enumerate(stage.cost_table):
        yield f"{field}.cost_table[{n}]", value, 0.0, _FINITE


def _lane_numbers(field: str, lane: Lane) -> Iterator[_Number]:
    yield f"{field}.lead_time", lane.lead_time, 0.0, _LONGEST
    yield f"{field}.lead_time_std", lane.lead_time_std, 0.0, _LONGEST
    yield f"{field}.unit_cost", lane.unit_cost, 0.0, _FINITE
    yield f"{field}.fixed_cost", lane.fixed_cost, 0.0, _FINITE
    yield f"{field}.minimum", lane.minimum, 0.0, _FINITE
    yield f"{field}.multiple", lane.multiple, 0.0, _FINITE
    yield f"{field}.maximum", lane.maximum, 0.0, _FINITE
    yield f"{field}.priority", lane.priority, 0, 1_000
    for n, (days, probability) in enumerate(lane.lead_time_distribution):
        yield f"{field}.lead_time_distribution[{n}].days", days, 0.0, _LONGEST
        yield f"{field}.lead_time_distribution[{n}].probability", probability, 0.0, 1.0
    for n, component in enumerate(lane.components):
        yield f"{field}.components[{n}].quantity", component.quantity, 1e-9, _FINITE
    for n, use in enumerate(lane.uses):
        yield f"{field}.uses[{n}].per_unit", use.per_unit, 0.0, _FINITE
        yield f"{field}.uses[{n}].per_order", use.per_order, 0.0, _FINITE


def _resource_numbers(field: str, resource: Resource) -> Iterator[_Number]:
    yield f"{field}.capacity", resource.capacity, 0.0, _FINITE
    yield f"{field}.unit_size", resource.unit_size, 0.0, _FINITE
    yield f"{field}.unit_cost", resource.unit_cost, 0.0, _FINITE
    for n, value in enumerate(resource.capacities):
        yield f"{field}.capacities[{n}]", value, 0.0, _FINITE


def _demand_numbers(field: str, demand: Demand) -> Iterator[_Number]:
    yield f"{field}.penalty", demand.penalty, 0.0, _FINITE
    for name, values in (("mean", demand.mean), ("std", demand.std), ("history", demand.history)):
        for n, value in enumerate(values):
            if not 0.0 <= value <= _FINITE:
                yield f"{field}.{name}[{n}]", value, 0.0, _FINITE
    for n, quantile in enumerate(demand.quantiles):
        for m, value in enumerate(quantile.values):
            if not 0.0 <= value <= _FINITE:
                yield f"{field}.quantiles[{n}].values[{m}]", value, 0.0, _FINITE
