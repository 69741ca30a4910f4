"""The page of stats: what the data is, how long its records are, what training makes of it."""

from collections.abc import Iterator
from dataclasses import dataclass

from dataset_tools.findings import Finding, Severity
from dataset_tools.html_pages.histogram import Chart, bin_name, draw_histogram
from dataset_tools.html_pages.page import render
from dataset_tools.lint.report import LintReport
from dataset_tools.printable import elided
from dataset_tools.rules import RULES
from dataset_tools.stats.distribution import PERCENTILES
from dataset_tools.stats.formats.facts import (
    PACKING_NAMES,
    Fact,
    counted,
    data_facts,
    figures,
    file_facts,
    row_noun,
    share,
    training_facts,
)
from dataset_tools.stats.report import LengthStats, StatsReport, Unit

MOST_FILES = 200
_UNITS: tuple[Unit, ...] = ("tokens", "characters")


@dataclass(frozen=True, slots=True)
class FactGroup:
    """Facts under a title."""

    title: str
    facts: list[Fact]


@dataclass(frozen=True, slots=True)
class Histogram:
    """A chart and the numbers it shows: lengths, texts, and their share."""

    side: str
    description: str
    chart: Chart
    numbers: list[tuple[str, str, str]]


@dataclass(frozen=True, slots=True)
class LengthSection:
    """The lengths in one unit: a table of percentiles with a row a side, and a chart for each."""

    title: str
    heads: list[str]
    rows: list[tuple[str, list[str]]]
    histograms: list[Histogram]


@dataclass(frozen=True, slots=True)
class Bar:
    """A row of a table with a bar; `percent` is its length."""

    name: str
    percent: str
    figures: tuple[str, ...]
    is_chosen: bool = False


@dataclass(frozen=True, slots=True)
class FoundCode:
    """What lint found of one code, and the first place."""

    code: str
    severity: Severity
    name: str
    count: int
    first: Finding | None


def render_stats(report: StatsReport, found: LintReport) -> bytes:
    """The page for a report and what lint found in the same files; raises MissingExtraError."""
    estimated = " (estimated)" if report.is_estimated else ""
    training = report.training
    only = report.files[0].path if len(report.files) == 1 else None
    return render(
        "stats.html.jinja",
        "page.css",
        ("theme.js",),
        title=f"{only or counted(len(report.files), 'file')}: statistics",
        heading=only or counted(len(report.files), "file"),
        data=list(data_facts(report)),
        files=[] if only else _files(report),
        files_left_out=max(0, len(report.files) - MOST_FILES),
        lengths=list(_lengths(report, estimated)),
        classes=list(_classes(report)),
        training_title=f"Training at chunk_size {training.chunk_size:,}{estimated}",
        training=list(training_facts(training)),
        densities=list(_densities(report)),
        micro_batch_rows=training.micro_batch_rows,
        estimated=estimated,
        codes=list(_codes(found)),
        notes=report.notes,
    )


def _files(report: StatsReport) -> list[FactGroup]:
    return [FactGroup(file.path, list(file_facts(file))) for file in report.files[:MOST_FILES]]


def _lengths(report: StatsReport, estimated: str) -> Iterator[LengthSection]:
    for unit in _UNITS:
        lengths = [each for each in report.lengths if each.unit == unit]
        yield LengthSection(
            title=f"Lengths in {unit}{estimated if unit == 'tokens' else ''}",
            heads=["min", *(f"p{each}" for each in PERCENTILES), "max", "mean"],
            rows=[(each.side, list(figures(each))) for each in lengths],
            histograms=list(map(_histogram, lengths)),
        )


def _histogram(length: LengthStats) -> Histogram:
    distribution = length.distribution
    total = sum(each.count for each in distribution.histogram)
    median = distribution.percentiles[50]
    return Histogram(
        side=length.side,
        description=(
            f"Histogram of {length.side} lengths in {length.unit}: from "
            f"{distribution.minimum:,} to {distribution.maximum:,}, half of them up to {median:,}"
        ),
        chart=draw_histogram(distribution),
        numbers=[
            (bin_name(each), f"{each.count:,}", share(each.count, total))
            for each in distribution.histogram
        ],
    )


def _classes(report: StatsReport) -> Iterator[Bar]:
    for each in report.classes:
        most = report.classes[0].records
        yield Bar(
            repr(elided(each.label)),
            f"{100 * each.records / most:.2f}",
            (f"{each.records:,}", f"{each.share:.1%}"),
        )


def _densities(report: StatsReport) -> Iterator[Bar]:
    training = report.training
    for each in training.densities:
        yield Bar(
            PACKING_NAMES[each.packing],
            f"{100 * each.density:.2f}",
            (f"{each.density:.1%}", counted(each.rows, row_noun(each.packing))),
            is_chosen=each.packing == training.packing,
        )


def _codes(found: LintReport) -> Iterator[FoundCode]:
    first: dict[str, Finding] = {}
    for finding in found.findings:
        first.setdefault(finding.code, finding)
    for code in sorted(found.counts):
        rule = RULES[code]
        yield FoundCode(code, rule.severity, rule.name, found.counts[code], first.get(code))
