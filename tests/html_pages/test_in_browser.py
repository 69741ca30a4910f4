"""The pages in a real Chromium: what they do, and that nothing leaves them."""

import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from sample_stats import classified, stats_of
from sample_views import HOSTILE, finding, rejected, view_of
from toy_tokenizers import CharacterTokenizer, WordTokenizer

from dataset_tools.html_pages.preview_page import render_preview
from dataset_tools.html_pages.stats_page import render_stats

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed")

WIDTHS = [400, 1400]
SCHEMES = ["light", "dark"]
LONG_WORD = "unbreakable" * 200


@dataclass
class Visit:
    """A page that is open, what it asked for, and what it complained of."""

    page: Any
    requests: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """One browser for all tests here, stopped before others run: it holds an event loop."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM,
            chromium_sandbox=os.geteuid() != 0,  # as root, Chromium starts without it only
        )
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("pages")
    several = [
        view_of("one two", " three", line=1, tokenizer=WordTokenizer(), prompt_loss_weight=0.5),
        view_of(line=2, tokenizer=CharacterTokenizer(), findings=(finding(2), finding(2, "DT301"))),
        view_of(HOSTILE, HOSTILE, line=3, tokenizer=CharacterTokenizer(),
                findings=(finding(3, message=HOSTILE),)),
        view_of(LONG_WORD, LONG_WORD, line=4, findings=(finding(4, message=LONG_WORD),)),
        view_of("abcdefgh", "x", line=5, tokenizer=CharacterTokenizer(), chunk_size=14),
        rejected(HOSTILE.encode(), line=6),
    ]  # fmt: skip
    made = {
        "preview": render_preview(f"{HOSTILE}{LONG_WORD}.jsonl", several, [HOSTILE]),
        "stats": render_stats(*stats_of(folder, f"{HOSTILE}{LONG_WORD}.jsonl", classified(150))),
    }
    for name, page in made.items():
        (folder / f"{name}.html").write_bytes(page)
    return {name: folder / f"{name}.html" for name in made}


@pytest.fixture
def visit(browser: Any, pages: dict[str, Path]) -> Iterator[Callable[..., Visit]]:
    """Open a page in a context of its own; at the end, check that nothing was asked or wrong."""
    visits: list[Visit] = []
    contexts = []

    def open_page(name: str, *, width: int = 1400, scheme: str = "light", **options: Any) -> Visit:
        context = browser.new_context(
            viewport={"width": width, "height": 800}, color_scheme=scheme, **options
        )
        contexts.append(context)
        opened = Visit(context.new_page())
        visits.append(opened)
        opened.page.on("request", lambda request: opened.requests.append(request.url))
        opened.page.on("console", lambda message: opened.complaints.append(message.text))
        opened.page.on("pageerror", lambda error: opened.complaints.append(str(error)))
        opened.page.on("dialog", lambda dialog: opened.complaints.append(dialog.message))
        opened.page.goto(pages[name].as_uri())
        assert opened.requests == [pages[name].as_uri()]
        return opened

    yield open_page
    for opened in visits:
        assert len(opened.requests) == 1
        assert opened.complaints == []
    for context in contexts:
        context.close()


def told(page: Any) -> dict[str, str]:
    """What the page tells of a token at the moment; empty where nothing is shown."""
    info = page.locator("#token-info")
    if not info.is_visible():
        return {}
    names = info.locator("dt").all_text_contents()
    return dict(zip(names, info.locator("dd").all_text_contents(), strict=True))


def token(page: Any, line: int, index: int) -> Any:
    return page.locator(f"#line-{line} .token[data-index='{index}']").first


def facts_in(element: Any) -> dict[str, str]:
    """What a token's own attributes say, as the page is to tell it."""
    label = element.get_attribute("data-label")
    return {
        "id": element.get_attribute("data-id"),
        "spelling": element.get_attribute("data-spelling"),
        "label": "masked (-100)" if label == "masked" else label,
        "loss weight": element.get_attribute("data-weight"),
    }


