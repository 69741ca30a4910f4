"""The page of stats, read as a tree."""

import json
from pathlib import Path

import pytest
from page_reading import Element, check_page
from sample_stats import CLASSES, classified, stats_of
from sample_views import HOSTILE

from dataset_tools.html_pages.histogram import draw_histogram
from dataset_tools.html_pages.stats_page import render_stats
from dataset_tools.stats.distribution import Bin, Distribution


def facts_of(section: Element) -> dict[str, str]:
    pairs = section.first("dl", "fact-list").all("div")
    return {pair.first("dt").text: pair.first("dd").text for pair in pairs}


def cells_of(table: Element) -> list[list[str]]:
    return [
        [each.text for each in row.children if isinstance(each, Element)]
        for row in table.first("tbody").all("tr")
    ]


@pytest.fixture(scope="module")
def html(tmp_path_factory: pytest.TempPathFactory) -> Element:
    report, found = stats_of(tmp_path_factory.mktemp("stats"), "data.jsonl", classified(120))
    return check_page(render_stats(report, found))


def section_of(html: Element, title: str) -> Element:
    return next(each for each in html.all("section") if each.first("h2").text == title)


def test_the_facts_are_those_of_the_terminal(html: Element) -> None:
    """The data's facts and the training's stand in lists of names and values."""
    data = facts_of(section_of(html, "The data"))
    training = facts_of(section_of(html, "Training at chunk_size 2,048 (estimated)"))

    assert data["records"] == "120"
    assert data["duplicates"] == "0 of the records repeat an earlier one"
    assert training["too long"] == "none"


def test_each_length_has_a_histogram_and_its_numbers(html: Element) -> None:
    """Prompt, completion and total are drawn in tokens and characters; numbers stand beneath."""
    for unit in ("tokens (estimated)", "characters"):
        section = section_of(html, f"Lengths in {unit}")
        figures = list(section.all("figure"))
        assert [each.first("figcaption").text for each in figures] == [
            "Prompt",
            "Completion",
            "Total",
        ]
        for figure in figures:
            bars = [each for each in figure.all("path") if each.classes & {"bar", "tail"}]
            rows = cells_of(figure.first("table"))
            assert len(bars) == len(rows)
            assert [bar.first("title").text for bar in bars] == [
                f"{length}: {texts} ({share})" for length, texts, share in rows
            ]
            assert sum(int(row[1]) for row in rows) == 120
            assert figure.first("svg").attributes["aria-label"].startswith("Histogram of")
        sides = [row[0] for row in cells_of(section.first("table", "percentiles"))]
        assert sides == ["prompt", "completion", "total"]


def test_classes_are_texts_with_bars(html: Element) -> None:
    """Each class stands with its share, its bar as long as its records, its name spelt."""
    rows = cells_of(section_of(html, "Classes").first("table"))

    assert sorted(row[0] for row in rows) == sorted(
        repr(name).replace("\u202e", "\\u202e") for name in CLASSES
    )
    assert [row[2:] for row in rows] == [["40", "33.3%"]] * 3
    bars = section_of(html, "Classes").all("rect")
    assert [bar.attributes["width"] for bar in bars] == ["100.00%"] * 3


def test_density_marks_what_is_trained(html: Element) -> None:
    """The three ways of packing stand side by side, and the recipe's is marked."""
    rows = cells_of(section_of(html, "Density (estimated)").first("table"))

    assert [row[0] for row in rows] == ["unpacked as trained", "best fit", "wrapped"]


def test_findings_are_counted_by_code(html: Element) -> None:
    """Each code stands with its count and the first place."""
    rows = cells_of(section_of(html, "What lint finds").first("table"))

    counts = {row[0].split()[0]: row[1] for row in rows}
    assert counts["DT204"] == "40"
    assert any("data.jsonl:3:" in row[2] for row in rows)


def test_hostile_names_and_labels_are_text(tmp_path: Path) -> None:
    """A file's name and labels with markup and control characters are spelt."""
    lines = [json.dumps({"prompt": "p", "completion": HOSTILE}) for _ in range(20)]
    report, found = stats_of(tmp_path, f"{HOSTILE}\udcff", lines)
    page = render_stats(report, found)

    html = check_page(page)
    assert len(list(html.all("script"))) == 1
    assert "\\udcff" in html.first("h1").text
    assert [c for c in page.decode("utf-8") if not c.isprintable() and c != "\n"] == []


def test_the_same_report_gives_the_same_page(tmp_path: Path) -> None:
    """Neither the date nor random identifiers of the drawing library get into the page."""
    report, found = stats_of(tmp_path, "data.jsonl", classified(30))

    assert render_stats(report, found) == render_stats(report, found)


def distribution(*counts: int, width: int = 10, tail: int | None = None) -> Distribution:
    bins = [Bin(n * width, (n + 1) * width, count) for n, count in enumerate(counts)]
    if tail is not None:
        bins[-1] = Bin(bins[-1].start, tail, counts[-1])
    maximum = bins[-1].end - 1
    return Distribution(0, dict.fromkeys((1, 5, 25, 50, 75, 95, 99), 0), maximum, 1.0, tuple(bins))


def test_bars_are_as_high_as_their_counts() -> None:
    """A bar's height over another's is their counts' ratio; an empty bin has none."""
    shapes = draw_histogram(distribution(100, 50, 0, 25)).shapes
    heights = []
    for shape in shapes:
        if shape.class_name == "bar":
            numbers = [float(each) for each in shape.path.split() if each not in "MLz"]
            heights.append(max(numbers[1::2]) - min(numbers[1::2]))

    assert [height / heights[0] for height in heights] == pytest.approx([1, 0.5, 0, 0.25], abs=1e-4)


def test_a_wider_last_bin_is_drawn_as_a_tail() -> None:
    """The few that are longer than usual have a bar of another colour, and the longest is named."""
    shapes = draw_histogram(distribution(5, 4, 1, tail=12_346)).shapes

    bars = [shape for shape in shapes if shape.title]
    assert [bar.class_name for bar in bars] == ["bar", "bar", "tail"]
    assert bars[-1].title == "20–12,345: 1 (10.0%)"
    labels = [shape.text for shape in shapes if shape.class_name == "label"]
    assert "12,345" in labels


def test_a_single_length_is_drawn() -> None:
    """Where all texts have one length, there is one bar."""
    bars = [shape for shape in draw_histogram(distribution(7, width=1)).shapes if shape.title]

    assert [bar.title for bar in bars] == ["0: 7 (100.0%)"]


def test_labels_of_the_axis_are_few() -> None:
    """However many bins there are, no more edges are named than there is room for."""
    shapes = draw_histogram(distribution(*range(1, 13))).shapes
    texts = [shape for shape in shapes if shape.class_name == "label" and shape.anchor == "middle"]

    assert 4 <= len(texts) <= 7


def test_no_length_is_named_twice() -> None:
    """Bins of one length each: the last edge and the longest are the same length."""
    shapes = draw_histogram(distribution(300, 100, 200, width=1)).shapes
    texts = [shape for shape in shapes if shape.class_name == "label" and shape.anchor == "middle"]

    assert [shape.text for shape in texts] == ["0", "1", "2"]
