"""The scheduled task: ask for what is undecided, follow what was decided."""

from trytond.pool import PoolMeta

METHOD = "purchase.request|decide_and_follow"


class Cron(metaclass=PoolMeta):
    """Offers the method to the scheduler."""

    __name__ = "ir.cron"

    @classmethod
    def __setup__(cls):
        super().__setup__()
        cls.method.selection.append((METHOD, "Decide and Follow Purchase Requests"))
        cls.methods_company_needed.add(METHOD)
