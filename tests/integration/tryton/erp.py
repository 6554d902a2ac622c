"""
A Tryton company in this process, driven line by line; run by test_tryton.py in Tryton's own environment.

Each line of standard input is `[word, arguments...]` in JSON, each line of standard output the answer.
"""

import datetime as dt
import json
import sys
from decimal import Decimal

from proteus import Model, Wizard
from trytond import config as server
from trytond.exceptions import UserError
from trytond.modules.account.tests.tools import create_chart, get_accounts
from trytond.modules.company.tests.tools import create_company
from trytond.tests.tools import activate_modules


def company():
    """A company with a supplier, delivering in a week; supply runs look a month ahead."""
    activate_modules("purchase_decision", create_company, create_chart)
    settings = Model.get("purchase.configuration")(1)
    settings.supply_period = dt.timedelta(days=30)
    settings.save()
    category = Model.get("product.category")(name="goods", accounting=True)
    category.account_expense = get_accounts()["expense"]
    category.save()
    supplier = Model.get("party.party")(name="Handelshof")
    supplier.addresses.new(street="Hafen 1")
    supplier.save()
    return category, supplier


class Erp:
    """What the test may ask for."""

    def __init__(self):
        self.category, self.supplier = company()
        self.Request, self.Purchase = Model.get("purchase.request"), Model.get("purchase.purchase")

    def connect(self, address):
        """Where the service is."""
        if not server.has_section("decision_service"):
            server.add_section("decision_service")
        server.set("decision_service", "address", address)

    def product(self, name, price, target):
        """A purchased product with an order point; no price if `price` is null."""
        (unit,) = Model.get("product.uom").find([("name", "=", "Unit")])
        template = Model.get("product.template")(name=name, default_uom=unit, type="goods", purchasable=True)
        template.list_price, template.account_category = Decimal(0), self.category
        template.save()
        offer = Model.get("purchase.product_supplier")(template=template, party=self.supplier)
        offer.lead_time = dt.timedelta(days=7)
        if price is not None:
            offer.prices.new(quantity=0, unit_price=Decimal(price))
        offer.save()
        (warehouse,) = Model.get("stock.location").find([("code", "=", "WH")])
        point = Model.get("stock.order_point")(type="purchase", product=template.products[0])
        point.location, point.min_quantity, point.target_quantity = warehouse, 1, target
        point.save()

    def supply(self):
        """The ERP's own supply run."""
        Wizard("stock.supply").execute("create_")

    def follow(self):
        """What the scheduled task does every minute."""
        Wizard("purchase.request.follow")

    def create_purchase(self, product):
        """Somebody presses the button."""
        try:
            Wizard("purchase.request.create_purchase", self.Request.find([("product.name", "=", product), ("state", "=", "draft")]))  # fmt: skip
        except UserError as error:
            return str(error)

    def press(self, button, product):
        """A button of the newest purchase of a product."""
        (purchase, *_) = self.Purchase.find([("lines.product.name", "=", product)], order=[("id", "DESC")])
        try:
            purchase.click(button)
        except UserError as error:
            return str(error)

    def ask_for_more(self, product, quantity):
        """Somebody raises the quantity of a draft purchase, and asks for a quotation."""
        (purchase,) = self.Purchase.find([("lines.product.name", "=", product), ("state", "=", "draft")])
        purchase.lines[0].quantity = quantity
        purchase.save()
        return self.press("quote", product)

    def requests(self):
        """What became of the requests."""
        return [
            {
                "id": r.id,
                "product": r.product.template.name,
                "quantity": r.quantity,
                "origin": type(r.origin).__name__,
                "state": r.state,
                "disposition": r.disposition,
                "decision": r.decision,
                "note": r.decision_note or "",
            }
            for r in self.Request.find([], order=[("id", "ASC")])
        ]

    def purchases(self):
        """Every purchase, by its one line."""
        return [
            {"product": line.product.template.name, "quantity": line.quantity, "state": p.state}
            for p in self.Purchase.find([], order=[("id", "ASC")])
            for line in p.lines
        ]


def main():
    """Answer until standard input ends."""
    answers, sys.stdout = sys.stdout, sys.stderr  # libraries may print
    erp = Erp()
    print(json.dumps("ready"), file=answers, flush=True)
    for line in sys.stdin:
        word, *arguments = json.loads(line)
        print(json.dumps(getattr(erp, word)(*arguments)), file=answers, flush=True)


if __name__ == "__main__":
    main()
