"""Numbers in messages, as people read them."""


def plain(value: float, sign: str = "") -> str:
    """Thousands apart, two decimals, six where it is below 1; never an exponent."""
    text = f"{value:{sign},.{2 if abs(value) >= 1.0 else 6}f}"
    return text.rstrip("0").rstrip(".")
