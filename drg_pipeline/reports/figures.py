"""Figures as people read them: exact where a figure is stated, short on the scale of an axis."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from math import floor, log10

Number = int | float | Decimal
# What a scale writes in place of four or eight zeros.
_WAN, _YI = 10_000, 100_000_000
# Figures nearer to each other than these, by their size or at all, share one place on a scale.
_SAME, _NOTHING = 1e-9, 1e-12


def exact(value: object, percent: bool = False) -> str:
    """A figure with all its digits and its thousands apart; an empty one as a dash."""
    if value is None:
        return "—"
    if not isinstance(value, int | float | Decimal) or isinstance(value, bool):
        return str(value)
    if percent:
        share = Decimal(str(value)).scaleb(2).normalize()
        if isinstance(value, Decimal) and share.as_tuple().exponent in (0, -1):
            # Shares that are computed stand below each other: all with two places, or more.
            share = share.quantize(Decimal("0.01"))
        return f"{share:,f}%"
    return f"{value:,f}" if isinstance(value, Decimal) else f"{value:,}"


def short(value: float, percent: bool = False) -> str:
    """A figure of a scale in few characters."""
    if percent:
        return f"{value * 100:.6g}%"
    for size, name in ((_YI, "亿"), (_WAN, "万")):
        if abs(value) >= size:
            return f"{value / size:.4g}{name}"
    return f"{value:.6g}"


def ticks(low: float, high: float, about: int = 5) -> list[float]:
    """Round figures from at most `low` to at least `high`, evenly apart."""
    if high - low <= max(_SAME * max(abs(low), abs(high)), _NOTHING):
        high = low + max(abs(low), 1)
    rough = (high - low) / about
    magnitude = 10 ** floor(log10(rough))
    step = next(unit * magnitude for unit in (1, 2, 2.5, 5, 10) if unit * magnitude >= rough * 0.999)
    first = floor(low / step + 1e-9)
    found = [first * step]
    while found[-1] < high - step * 1e-9:
        found.append((first + len(found)) * step)
    # Zero has no sign on a scale.
    return [round(tick, 10) + 0.0 for tick in found]


def decades(low: float, high: float) -> Iterator[float]:
    """The powers of ten, and twice and five times them, within the bounds and one step around them.

    Never fewer than two: a scale has a length.
    """
    exponent = floor(log10(low))
    scale = [unit * 10.0**power for power in range(exponent, exponent + 20) for unit in (1, 2, 5)]
    below = max((tick for tick in scale if tick <= low), default=scale[0])
    for tick in scale:
        if tick >= below:
            yield tick
            if tick >= high and tick > below:
                return
