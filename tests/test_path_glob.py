"""Globs over paths: `*` stays in its folder, `**` goes through folders."""

import pytest

from dataset_tools.path_glob import path_matches


@pytest.mark.parametrize(
    ("pattern", "matching", "other"),
    [
        ("*.jsonl", ["a.jsonl", ".jsonl"], ["data/a.jsonl", "a.json", "a.jsonl.gz"]),
        ("data/*.jsonl", ["data/a.jsonl"], ["data/old/a.jsonl", "more/data/a.jsonl"]),
        ("data/**/*.jsonl", ["data/a.jsonl", "data/x/y/a.jsonl"], ["data/a.json", "datax/a.jsonl"]),
        ("**/a.jsonl", ["a.jsonl", "x/y/a.jsonl"], ["xa.jsonl", "x/ya.jsonl"]),
        ("**/**/a", ["a", "x/a", "x/y/z/a"], ["xa"]),
        ("data/**", ["data/a", "data/x/a"], ["data", "other/a"]),
        ("data**", ["data", "data2"], ["data/a"]),
        ("a?.jsonl", ["a1.jsonl"], ["a.jsonl", "a12.jsonl", "a/.jsonl"]),
        ("[a-c].x", ["a.x", "c.x"], ["d.x", "-.x"]),
        ("[!a-c].x", ["d.x"], ["a.x", "/.x"]),
        ("[]x].y", ["].y", "x.y"], ["[.y"]),
        ("[^a]", ["^", "a"], ["b"]),
        ("[+-0]", ["+", "0"], ["/"]),
        ("[z-a]", [], ["z", "a", "[z-a]"]),
        ("[", ["["], ["]"]),
        ("a+(b).x", ["a+(b).x"], ["aab.x"]),
        ("a\nb*", ["a\nb", "a\nbc\n"], ["ab"]),
    ],
)
def test_what_a_glob_matches(pattern: str, matching: list[str], other: list[str]) -> None:
    """A glob takes in the whole of a path or nothing of it."""
    paths = [*matching, *other]

    assert [path for path in paths if path_matches(path, pattern)] == matching
