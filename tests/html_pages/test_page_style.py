"""The style of the pages: colours that can be told from their grounds in both themes."""

import re
from importlib.resources import files

import pytest

CSS = files("dataset_tools.html_pages").joinpath("templates", "page.css").read_text("utf-8")
TEXT, SHAPE = 4.5, 3.0  # least contrast ratios of WCAG 2.2, success criteria 1.4.3 and 1.4.11 (AA)
GROUNDS = ("page", "card")
TOKEN_GROUNDS = tuple(
    f"{role}{shade}"
    for role in ("prompt", "separator", "completion", "stop", "special")
    for shade in ("", "-odd")
)
PAIRS = [
    *(("ink", ground, TEXT) for ground in (*GROUNDS, *TOKEN_GROUNDS)),
    *(("cut", ground, TEXT) for ground in (*GROUNDS, *TOKEN_GROUNDS)),
    *(("sign", ground, TEXT) for ground in (*GROUNDS, *TOKEN_GROUNDS)),
    *(("quiet", ground, TEXT) for ground in GROUNDS),
    *((name, ground, TEXT) for name in ("link", "error", "warning", "info") for ground in GROUNDS),
    *((f"loss-{level}", ground, SHAPE) for level in range(1, 5) for ground in TOKEN_GROUNDS),
    *(("focus", ground, SHAPE) for ground in (*GROUNDS, *TOKEN_GROUNDS)),
    *((name, "card", SHAPE) for name in ("strong-rule", "chart-bar", "chart-tail")),
    ("strong-rule", "page", SHAPE),
    ("page", "ink", TEXT),  # buttons that are pressed, and what is told of a token
]


def colours() -> dict[str, tuple[str, str]]:
    found = re.findall(r"--([\w-]+): light-dark\((#\w{6}), (#\w{6})\);", CSS)
    return {name: (light, dark) for name, light, dark in found}


def luminance(colour: str) -> float:
    """Relative luminance as WCAG 2.2 defines it."""
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(first: str, second: str) -> float:
    light, dark = sorted((luminance(first), luminance(second)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_the_measure_of_contrast() -> None:
    """Black on white has the greatest contrast there is, 21, and a colour on itself 1."""
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#777777") == 1
    assert contrast("#767676", "#ffffff") == pytest.approx(4.54, abs=0.01)


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
def test_colours_can_be_told_from_their_grounds(theme: int) -> None:
    """Every text and every shape that means something has the contrast that WCAG AA asks for."""
    known = colours()
    ratios = {
        (name, ground): (contrast(known[name][theme], known[ground][theme]), least)
        for name, ground, least in PAIRS
    }

    assert {pair: ratio for pair, (ratio, least) in ratios.items() if ratio < least} == {}


def test_every_colour_follows_the_theme() -> None:
    """No rule names a colour of its own, other than the shadow of what is told of a token."""
    rules = CSS.partition("--mono")[2]

    assert re.findall(r"#[0-9a-f]{3,8}\b", rules) == ["#0005"]
    used = set(re.findall(r"var\(--([\w-]+)", CSS))
    defined = set(re.findall(r"--([\w-]+):", CSS))
    assert used <= defined
    assert defined - used == set()
