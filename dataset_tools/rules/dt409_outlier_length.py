"""A prompt or completion is far longer than the file's others."""

from collections.abc import Collection, Iterable, Sequence
from typing import NamedTuple

from dataset_tools.findings import Severity
from dataset_tools.record_batch import RecordBatch
from dataset_tools.records import Record
from dataset_tools.rules.rule import FileContext, Problem, Rule, RuleOption, indices_where
from dataset_tools.rules.text_edges import Column, columns_of, edges_of

FACTOR = RuleOption(
    "outlier-factor", 10, 1, None, "Least length that draws a DT409, in medians of the file."
)
FEWEST_RECORDS = 20
MOST_OUTLIERS = 0.01  # share of records; more of them are a kind of their own
FENCE = 3  # interquartile ranges above the third quartile


class _Usual(NamedTuple):
    median: int  # characters
    limit: float


class OutlierLength(Rule):
    """## What it does

    Reports a prompt, completion or text that is far longer than the others: more than ten times
    the median, and, on a logarithmic scale, more than three interquartile ranges above the third
    quartile. Files of fewer than 20 records are left out, and so are lengths that over 1 % of the
    records exceed: long texts are then a kind of their own.

    ## Why it hurts

    A lone giant is mostly a slip, such as rows that were glued together or a whole document in
    place of a passage. It is cut at `chunk_size`, decides how much memory a batch takes, and
    weighs as much in the loss as many others.

    ## Example

    A completion of 40,000 characters among a thousand of about 200.

    ## Use instead

    Look at the record; split it or take it out if it is no example of what you want.

    ## Options

    `--outlier-factor N`, 10 medians unless given.

    ## Source

    Tukey, Exploratory Data Analysis, 1977: values more than three interquartile ranges beyond the
    quartiles are far out. On logarithms, because lengths are skewed.
    """

    code = "DT409"
    name = "length is an outlier"
    severity = Severity.INFO
    options = (FACTOR,)

    def __init__(self, context: FileContext) -> None:
        super().__init__(context)
        self.usual: dict[Column, _Usual] = {}  # where outliers can be told

    def learn(self, sample: RecordBatch) -> None:
        if len(sample) < FEWEST_RECORDS:
            return
        factor = self.context.option(FACTOR)
        for column in columns_of(sample):
            usual = _usual(list(map(len, edges_of(sample).texts(column))), factor)
            if usual is not None:
                self.usual[column] = usual

    def suspects(self, batch: RecordBatch) -> Collection[int]:
        if not self.usual or not len(batch):
            return ()
        scan = batch.byte_scan
        longest_line = (scan.line_ends - scan.line_starts).max()  # no text has more characters
        suspects: set[int] = set()
        for column, usual in self.usual.items():
            if usual.limit < longest_line:
                texts = edges_of(batch).texts(column)
                if max(map(len, texts)) > usual.limit:
                    suspects.update(indices_where(len(text) > usual.limit for text in texts))
        return sorted(suspects)

    def check_record(self, record: Record) -> Iterable[Problem]:
        texts = {"prompt": record.prompt, "completion": record.completion}
        outliers = [
            (len(text) / usual.median, column, len(text), usual)
            for column, usual in self.usual.items()
            if (text := texts[column]) is not None and len(text) > usual.limit
        ]
        if outliers:
            times, column, length, usual = max(outliers)
            key = "prompt" if column == "prompt" else record.target_key
            yield Problem(
                f"the {key} has {length} characters, {times:.0f} times the median of "
                f"{usual.median}",
                key=key,
            )


def _usual(lengths: Sequence[int], factor: float) -> _Usual | None:
    """What is usual of these lengths; None where outliers cannot be told."""
    ordered = sorted(lengths)
    first, middle, third = (ordered[len(ordered) * quarter // 4] for quarter in (1, 2, 3))
    if middle == 0:
        return None
    # so many distances between the logarithms of the quartiles
    fence = third * (third / max(first, 1)) ** FENCE
    limit = max(fence, factor * middle)
    if sum(length > limit for length in lengths) > MOST_OUTLIERS * len(lengths):
        return None
    return _Usual(middle, limit)