def test_pointing_at_a_token_tells_of_it(visit: Callable[..., Visit]) -> None:
    """Id, spelling, label and weight appear beside the token, and go when the pointer leaves."""
    page = visit("preview").page
    two = token(page, 1, 1)

    two.hover()

    shown = told(page)
    assert shown == facts_in(two)
    assert (shown["spelling"], shown["loss weight"]) == (" two", "0.5")
    token(page, 1, 0).hover()
    assert told(page)["label"] == "masked (-100)"
    assert told(page)["loss weight"] == "0"
    token(page, 5, 2).hover()
    assert told(page)["label"] == "cut"
    page.mouse.move(1, 1)
    assert told(page) == {}


def test_the_keyboard_walks_the_tokens(visit: Callable[..., Visit]) -> None:
    """A sequence is one stop of the tab key; arrows, Home and End move within; Escape hides."""
    page = visit("preview").page
    page.locator("#line-1").focus()

    page.keyboard.press("Tab")
    assert told(page) == facts_in(token(page, 1, 0))
    page.keyboard.press("ArrowRight")
    assert told(page) == facts_in(token(page, 1, 1))
    described = page.locator("[aria-describedby='token-info']")
    assert described.get_attribute("data-index") == "1"
    page.keyboard.press("End")
    assert told(page)["spelling"] == "</s>"
    page.keyboard.press("ArrowRight")
    assert told(page)["spelling"] == "</s>"
    page.keyboard.press("Home")
    page.keyboard.press("ArrowLeft")
    assert told(page) == facts_in(token(page, 1, 0))
    page.keyboard.press("Escape")
    assert told(page) == {}
    page.keyboard.press("Tab")  # the inference prompt
    page.keyboard.press("Tab")  # its button
    assert page.evaluate("document.activeElement.textContent") == "Copy text"
    assert page.evaluate("document.activeElement.matches(':focus-visible')")
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"


def test_a_tap_tells_of_a_token(visit: Callable[..., Visit]) -> None:
    """On a phone a tap shows what a pointer would, within the screen."""
    page = visit("preview", width=400, has_touch=True, is_mobile=True).page
    tapped = page.locator("#line-2 .role-stop_sequence .token").last

    tapped.tap()

    assert told(page) == facts_in(tapped)
    box = page.locator("#token-info").bounding_box()
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= 400


def test_findings_are_filtered_and_jump(visit: Callable[..., Visit]) -> None:
    """A code's button leaves its rows alone, says how many, and a row's link shows the record."""
    page = visit("preview").page
    rows = page.locator(".findings tbody tr:visible")
    assert rows.count() == 5

    page.get_by_role("button", name="DT301 1").click()

    assert [each.split()[0] for each in rows.all_inner_texts()] == ["DT301"]
    assert page.locator("#filter-status").text_content() == "1 row is shown"
    pressed = page.locator(".filter[aria-pressed='true']").all_text_contents()
    assert pressed == ["DT301 1"]
    rows.get_by_role("link").click()
    page.wait_for_timeout(50)
    assert page.evaluate("location.hash") == "#line-2"
    assert page.evaluate("document.querySelector('#line-2').matches(':target')")
    page.get_by_role("button", name="All 5").click()
    assert rows.count() == 5


def test_copying_gives_the_exact_text(visit: Callable[..., Visit]) -> None:
    """The prompt to send is copied as it is sent, control characters and all, or as JSON."""
    page = visit("preview", permissions=["clipboard-read", "clipboard-write"]).page
    page.evaluate("document.hasFocus()")

    page.locator("#line-3 .copy[data-copies='text']").first.click()
    page.locator("#line-3 .copy", has_text="Copied").wait_for()
    assert page.evaluate("navigator.clipboard.readText()") == f"{HOSTILE}\n##\n"
    page.locator("#line-1 .copy[data-copies='json']").last.click()
    page.locator("#line-1 .copy", has_text="Copied").wait_for()
    assert page.evaluate("navigator.clipboard.readText()") == '" END"'


@pytest.mark.parametrize("name", ["preview", "stats"])
def test_hostile_text_is_shown_and_runs_nothing(name: str, visit: Callable[..., Visit]) -> None:
    """Scripts and pictures in names and texts are characters; the title stays the page's own."""
    page = visit(name).page

    assert page.locator("img").count() == 0
    assert page.title().startswith("<script>document.title='run'</script><img src=x onerror=")
    assert page.locator("h1").inner_text().startswith("<script>document.title='run'</script>")


