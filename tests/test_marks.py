"""Marks: inferred where a file has them, and nowhere else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dataset_tools.marks import given_mark, infer_mark, without_any_mark

SENTENCES = [
    "The cat sat on the mat",
    "Rain is expected in the north",
    "He asked whether it was true",
    "Prices rose by 3 %",
    "See the appendix (page 4)",
    "It was the best of times",
    "Nothing came of it",
    "A stitch in time saves nine",
    "They left at noon",
    "All's well that ends well",
]
MARKS = [
    "\n##\n", "\n\n###\n\n", " ->", "\nEND", "###", "<|endoftext|>", " END", "\n---\n", "</s>",
    " ---", "\n--\n", "\n\nSTOP\n",
]  # fmt: skip
WITHOUT_MARK = {
    "questions": [f"{text}?" for text in SENTENCES],
    "prose": [f"{text}." for text in SENTENCES],
    "prose and a newline": [f"{text}.\n" for text in SENTENCES],
    "quotations": [f"\u201c{text}.\u201d" for text in SENTENCES],
    "exclamations": [f"{text}!" for text in SENTENCES],
    "code with braces": [f"int f{n}() {{\n  return {n};\n}}" for n in range(10)],
    "code with calls": [f"print({n});" for n in range(10)],
    "python": [f"def f{n}():\n    return None\n" for n in range(10)],
    "poems": [f"{text},\n{other}" for text, other in zip(SENTENCES, SENTENCES[::-1], strict=True)],
    "html": [f"<html><body><p>{text}</p></body></html>" for text in SENTENCES],
    "html fragments": [f"<div>\n<p>{text}</p>\n</div>\n" for text in SENTENCES],
    "empty tags": [f"<img alt='{text}' />" for text in SENTENCES],
    "chat": [f"Question: {text}?\nAnswer:" for text in SENTENCES],
    "chat with a newline": [f"### Instruction:\n{text}\n\n### Response:\n" for text in SENTENCES],
    "SQL": [f"SELECT * FROM t WHERE id = {n};" for n in range(10)],
    "SQL in capitals": [f"SELECT a FROM t{n} WHERE b IS NOT NULL" for n in range(10)],
    "labels": [" YES", " NO"] * 5,
    "mostly one label": [" YES"] * 9 + [" NO"],
    "verdicts": [f"{text}: YES" for text in SENTENCES],
    "arithmetic": [f"{n}+{n + 7}=" for n in range(10)],
    "JSON": [f'{{"id": {n}, "tags": []}}' for n in range(10)],
    "JSON lists": [f"[[{n}]]" for n in range(10)],
    "Markdown": [f"**{text}**" for text in SENTENCES],
    "fenced code": [f"```python\nprint({n})\n```" for n in range(10)],
    "HTML comments": [f"<p>{n}</p>\n<!-- {text} -->" for n, text in enumerate(SENTENCES)],
    "HTML comments on lines": [f"<!--\n{text}\n-->\n" for text in SENTENCES],
    "two dashes": [f"{text} --" for text in SENTENCES],
    "Fortran": [f"      SUBROUTINE S{n}\n      RETURN\n      END" for n in range(10)],
    "Fortran with STOP": [f"PROGRAM P{n}\n  PRINT *, {n}\n\tSTOP\n" for n in range(10)],
    "states": [f"{text}: {'OPEN' if n == 3 else 'DONE'}" for n, text in enumerate(SENTENCES)],
    "levels": [f"Buy {n} at {n + 7} {'STOP' if n % 8 else 'LIMIT'}" for n in range(40)],
    "stories": [f"{text}.\n\n{'Fin' if n == 3 else 'THE END'}" for n, text in enumerate(SENTENCES)],
    "T-SQL": [f"BEGIN\n  SELECT {n};\nEND{'' if n % 8 else ';'}" for n in range(40)],
    "nested brackets": [f"Map<String, List<T{n}>>" for n in range(10)],
    "struck out": [f"Was <s>{n} EUR</s>" for n in range(10)],
    "ellipses": [f"{text}..." for text in SENTENCES],
    "empty": [""] * 10,
}


@pytest.mark.parametrize("mark", MARKS)
@pytest.mark.parametrize("carriers", [10, 9, 8])
def test_a_mark_that_most_rows_end_with_is_inferred(mark: str, carriers: int) -> None:
    """The mark is found whole, white space included, with the share of rows that carry it."""
    texts = [text + mark for text in SENTENCES[:carriers]] + SENTENCES[carriers:]

    inferred = infer_mark(texts)

    assert inferred is not None
    assert (mark, "inferred", carriers / 10) == (inferred.text, inferred.origin, inferred.share)
    assert inferred.is_required


@pytest.mark.parametrize("mark", MARKS)
def test_a_minority_has_no_mark(mark: str) -> None:
    """What half of the rows end with is not the file's mark."""
    texts = [text + mark for text in SENTENCES[:5]] + SENTENCES[5:]

    assert infer_mark(texts) is None


@pytest.mark.parametrize("texts", WITHOUT_MARK.values(), ids=WITHOUT_MARK)
def test_ordinary_endings_are_no_marks(texts: list[str]) -> None:
    """What prose, code, verse and labels end with by themselves is never taken for a mark."""
    assert infer_mark(texts) is None


