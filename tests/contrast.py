"""How far two colours stand apart, as WCAG defines it."""

from __future__ import annotations


def contrast(one: str, other: str) -> float:
    """1 (the same) to 21 (black on white); AA asks for 4.5 for text and 3 for graphics."""
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _luminance(color: str) -> float:
    parts = [int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    r, g, b = (p / 12.92 if p <= 0.03928 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * r + 0.7152 * g + 0.0722 * b
