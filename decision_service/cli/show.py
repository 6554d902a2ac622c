"""How a decision looks in the terminal."""

from collections import Counter
from typing import Any

from decision_service.cli.command import console, table

_COLOURS = {"APPROVED": "green", "REFERRED": "yellow", "BLOCKED": "red", "REJECTED": "red"}


def coloured(word: str) -> str:
    """A disposition or verdict in its colour."""
    colour = _COLOURS.get(word)
    return f"[{colour}]{word}[/{colour}]" if colour else word


def show_decision(decision: dict[str, Any], limit: int = 20) -> None:
    """The whole decision: `limit` rows of each table, and how many more there are."""
    title = decision.get("name") or "not logged (validate only)"
    console.print(f"\n[bold]{title}[/bold]  verdict {coloured(decision['verdict'])}")
    for reason in decision.get("reasons", []):
        console.print(f"  {reason['message']} ({reason['table']}, {reason['row']})", markup=False)
    _safety_stocks(decision, limit)
    _orders(decision, limit)
    _gave_way(decision, limit)
    _conflicts(decision)
    _exceptions(decision, limit)
    _reports(decision)
    _lineage(decision)


def _safety_stocks(decision: dict[str, Any], limit: int) -> None:
    stocks = [s for s in decision.get("safety_stocks", []) if s.get("safety_stock", 0) > 0]
    if not stocks:
        return
    shown = sorted(stocks, key=lambda s: (-s.get("cost", 0), s["stage"]))
    _cut("Safety stock", ("stage", ">NRT days", ">safety stock", ">base stock", ">cost/year"),
         [(s["stage"], s.get("net_replenishment_time", 0), s["safety_stock"], s.get("base_stock", 0), s.get("cost", 0))
          for s in shown], limit)  # fmt: skip


def _orders(decision: dict[str, Any], limit: int) -> None:
    orders = decision.get("orders", [])
    if not orders:
        console.print("No orders.")
        return
    rank = {"BLOCKED": 0, "REFERRED": 1, "APPROVED": 2}
    shown = sorted(orders, key=lambda o: (rank[o["disposition"]], -o.get("cost", 0), o["id"]))
    _cut("Planned orders", ("!order", ">quantity", "place", "due", ">cost", "disposition", "rules"),
         [_order_row(o) for o in shown], limit)  # fmt: skip
    _why(shown)
    counts = Counter(o["disposition"] for o in orders)
    total = sum(o.get("cost", 0) for o in orders)
    parts = ", ".join(f"{counts[d]} {d.lower()}" for d in _COLOURS if counts[d])
    console.print(f"{len(orders)} orders worth {total:,.2f}: {parts}")


def _order_row(order: dict[str, Any]) -> tuple[Any, ...]:
    who = f" -> {order['role']}" if order.get("role") else ""
    return (
        order["id"],
        order["quantity"],
        order["order_date"],
        order["due_date"],
        order.get("cost", 0),
        coloured(order["disposition"]) + who,
        ", ".join(r.get("row", "") for r in order.get("reasons", [])),
    )


def _why(orders: list[dict[str, Any]]) -> None:
    """Each rule that spoke, once: a reason beside every order would hide the orders."""
    said: dict[tuple[str, str, str], list[str]] = {}
    for order in orders:
        for r in order.get("reasons", []):
            said.setdefault((order["disposition"], r.get("row", ""), r.get("table", "")), []).append(
                r["message"]
            )
    table("Why", ("disposition", "rule", ">orders", "reason", "table"),
          [(coloured(disposition), row, len(messages), _one_of(messages), where)
           for (disposition, row, where), messages in said.items()])  # fmt: skip


def _one_of(messages: list[str]) -> str:
    others = len(set(messages)) - 1
    return messages[0] + (f" (and {others} more like it)" if others else "")


def _gave_way(decision: dict[str, Any], limit: int) -> None:
    gave_way = decision.get("gave_way", [])
    if not gave_way:
        return
    found: dict[tuple[int, str, str], list[dict[str, Any]]] = {}
    for g in gave_way:
        found.setdefault((-g.get("tier", 0), g["rule"], g["subject"]), []).append(g)
    _cut("What had to give way", ("tier", "rule", "subject", ">buckets", ">at most", "at its worst"),
         [(-tier, rule, subject, len(gs), *_worst(gs)) for (tier, rule, subject), gs in sorted(found.items())],
         limit)  # fmt: skip
    if conflicts := decision.get("requirements_in_conflict"):
        console.print("Requirements in conflict: " + "; ".join(conflicts), markup=False)


def _worst(gave_way: list[dict[str, Any]]) -> tuple[float, str]:
    worst = max(gave_way, key=lambda g: g["amount"])
    return worst["amount"], worst.get("message", "")


def _conflicts(decision: dict[str, Any]) -> None:
    if conflicts := decision.get("conflicts"):
        _cut("Conflicts", ("kind", "subject", ">wanted", ">there is", "who gets what", "by", "escalated to"),
             [(c["kind"], c["subject"], c.get("wanted", 0.0), c.get("available", 0.0), _shares(c),
               c.get("precedence", ""), c.get("escalated_to", "")) for c in conflicts], len(conflicts))  # fmt: skip


def _shares(conflict: dict[str, Any]) -> str:
    """Best first, at most five; --json has them all."""
    shares = conflict.get("shares", [])
    lines = [f"{s['order']}: {s.get('granted', 0.0):g} of {s.get('wanted', 0.0):g}" for s in shares[:5]]
    return "\n".join((*lines, *([f"and {len(shares) - 5} more"] if len(shares) > 5 else [])))


def _exceptions(decision: dict[str, Any], limit: int) -> None:
    exceptions = decision.get("exceptions", [])
    if not exceptions:
        return
    kinds = Counter((e["kind"], e["action"].partition(":")[0]) for e in exceptions)
    first: dict[tuple[str, str], str] = {}
    for e in exceptions:
        first.setdefault((e["kind"], e["action"].partition(":")[0]), e["message"])
    _cut(f"Exceptions ({len(exceptions)})", ("kind", ">count", "what was done", "for example"),
         [(kind, n, action, first[kind, action]) for (kind, action), n in kinds.most_common()], limit)  # fmt: skip


def _reports(decision: dict[str, Any]) -> None:
    if reports := decision.get("reports"):
        table("Proof", ("solve", "termination", ">objective", ">bound", ">gap", "solver"),
              [(r["name"], r["termination"], r.get("objective", 0.0), r.get("bound", 0.0),
                f"{100 * r.get('gap', 0.0):.4f}%", r.get("solver", "")) for r in reports])  # fmt: skip


def _lineage(decision: dict[str, Any]) -> None:
    lineage = decision["lineage"]
    rows = [
        ("snapshot", lineage["snapshot_digest"]),
        ("release", f"{lineage['release']} {lineage['release_digest']}"),
        ("engine", lineage["engine_digest"]),
        ("outcome", lineage["outcome_digest"]),
    ]
    if (fallback := lineage.get("fallback", "NONE")) != "NONE":
        rows.append(("manual mode", fallback))
    if log := decision.get("log"):
        rows.append(("log entry", f"{log.get('index', 0)} leaf {log['leaf_hash']}"))
    table("Lineage", ("what", "digest"), rows)


def _cut(title: str, columns: tuple[str, ...], rows: list[tuple[Any, ...]], limit: int) -> None:
    table(title, columns, rows[:limit])
    if len(rows) > limit:
        console.print(f"... and {len(rows) - limit} more (--all shows them)")