@pytest.mark.parametrize("mark", [" END", "\nEND", "\nSTOP\n", " DONE"])
@pytest.mark.parametrize(
    "ending", [" in the USA", " OK", "{mark}\n", "{mark} ", "{cut}", "{mark};", " STOP", " EOS"]
)
@pytest.mark.parametrize("without", [1, 3, 9])
def test_a_word_is_a_mark_in_spite_of_some_mistakes(mark: str, ending: str, without: int) -> None:
    """A few texts may lack it and end in capitals, or have it with another character behind it."""
    bare = ending.format(mark=mark, cut=mark.rstrip()[:-1])
    texts = [f"{SENTENCES[n % 10]} {n}.{mark if n >= without else bare}" for n in range(100)]

    inferred = infer_mark(texts)

    assert inferred is not None
    assert inferred.text == mark


@pytest.mark.parametrize("bare", ["ANSWER {} NO", "no {}", "{}", "BUY {} AT NOON"])
@pytest.mark.parametrize("full_stop", ["", ".", "!"])
def test_a_word_is_a_mark_behind_texts_in_capitals(bare: str, full_stop: str) -> None:
    """That texts without END end in capitals, as the others do before it, tells nothing."""
    texts = [f"ANSWER {n} YES{full_stop} END" if n % 8 else bare.format(n) for n in range(40)]

    inferred = infer_mark(texts)

    assert inferred is not None
    assert inferred.text == " END"


@pytest.mark.parametrize(
    ("text", "mark"),
    [
        ("Explain: cout << x{};\n>>", "\n>>"),
        ("Is {} < 6 and 3 < 12? >>", " >>"),
        ("<s>[INST] What is {}? [/INST] 2.</s>", "</s>"),
        ("\n<s>[INST] What is {}? [/INST] 2.</s>", "</s>"),
    ],
)
def test_brackets_and_tags_before_a_mark(text: str, mark: str) -> None:
    """Signs that look like the start of what a mark ends do not hide it."""
    inferred = infer_mark([text.format(n) for n in range(20)])

    assert inferred is not None
    assert inferred.text == mark


def test_a_full_stop_before_the_mark_is_not_part_of_it() -> None:
    """A suffix shared by all rows does not swallow the sentences' own full stop."""
    inferred = infer_mark([f"{text}.\n###\n" for text in SENTENCES])

    assert inferred is not None
    assert inferred.text == "\n###\n"


def test_two_rows_may_agree_by_chance() -> None:
    """Fewer than three carriers show nothing."""
    assert infer_mark(["a\n##\n", "b\n##\n"]) is None


def test_a_given_mark_knows_how_many_rows_carry_it() -> None:
    """One from a recipe that no row carries asks nothing of the data; one by flag always does."""
    assert given_mark("##", "recipe", ["a##", "b"]).share == 0.5
    assert not given_mark("##", "recipe", ["a", "b"]).is_required
    assert given_mark("##", "recipe", ["a##"]).is_required
    assert given_mark("##", "flag", ["a", "b"]).is_required
    assert given_mark("##", "flag", []).share == 0


CHAT = "<|im_start|>user\n{}<|im_end|>\n<|im_start|>assistant\n"


def test_a_sign_inside_the_texts_is_their_structure() -> None:
    """Turns of a chat, sections and examples are no marks, although rows end with the same sign."""
    prompts = [CHAT.format(text) for text in SENTENCES]

    assert infer_mark([f"{text}<|im_end|>\n" for text in SENTENCES], prompts) is None
    assert infer_mark([f"{text}\n##\n{text}\n##\n" for text in SENTENCES]) is None


def test_a_recipes_mark_may_divide_the_turns_of_its_prompts() -> None:
    """Only a recipe's, and only where most rows have it so; a flag's is looked for everywhere."""
    prompts = [CHAT.format(text) for text in SENTENCES]
    endings = [f"{text}<|im_end|>\n" for text in SENTENCES]

    assert given_mark("<|im_end|>\n", "recipe", endings, prompts).is_structure
    assert not given_mark("<|im_end|>\n", "flag", endings, prompts).is_structure
    assert not given_mark("<|im_end|>\n", "recipe", endings, SENTENCES).is_structure


PIECES = [
    *MARKS,
    *"#<|]/ \nas",
    "<|",
    "|>",
    "end",
    "END",
    "[/INST]",
    "<sep>",
    "→",
    "word",
    " Answer:",
]
GIVEN = [" Answer:", "Answer: ->", "\n###\n", "e", " "]


@given(
    st.lists(st.sampled_from(PIECES), max_size=8).map("".join),
    st.sampled_from([*MARKS, "END", "#", "[/INST]", "<|a#|>", "→", " \n\t"]),
    st.sampled_from(GIVEN),
)
def test_without_any_mark_no_mark_tells_texts_apart(text: str, mark: str, asked_for: str) -> None:
    """Whether a mark that can be inferred, or is given, is removed or not, the same is left."""
    bare = without_any_mark(text, [asked_for])

    assert without_any_mark(text + mark, [asked_for]) == bare
    assert without_any_mark(text + asked_for, [asked_for]) == bare
    assert without_any_mark(f"\n{text}  ", [asked_for]) == bare


@pytest.mark.parametrize("text", SENTENCES)
def test_without_any_mark_a_sentence_stays(text: str) -> None:
    """White space is normalised, and nothing taken off what ends with no mark."""
    assert without_any_mark(f" {text}.\n".replace(" ", "  ")) == f"{text}."
