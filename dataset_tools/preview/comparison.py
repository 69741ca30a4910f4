"""One record under two recipes: what differs between the two views of it."""

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from dataset_tools.preview.json_lines import rows_of
from dataset_tools.preview.view import RecordView
from dataset_tools.printable import LONGEST_QUOTE, elided, encodable
from dataset_tools.tokens import IGNORED_LABEL

_MOST_TOKENS = 8  # that are named of those that differ


class Difference(NamedTuple):
    """Something that is one way in the first view and another in the second."""

    what: str
    first: str
    second: str


_FACTS: dict[str, Callable[[RecordView], str]] = {
    "separator": lambda view: _quoted(view.training_format.prompt_format.separator),
    "stop sequence": lambda view: _quoted(view.training_format.prompt_format.stop_sequence),
    "chunk_size": lambda view: f"{view.training_format.chunk_size:,}",
    "on_too_long": lambda view: view.training_format.on_too_long,
    "packing": lambda view: view.training_format.packing.replace("_", " "),
    "prompt_loss_weight": lambda view: f"{view.training_format.prompt_loss_weight:g}",
    "prompt sent at inference": lambda view: _quoted(view.inference_prompt or ""),
}
_TOKEN_FACTS: dict[str, Callable[[RecordView], str]] = {
    "tokens before cutting": lambda view: f"{_tokenized(view).token_count:,}",
    "sequences": lambda view: f"{len(_tokenized(view).sequences):,}",
    "tokens cut off the prompt": lambda view: (
        f"{sum(sequence.tokens_cut for sequence in _tokenized(view).sequences):,}"
    ),
    "fate": lambda view: _tokenized(view).refusal or "trained",
}


def differences(first: RecordView, second: RecordView) -> list[Difference]:
    """What differs: settings, tokens, what is cut, labels and weights; nothing that is the same."""
    facts = dict(_FACTS)
    if first.tokenized is not None and second.tokenized is not None:
        facts |= _TOKEN_FACTS
    found = [
        Difference(what, fact(first), fact(second))
        for what, fact in facts.items()
        if fact(first) != fact(second)
    ]
    if first.tokenized is None and second.tokenized is None:
        return found
    if first.tokenized is None or second.tokenized is None:
        words = ["no tokenizer" if view.tokenized is None else "tokens" for view in (first, second)]
        return [*found, Difference("tokenizer", *words)]
    return [*found, *_column_differences(first, second)]


def as_json_object(names: tuple[str, str], views: tuple[RecordView, RecordView]) -> dict[str, Any]:
    """Both views and what differs, as an object that JSON can hold."""
    first, second = views
    return {
        "path": encodable(first.path),
        "line": first.line,
        "recipes": [encodable(name) for name in names],
        "first": list(rows_of(first)),
        "second": list(rows_of(second)),
        "differences": [each._asdict() for each in differences(first, second)],
    }


def _column_differences(first: RecordView, second: RecordView) -> Iterator[Difference]:
    """Where tokens, labels and weights of what is trained part from one another."""
    spelt = [_column(view, "tokens") for view in (first, second)]
    ids = [_column(view, "input_ids") for view in (first, second)]
    if ids[0] != ids[1]:
        yield Difference("tokens", *_parting(ids[0], ids[1], spelt))
    for what in ("labels", "loss_weights"):
        one, other = (_column(view, what) for view in (first, second))
        if what == "labels":  # the ids themselves are told of above
            one, other = ([label != IGNORED_LABEL for label in each] for each in (one, other))
        if one != other:
            name = what.replace("_", " ")
            yield Difference(name, _summed(what, one), _summed(what, other))


def _column(view: RecordView, name: str) -> list[Any]:
    """One of the columns of all the record's sequences."""
    if name == "tokens":
        return [
            token
            for run in _tokenized(view).runs
            for index, token in enumerate(run.spelling)
            if index not in run.cut
        ]
    return [value for sequence in _tokenized(view).sequences for value in getattr(sequence, name)]


def _parting(one: list[int], other: list[int], spelt: list[list[str]]) -> tuple[str, str]:
    """The tokens between the beginning and the end that both have, in each."""
    shorter = min(len(one), len(other))
    start = next((place for place in range(shorter) if one[place] != other[place]), shorter)
    same_end = 0
    while same_end < shorter - start and one[-1 - same_end] == other[-1 - same_end]:
        same_end += 1
    return (_tokens(spelt[0], start, same_end), _tokens(spelt[1], start, same_end))


def _tokens(spelt: list[str], start: int, same_end: int) -> str:
    end = len(spelt) - same_end
    if start == end:
        return f"none behind token {start:,}"
    shown = " ".join(map(repr, spelt[start : min(end, start + _MOST_TOKENS)]))
    more = f" and {end - start - _MOST_TOKENS:,} more" if end - start > _MOST_TOKENS else ""
    return f"from token {start + 1:,}: {shown}{more}"


def _summed(what: str, column: list[Any]) -> str:
    if what == "labels":
        return f"{sum(column):,} of {len(column):,} tokens are targets"
    counts: dict[float, int] = {}
    for weight in column:
        counts[weight] = counts.get(weight, 0) + 1
    return ", ".join(f"{weight:g} on {count:,} tokens" for weight, count in sorted(counts.items()))


def _tokenized(view: RecordView) -> Any:
    return view.tokenized


def _quoted(text: str) -> str:
    if not text:
        return "none"
    return f"{elided(text)!r}" + (
        f" ({len(text):,} characters)" if len(text) > LONGEST_QUOTE else ""
    )
