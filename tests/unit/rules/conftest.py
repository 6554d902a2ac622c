"""A small vocabulary of facts, and policy files made from a few lines."""

from decimal import Decimal

import pytest

from rules import FactField, FactSchema, FactType, compile_ruleset, read_charter

SCHEMA = FactSchema(
    "1",
    (
        FactField("order.value", FactType.NUMBER, "EUR", low=Decimal(0)),
        FactField("order.quantity", FactType.NUMBER, "units", low=Decimal(0), high=Decimal(1000)),
        FactField("order.kind", FactType.TEXT, values=("PURCHASE", "TRANSFER", "PRODUCTION")),
        FactField("order.note", FactType.TEXT),
        FactField("order.due", FactType.DATE),
        FactField("order.at", FactType.TIME),
        FactField("order.moment", FactType.DATE_TIME),
        FactField("order.lead", FactType.DAYS_DURATION),
        FactField("order.terms", FactType.MONTHS_DURATION),
        FactField("order.is_rush", FactType.BOOLEAN),
        FactField("item.abc", FactType.TEXT, values=("A", "B", "C")),
        FactField("supplier.risk", FactType.NUMBER, "1", Decimal(0), Decimal(1), is_optional=True),
    ),
)
CHARTER = """\
charter: c
version: 1.0.0
effective: 2026-01-01
roles:
  boss: {members: [ada, bob]}
domains:
  all: {owner: boss, quorum: 1}
ladders:
  - {domain: all, severity: [LOW, MEDIUM, HIGH, CRITICAL], steps: [{role: boss, within: P1D}], at_end: BLOCK}
"""
HEADER = "policy: p\nversion: 1.0.0\nowner: o\neffective: 2026-01-01\n"


def _table(rows, hit="FIRST", inputs="order.value", outputs="{answer: text}", more="", name="t"):
    """One table; `rows` are lines of flow maps."""
    lines = "".join(f"      - {row}\n" for row in rows)
    more = f"    {more}\n" if more else ""
    return (
        f"tables:\n  - name: {name}\n    stage: review\n    hit: {hit}\n{more}    inputs: [{inputs}]\n"
        f"    outputs: {outputs}\n    rows:\n{lines}"
    )


@pytest.fixture(scope="session")
def schema():
    """The facts of these tests."""
    return SCHEMA


@pytest.fixture(scope="session")
def charter():
    """One role, `boss`, with two members; one domain, `all`."""
    return read_charter(CHARTER)


@pytest.fixture(scope="session")
def header():
    """The header that every policy set needs."""
    return HEADER


@pytest.fixture(scope="session")
def table_text():
    """table_text(rows, hit, inputs, outputs): the `tables` section of a policy file."""
    return _table


@pytest.fixture(scope="session")
def compile_table():
    """compile_table(rows, ...): a compiled table; `head` goes before it, for derived facts."""

    def build(rows, *, head="", **settings):
        return compile_ruleset({"p.yaml": HEADER + head + _table(rows, **settings)}, SCHEMA).tables[0]

    return build
