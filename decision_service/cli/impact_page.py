"""The impact of a release as one page: tables and pictures in the file itself, no script, nothing fetched."""

from collections.abc import Iterable
from html import escape
from typing import Any

_ORDER = ("", "APPROVED", "REFERRED", "BLOCKED")
_NAMES = {"": "not ordered", "APPROVED": "approved", "REFERRED": "referred", "BLOCKED": "blocked"}
_STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 60rem; padding: 0 1rem; color: #1d2733 }
h1 { font-size: 1.4rem } h2 { font-size: 1.1rem; margin-top: 2rem }
table { border-collapse: collapse; width: 100% } td, th { padding: .3rem .6rem; border-bottom: 1px solid #d8dee6; text-align: left }
td.n, th.n { text-align: right; font-variant-numeric: tabular-nums } code { font-size: .85em; overflow-wrap: anywhere }
svg text { font: 13px system-ui, sans-serif; fill: #1d2733 } .tiles { display: flex; gap: 1rem; flex-wrap: wrap }
.tile { border: 1px solid #d8dee6; border-radius: .4rem; padding: .6rem 1rem } .tile b { display: block; font-size: 1.5rem }
"""


def impact_page(found: dict[str, Any]) -> str:
    """The page, as text."""
    title = f"Impact of {found['release']}"
    parts = (
        f"<h1>{escape(title)}</h1><p><code>{escape(found.get('digest', ''))}</code></p>",
        _tiles(found),
        _section("Orders, then and now", _flips(found.get("flips", []))),
        _section("Figures", _figures(found.get("figures", []))),
        _section("Changed most", _worst(found.get("worst", []))),
    )
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        f"<style>{_STYLE}</style></head><body>\n" + "\n".join(parts) + "\n</body></html>\n"
    )


def _section(title: str, body: str) -> str:
    return f"<h2>{escape(title)}</h2>{body}" if body else ""


def _tiles(found: dict[str, Any]) -> str:
    named = (
        ("decisions", "decisions"),
        ("unchanged", "as they were"),
        ("verdicts_changed", "another verdict"),
        ("failed", "could not be decided again"),
    )
    tiles = (
        f'<div class="tile"><b>{int(found.get(key, 0)):,}</b>{escape(words)}</div>' for key, words in named
    )
    return f'<div class="tiles">{"".join(tiles)}</div>'


def _flips(flips: list[dict[str, Any]]) -> str:
    """A matrix: rows then, columns now; the darker the more orders, framed where nothing changed."""
    if not flips:
        return ""
    count = {(f.get("before", ""), f.get("after", "")): int(f["orders"]) for f in flips}
    most, cell, left, top = max(count.values()), (110, 44), 110, 34
    marks = [
        f'<text x="{left + (c + 0.5) * cell[0]}" y="20" text-anchor="middle">{_NAMES[now]}</text>'
        for c, now in enumerate(_ORDER)
    ]
    for r, then in enumerate(_ORDER):
        marks.append(f'<text x="0" y="{top + (r + 0.6) * cell[1]}">{_NAMES[then]}</text>')
        for c, now in enumerate(_ORDER):
            orders, frame = count.get((then, now), 0), ' stroke="#1d2733"' if then == now else ""
            shade = 0.08 + 0.72 * orders / most if orders else 0.0
            x, y = left + c * cell[0], top + r * cell[1]
            colour = "#2f6fb0" if then == now else "#c4581f"
            marks.append(
                f'<rect x="{x + 2}" y="{y + 2}" width="{cell[0] - 4}" height="{cell[1] - 4}" rx="4" fill="{colour}" '
                f'fill-opacity="{shade:.3f}"{frame}/>'
                f'<text x="{x + cell[0] / 2}" y="{y + 27}" text-anchor="middle">{orders or ""}</text>'
            )
    width, height = left + len(_ORDER) * cell[0], top + len(_ORDER) * cell[1]
    return _svg(width, height, marks, "orders by disposition then (rows) and now (columns)")


def _figures(figures: list[dict[str, Any]]) -> str:
    if not figures:
        return ""
    rows = [(f["name"], f.get("unit", ""), f.get("before", 0.0), f.get("after", 0.0)) for f in figures]
    lines = "".join(
        f'<tr><td>{escape(n)}</td><td>{escape(u)}</td><td class="n">{b:,.4g}</td><td class="n">{a:,.4g}</td>'
        f'<td class="n">{a - b:+,.4g}</td></tr>'
        for n, u, b, a in rows
    )
    head = '<tr><th>figure</th><th>unit</th><th class="n">then</th><th class="n">now</th><th class="n">change</th></tr>'
    changes = [(n, 100.0 * (a - b) / abs(b)) for n, u, b, a in rows if b and u != "s"]
    return f"<table>{head}{lines}</table>" + _bars(changes, "change in percent", "%")


def _worst(worst: list[dict[str, Any]]) -> str:
    if not worst:
        return "<p>Every decision is as it was.</p>"
    head = '<tr><th>decision</th><th>request</th><th>verdict</th><th class="n">orders</th><th class="n">spend</th><th class="n">service</th><th>problem</th></tr>'
    lines = "".join(
        f"<tr><td><code>{escape(c['decision'])}</code></td><td>{escape(c.get('request_id', ''))}</td>"
        f'<td>{c["verdict_before"]} → {c.get("verdict_after", "none")}</td><td class="n">{int(c.get("flipped", 0)):,}</td>'
        f'<td class="n">{c.get("spend_change", 0.0):+,.2f}</td><td class="n">{100 * c.get("service_change", 0.0):+.2f}%</td>'
        f"<td>{escape(c.get('problem', ''))}</td></tr>"
        for c in worst
    )
    names = [(c.get("request_id") or c["decision"], c.get("spend_change", 0.0)) for c in worst]
    return f"<table>{head}{lines}</table>" + _bars(names, "change of spend, money", "")


def _bars(values: list[tuple[str, float]], title: str, unit: str) -> str:
    """Horizontal bars around zero; nothing where nothing changed."""
    largest = max((abs(v) for _, v in values), default=0.0)
    if not largest:
        return ""
    left, half, high = 250, 240, 26
    middle, marks = left + half, []
    for row, (name, value) in enumerate(values):
        length, y = half * abs(value) / largest, row * high
        x, colour = (middle, "#c4581f") if value > 0 else (middle - length, "#2f6fb0")
        shown = name if len(name) <= 34 else f"{name[:33]}…"
        marks.append(
            f'<text x="{left - 8}" y="{y + 18}" text-anchor="end">{escape(shown)}</text>'
            f'<rect x="{x:.1f}" y="{y + 5}" width="{length:.1f}" height="{high - 9}" fill="{colour}"/>'
            f'<text x="{middle + half + 8}" y="{y + 18}">{value:+,.2f}{unit}</text>'
        )
    height = len(values) * high
    marks.append(f'<line x1="{middle}" x2="{middle}" y1="0" y2="{height}" stroke="#1d2733"/>')
    return f"<p>{escape(title)}</p>" + _svg(middle + half + 110, height, marks, title)


def _svg(width: float, height: float, marks: Iterable[str], title: str) -> str:
    return (
        f'<svg role="img" aria-label="{escape(title)}" viewBox="0 0 {width:.0f} {height:.0f}" '
        f'width="{width:.0f}" height="{height:.0f}" xmlns="http://www.w3.org/2000/svg">{"".join(marks)}</svg>'
    )
