"""Adoption as bars: in the terminal, and as a picture."""

import io
from typing import Any

_WIDTH = 40  # characters of a whole bar
# what becomes of answered orders: the key of the count, the sign in the terminal, the colour in a picture
_PARTS = (("accepted", "█", "#2b6cb0"), ("overridden", "▒", "#dd8a33"), ("rejected", "░", "#a0aec0"))
LEGEND = ", ".join(f"{sign} {name}" for name, sign, _ in _PARTS)


def bar(figures: dict[str, Any]) -> str:
    """Shares of the answered orders, one bar; empty where nobody answered."""
    answered = int(figures.get("answered", 0))
    if not answered:
        return ""
    ends, done = [], 0
    for name, sign, _ in _PARTS:
        done += int(figures.get(name, 0))
        ends.append((sign, round(_WIDTH * done / answered)))
    text = ""
    for sign, end in ends:
        text += sign * (end - len(text))
    return text


def draw_adoption(groups: list[dict[str, Any]], form: str) -> bytes:
    """The groups whose figures may be shown, as `png` or `svg`; needs the `pictures` extra."""
    from matplotlib import rc_context  # noqa: PLC0415 - an optional extra, only for pictures
    from matplotlib.figure import Figure  # noqa: PLC0415

    shown = [group for group in reversed(groups) if "figures" in group]
    names = [f"{group['name']} ({int(group['figures'].get('answered', 0)):,})" for group in shown]
    figure = Figure(figsize=(7, 1.5 + 0.4 * len(shown)), layout="constrained")
    axes = figure.subplots()
    left = [0.0] * len(shown)
    for part, _, colour in _PARTS:
        shares = [_share(group["figures"], part) for group in shown]
        axes.barh(names, shares, left=left, label=part, color=colour)
        left = [x + y for x, y in zip(left, shares, strict=True)]
    axes.set(xlim=(0, 100), xlabel="answered orders, %", title="what people did with recommendations")
    axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.35), ncols=len(_PARTS), frameon=False)
    picture = io.BytesIO()
    metadata = {"Date": None} if form == "svg" else {"Software": None}  # the same bytes every time
    with rc_context({"svg.hashsalt": "adoption"}):
        figure.savefig(picture, format=form, metadata=metadata)
    return picture.getvalue()


def _share(figures: dict[str, Any], part: str) -> float:
    answered = int(figures.get("answered", 0))
    return 100.0 * int(figures.get(part, 0)) / answered if answered else 0.0
