import re

import pytest

from idp.infrastructure.translations import Translations
from idp.infrastructure.web.pages import Pages

THEMES = re.compile(r"--([a-z-]+): (#[0-9a-f]{3,6});")
PAIRS = [
    (text, ground)
    for text in ("ink", "soft", "accent", "accent-deep")
    for ground in ("ground", "surface", "tint")
]
PAIRS += [
    ("alarm", "alarm-tint"),
    ("on-accent", "accent"),
    ("on-accent", "accent-deep"),
    ("on-river", "river"),
]


def luminance(colour: str) -> float:
    """Relative luminance (WCAG 2.2)."""
    digits = colour[1:] if len(colour) == 7 else "".join(digit * 2 for digit in colour[1:])
    channels = [int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    linear = [value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    """Contrast ratio (WCAG 2.2)."""
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_has_a_contrast_of_4_5_and_controls_of_3_in_both_schemes(scheme: str) -> None:
    pages = Pages([], Translations())
    sheet = pages.static_files()[pages.static("site.css")][0].decode()
    light, dark = sheet.split("@media (prefers-color-scheme: dark)", 1)
    colours = dict(THEMES.findall(light)) | (dict(THEMES.findall(dark)) if scheme == "dark" else {})
    assert [pair for pair in PAIRS if contrast(colours[pair[0]], colours[pair[1]]) < 4.5] == []
    assert contrast(colours["edge"], colours["surface"]) >= 3
    assert [g for g in ("ground", "surface") if contrast(colours["focus"], colours[g]) < 3] == []
