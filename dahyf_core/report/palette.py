"""The page's colours on light and on dark ground, by role."""

from typing import Final, NamedTuple


class Shades(NamedTuple):
    """One role's colour in both schemes, #rrggbb."""

    light: str
    dark: str


PALETTE: Final = {
    "ground": Shades("#ffffff", "#16181c"),
    "ink": Shades("#1d2025", "#e9ebef"),
    "quiet": Shades("#5b616b", "#a2a8b3"),
    "line": Shades("#d9dce1", "#353a43"),
    "raw": Shades("#b4559f", "#d48ac8"),
    "right": Shades("#00808a", "#3fc8ce"),
    "left": Shades("#4257d6", "#8e9fff"),
    "interpolated": Shades("#c27c00", "#ffc43c"),
    "replaced": Shades("#cf2743", "#ff6479"),
    "missing": Shades("#b9bec7", "#565d69"),
}
"""No two roles share a light colour: charts are drawn in them, then told to follow the reader's scheme."""


def declarations(scheme: int) -> str:
    """CSS custom properties of the light (0) or the dark (1) scheme."""
    return "".join(f"--{role}:{shades[scheme]};" for role, shades in PALETTE.items())


def stylesheet() -> str:
    """CSS that sets the properties by the reader's scheme; paper is light."""
    return f":root{{{declarations(0)}}}@media screen and (prefers-color-scheme:dark){{:root{{{declarations(1)}}}}}"