def test_a_script_put_into_the_page_is_refused(
    browser: Any, pages: dict[str, Path], tmp_path: Path
) -> None:
    """Even if text became markup, the policy would let it neither run nor load anything."""
    planted = (
        b"<script>document.title = 'run'</script><style>h1 { color: red }</style>"
        b"<img src='http://127.0.0.1:9/x.png' onerror='document.title = 1'>"
        b"<iframe src='http://127.0.0.1:9/'></iframe></main>"
    )
    path = tmp_path / "planted.html"
    path.write_bytes(pages["preview"].read_bytes().replace(b"</main>", planted))
    context = browser.new_context()
    page = context.new_page()
    answered: list[str] = []
    page.on("requestfinished", lambda request: answered.append(request.url))

    page.goto(path.as_uri())

    assert page.title() != "run"
    assert page.evaluate("getComputedStyle(document.querySelector('h1')).color") != "rgb(255, 0, 0)"
    assert answered == [path.as_uri()]
    context.close()


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("name", ["preview", "stats"])
def test_both_themes(name: str, scheme: str, visit: Callable[..., Visit]) -> None:
    """The system's theme is taken, and the button changes to the other one and back."""
    page = visit(name, scheme=scheme).page
    other = SCHEMES[1 - SCHEMES.index(scheme)]
    grounds = {"light": "rgb(251, 251, 250)", "dark": "rgb(22, 24, 27)"}

    def ground() -> str:
        return page.evaluate("getComputedStyle(document.body).backgroundColor")  # type: ignore[no-any-return]

    assert ground() == grounds[scheme]
    button = page.get_by_role("button", name="Dark theme")
    assert button.get_attribute("aria-pressed") == str(scheme == "dark").lower()
    button.click()
    assert ground() == grounds[other]
    assert button.get_attribute("aria-pressed") == str(other == "dark").lower()
    button.click()
    assert ground() == grounds[scheme]


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", ["preview", "stats"])
def test_the_page_never_scrolls_sideways(
    name: str, width: int, visit: Callable[..., Visit]
) -> None:
    """Long words, names and tables stay within the width, with every part unfolded."""
    page = visit(name, width=width).page
    page.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")

    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.evaluate("document.body.scrollWidth") <= width


def test_weights_can_be_told_without_colour(visit: Callable[..., Visit]) -> None:
    """The line beneath a token is the thicker the greater its weight, and dotted without one."""
    page = visit("preview").page

    def line(index: int) -> str:
        style = "getComputedStyle(element).borderBottomStyle"
        width = "getComputedStyle(element).borderBottomWidth"
        return token(page, 1, index).evaluate(f"element => {style} + ' ' + {width}")  # type: ignore[no-any-return]

    assert [line(0), line(1), line(5)] == ["dotted 1px", "solid 1px", "solid 3px"]


def test_motion_is_reduced_where_asked(visit: Callable[..., Visit]) -> None:
    """A jump to a record is not animated for those who ask for less motion."""
    behaviour = "getComputedStyle(document.documentElement).scrollBehavior"

    assert visit("preview").page.evaluate(behaviour) == "smooth"
    assert visit("preview", reduced_motion="reduce").page.evaluate(behaviour) == "auto"


def test_charts_are_drawn(visit: Callable[..., Visit]) -> None:
    """Bars have a size and the theme's colour, and the axis has its numbers."""
    page = visit("stats").page
    bar = page.locator(".chart .bar").first

    box = bar.bounding_box()
    assert box["width"] > 5
    assert box["height"] > 5
    assert bar.evaluate("element => getComputedStyle(element).fill") == "rgb(58, 110, 168)"
    assert page.locator(".chart .label").count() > 20


@pytest.mark.parametrize("name", ["preview", "stats"])
def test_the_page_can_be_read_without_scripts(
    name: str, browser: Any, pages: dict[str, Path]
) -> None:
    """Where scripts are off, all text is there and no button that would do nothing."""
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(pages[name].as_uri())

    assert page.locator("button:visible").count() == 0
    assert "dataset-tools" in page.locator("footer").inner_text()
    context.close()
