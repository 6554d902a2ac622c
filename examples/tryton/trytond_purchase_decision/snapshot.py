"""
What Tryton knows about the products of some purchase requests, as a request to judge them.

Nothing is guessed: a request without supplier, agreed price or lead time is not asked about, and is told why.
"""

import hashlib
from decimal import Decimal

from trytond.pool import Pool
from trytond.transaction import Transaction

from decision_service.v1 import decision_pb2, planning_pb2
from decision_service.v1 import decision_service_pb2 as decisions

OPEN = ["draft", "quotation", "confirmed", "processing"]


class IncompleteError(Exception):
    """Something that a decision needs is not in the ERP."""


def order_id(request):
    """The request's name at the service."""
    return f"purchase-request-{request.id}"


def request_of(name):
    """The record id in an order's name; None if it is not one of ours."""
    prefix, _, number = name.rpartition("-")
    return int(number) if prefix == "purchase-request" and number.isdigit() else None


def lane_name(offer, warehouse):
    """What a supplier offers, brought to a warehouse."""
    return f"product-supplier-{offer.id}@warehouse-{warehouse.id}"


def supplier_of(lane):
    """The record id of the product supplier in a lane's name."""
    return int(lane.partition("@")[0].removeprefix("product-supplier-"))


class Question:
    """
    A `DecideRequest` that grows request by request.

    Parameters
    ----------
    company
        Whose stock and currency.
    today
        The snapshot's `as_of`.
    """

    def __init__(self, company, today):
        self.company, self.today = company, today
        self.wish = decisions.DecideRequest(mode=decision_pb2.DECISION_MODE_JUDGE)
        self.snapshot = self.wish.snapshot
        self.snapshot.as_of = today.isoformat()
        self.snapshot.source = "tryton"
        self.snapshot.currency = company.currency.code
        self._seen = set()

    def add(self, request):
        """
        One more purchase request.

        Raises
        ------
        IncompleteError
            It has no supplier, no agreed price or no lead time.
        """
        if not request.party:
            raise IncompleteError("no supplier is known for the product")
        offers = list(request.product.product_suppliers_used(company=self.company.id))
        chosen = next((o for o in offers if o.party == request.party), None)
        if chosen is None:
            raise IncompleteError(f"`{request.party.rec_name}` does not offer the product")
        quantity = base_quantity(request.unit, request.quantity, request.product)
        lane = self._lane(request, chosen)
        for other in offers:
            if other.party != request.party:
                self._alternate(request, other)
        start = max(request.purchase_date or self.today, self.today)
        self.wish.proposals.add(
            id=order_id(request), lane=lane, quantity=quantity, order_date=start.isoformat()
        )

    def asked(self):
        """The finished message; its `request_id` follows from everything it says."""
        self._receipts()
        raw = self.wish.SerializeToString(deterministic=True)
        self.wish.request_id = f"tryton-{hashlib.sha256(raw).hexdigest()}"
        return self.wish

    def _alternate(self, request, offer):
        try:
            self._lane(request, offer)
        except IncompleteError:
            return  # nobody asked for it: it is just no alternative

    def _lane(self, request, offer):
        name = lane_name(offer, request.warehouse)
        if offer.lead_time_used is None:
            raise IncompleteError(f"`{offer.party.rec_name}` has no lead time for the product")
        price = self._price(request, offer)
        if not self._is_new(name):
            return name
        if self._is_new(offer.party):
            self.snapshot.suppliers.add(
                id=f"party-{offer.party.id}", name=offer.party.rec_name, is_active=offer.party.active
            )
        self.snapshot.lanes.add(
            id=name,
            kind=planning_pb2.LANE_KIND_PURCHASE,
            stage=self._stage(request),
            supplier=f"party-{offer.party.id}",
            lead_time=offer.lead_time_used.days,
            unit_cost=float(price),
        )
        return name

    def _price(self, request, offer):
        """Money of the company per base unit, at the quantity asked for."""
        product = request.product
        known = Transaction().set_context(
            company=self.company.id,
            supplier=offer.party.id,
            uom=request.unit.id,
            currency=self.company.currency.id,
            purchase_date=self.today,
        )
        with known:
            price = type(product).get_purchase_price([product], request.quantity)[product.id]
        if price is None:
            raise IncompleteError(f"no price is agreed with `{offer.party.rec_name}`")
        Uom = Pool().get("product.uom")
        return Uom.compute_price(request.unit, Decimal(price), product.default_uom)

    def _stage(self, request):
        product, warehouse = request.product, request.warehouse
        name = f"product-{product.id}@warehouse-{warehouse.id}"
        if not self._is_new(name):
            return name
        if self._is_new(product):
            self.snapshot.items.add(
                id=f"product-{product.id}", name=product.rec_name, unit=product.default_uom.symbol,
                value=float(product.cost_price or 0),
            )  # fmt: skip
        if self._is_new(warehouse):
            self.snapshot.locations.add(id=f"warehouse-{warehouse.id}", name=warehouse.rec_name)
        held = on_hand(product, warehouse, self.today)
        stage = self.snapshot.stages.add(
            id=name, item=f"product-{product.id}", location=f"warehouse-{warehouse.id}",
            on_hand=max(held, 0.0), backorders=max(-held, 0.0),
        )  # fmt: skip
        point = request.origin
        if point is not None and point.__name__ == "stock.order_point" and point.id >= 0:
            stage.min_stock = max(point.min_quantity, 0.0)
            stage.max_stock = max(point.target_quantity, stage.min_stock)
        return name

    def _receipts(self):
        """Lines of purchases that are not received: the service counts what is on its way."""
        Line = Pool().get("purchase.line")
        products = [int(item.id.rpartition("-")[2]) for item in self.snapshot.items]
        stages = {stage.id for stage in self.snapshot.stages}
        lines = Line.search(
            [
                ("product", "in", products),
                ("purchase.state", "in", OPEN),
                ("purchase.company", "=", self.company.id),
            ],
            order=[("id", "ASC")],
        )
        for line in lines:
            purchase = line.purchase
            stage = (
                f"product-{line.product.id}@warehouse-{purchase.warehouse.id if purchase.warehouse else 0}"
            )
            ordered = base_quantity(line.unit, line.quantity, line.product)
            coming = ordered - sum(m.internal_quantity for m in line.moves if m.state == "done")
            if stage not in stages or coming <= 0:
                continue
            lane = lane_name(line.product_supplier, purchase.warehouse) if line.product_supplier else ""
            sent = purchase.state in {"confirmed", "processing"}
            self.snapshot.receipts.add(
                id=f"purchase-line-{line.id}", stage=stage, quantity=coming,
                due=(line.delivery_date or self.today).isoformat(), lane=lane if lane in self._seen else "",
                firmness=planning_pb2.FIRMNESS_RELEASED if sent else planning_pb2.FIRMNESS_FIRM,
            )  # fmt: skip

    def _is_new(self, thing):
        if thing in self._seen:
            return False
        self._seen.add(thing)
        return True


def base_quantity(unit, quantity, product):
    """In the product's default unit, not rounded."""
    Uom = Pool().get("product.uom")
    return Uom.compute_qty(unit, quantity, product.default_uom, round=False)


def on_hand(product, warehouse, today):
    """Units in the warehouse at the end of today."""
    with Transaction().set_context(locations=[warehouse.id], stock_date_end=today, forecast=False):
        return type(product)(product.id).quantity
