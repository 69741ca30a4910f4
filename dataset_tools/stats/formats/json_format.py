"""The report as one JSON object; docs/stats.md describes its fields."""

import json
from typing import Any

from dataset_tools.printable import encodable
from dataset_tools.stats.report import (
    FileStats,
    LengthStats,
    MarkStats,
    StatsReport,
    TrainingStats,
)

VERSION = 1


def render(report: StatsReport) -> str:
    """The report, indented; characters beyond ASCII are spelt as escapes."""
    document = {
        "version": VERSION,
        "files": [_file(file) for file in report.files],
        "records": report.records,
        "bytes": report.bytes,
        "unreadable": report.unreadable,
        "blank_lines": report.blank_lines,
        "tokens": {"estimated": report.is_estimated, "tokenizer": report.tokenizer},
        "lengths": [_length(each, report.is_estimated) for each in report.lengths],
        "classes": [
            {"label": encodable(each.label), "records": each.records, "share": each.share}
            for each in report.classes
        ],
        "duplicates": {
            "records": report.duplicates.records,
            "distinct_prompts": report.duplicates.distinct_prompts,
        },
        "training": _training(report.training, report.is_estimated),
        "notes": list(map(encodable, report.notes)),
    }
    return json.dumps(document, indent=1)


def _file(file: FileStats) -> dict[str, Any]:
    return {
        "path": encodable(file.path),
        "format": file.format,
        "records": file.records,
        "bytes": file.bytes,
        "unreadable": file.unreadable,
        "blank_lines": file.blank_lines,
        "separator": _mark(file.separator),
        "stop_sequence": _mark(file.stop_sequence),
    }


def _mark(mark: MarkStats | None) -> dict[str, Any] | None:
    if mark is None:
        return None
    return {"text": encodable(mark.text), "origin": mark.origin, "share": mark.share}


def _length(length: LengthStats, is_estimated: bool) -> dict[str, Any]:
    distribution = length.distribution
    return {
        "side": length.side,
        "unit": length.unit,
        "estimated": is_estimated and length.unit == "tokens",
        "total": length.total,
        "mean": distribution.mean,
        "min": distribution.minimum,
        **{f"p{percent}": value for percent, value in distribution.percentiles.items()},
        "max": distribution.maximum,
        "histogram": [
            {"from": each.start, "below": each.end, "count": each.count}
            for each in distribution.histogram
        ],
    }


def _training(training: TrainingStats, is_estimated: bool) -> dict[str, Any]:
    steps = training.steps
    return {
        "estimated": is_estimated,
        "chunk_size": training.chunk_size,
        "prompt_loss_weight": training.prompt_loss_weight,
        "on_too_long": training.on_too_long,
        "packing": training.packing,
        "records": training.records,
        "held_out": training.held_out,
        "sequences": training.sequences,
        "tokens": training.tokens,
        "too_long": {
            "truncated": training.truncated,
            "tokens_cut": training.tokens_cut,
            "split": training.split,
            "dropped": training.dropped,
            "refused": training.refused,
        },
        "loss": {
            "tokens": training.loss.tokens,
            "share": training.loss.share,
            "weight_share": training.loss.weight_share,
            "prompt_weight_share": training.loss.prompt_weight_share,
        },
        "micro_batch_size": training.micro_batch_rows,
        "padded_to_multiple_of": training.padding_multiple,
        "densities": [
            {"packing": each.packing, "rows": each.rows, "density": each.density}
            for each in training.densities
        ],
        "steps": None
        if steps is None
        else {
            "step_rows": steps.step_rows,
            "per_epoch": steps.per_epoch,
            "epochs": steps.epochs,
            "total": steps.total,
        },
    }
