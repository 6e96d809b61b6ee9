"""Lines over two logarithmic axes, as SVG: what grows in proportion is as steep as the diagonal."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from html import escape

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 760, 420, 60, 250, 40, 40
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00")  # told apart by everybody


def growth(
    title: str, sizes: Sequence[int], lines: Mapping[str, Sequence[float]], named: Sequence[str]
) -> str:
    """`lines`: milliseconds at each size. Those that are `named` have a colour, others grey."""
    values = [value for line in lines.values() for value in line]
    low, high = math.floor(math.log10(max(min(values), 0.01))), math.ceil(math.log10(max(values)))
    first, last = math.log10(sizes[0]), math.log10(sizes[-1])

    def x(size: float) -> float:
        return LEFT + (math.log10(size) - first) / (last - first) * (WIDTH - LEFT - RIGHT)

    def y(value: float) -> float:
        part = (math.log10(max(value, 0.01)) - low) / max(high - low, 1)
        return HEIGHT - BOTTOM - part * (HEIGHT - TOP - BOTTOM)

    drawn = [f'<text x="{LEFT}" y="22" font-weight="bold">{escape(title)}</text>']
    for power in range(low, high + 1):
        at = y(10.0**power)
        drawn.append(f'<path d="M{LEFT} {at:.1f}H{WIDTH - RIGHT}" stroke="#ddd"/>')
        drawn.append(f'<text x="{LEFT - 6}" y="{at + 4:.1f}" text-anchor="end">{10.0**power:g} ms</text>')
    for size in sizes:
        drawn.append(f'<text x="{x(size):.1f}" y="{HEIGHT - 16}" text-anchor="middle">{size:,}</text>')
    for name, line in sorted(lines.items(), key=lambda each: each[0] in named):
        colour = COLOURS[named.index(name) % len(COLOURS)] if name in named else "#bbb"
        points = " ".join(f"{x(size):.1f},{y(value):.1f}" for size, value in zip(sizes, line, strict=True))
        width = 2 if name in named else 1
        drawn.append(f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="{width}"/>')
    below = 0.0
    for name in sorted(named, key=lambda each: y(lines[each][-1])):
        below = max(below + 15, y(lines[name][-1]) + 4)
        colour = COLOURS[named.index(name) % len(COLOURS)]
        drawn.append(f'<text x="{WIDTH - RIGHT + 8}" y="{below:.1f}" fill="{colour}">{escape(name)}</text>')
    extent = f'width="{WIDTH}" height="{HEIGHT}" viewBox="0 0 {WIDTH} {HEIGHT}"'
    font = 'font-family="sans-serif" font-size="12" fill="#444"'
    head = f'<svg xmlns="http://www.w3.org/2000/svg" {extent} {font}>'
    return "\n".join([head, '<rect width="100%" height="100%" fill="#fff"/>', *drawn, "</svg>", ""])


def exponent(sizes: Sequence[int], values: Sequence[float]) -> float:
    """By which power of the size the values grow: the slope of the line through their logarithms."""
    xs = [math.log(size) for size in sizes]
    ys = [math.log(max(value, 0.01)) for value in values]
    middle, level = sum(xs) / len(xs), sum(ys) / len(ys)
    across = sum((x - middle) ** 2 for x in xs)
    return sum((x - middle) * (y - level) for x, y in zip(xs, ys, strict=True)) / across
