"""The page of a preview, read as a tree."""

from dataclasses import dataclass

import pytest
from page_reading import Element, check_page
from sample_views import HOSTILE, finding, rejected, view_of
from toy_tokenizers import CharacterTokenizer, WordTokenizer

from dataset_tools.html_pages.preview_page import (
    MOST_FINDINGS_OF_A_RECORD,
    MOST_RECORDS,
    MOST_SEQUENCES,
    PAGE_CHARACTERS,
    View,
    render_preview,
)

LARGEST_PAGE = 20_000_000  # bytes, with a token for each of the characters that it has room for


@dataclass(frozen=True)
class SlowTokenizer(WordTokenizer):
    """A tokenizer that does not tell where its tokens stand."""

    def encode_with_spans(self, text: str) -> tuple[list[int], None]:  # type: ignore[override]
        return self.encode(text), None


def page_of(*views: View, notes: tuple[str, ...] = ()) -> Element:
    return check_page(render_preview("data.jsonl", views, notes))


def facts_of(record: Element) -> dict[str, str]:
    pairs = record.first("dl", "facts").all("div")
    return {pair.first("dt").text: pair.first("dd").text for pair in pairs}


def texts_of(record: Element) -> dict[str, str]:
    """The text shown for each role."""
    list_of_passages = record.first("dl", "passages")
    texts: dict[str, str] = {}
    for child in list_of_passages.children:
        if isinstance(child, Element) and child.tag == "dt":
            role = child.text
        elif isinstance(child, Element):
            texts[role] = texts.get(role, "") + child.first("div", "text").text
    return texts


def test_text_alone_without_a_tokenizer() -> None:
    """Each segment stands under its role, white space at the edges is shown, and no token is."""
    record = page_of(view_of("Why?\n\n", " So. ")).first("section", "record")

    assert texts_of(record) == {
        "prompt": "Why?↵\n↵\n",
        "separator": "↵##↵",
        "completion": "·So.·",
        "stop sequence": "·END",
    }
    assert list(record.all("span", "token")) == []
    assert facts_of(record) == {
        "format": "prompt-completion",
        "weight": "1",
        "characters": "19",
    }


def test_every_token_tells_its_numbers() -> None:
    """A token's id, spelling, label and weight are those of the view; masked ones say so."""
    view = view_of("ab", "c", weight=0.5, tokenizer=CharacterTokenizer(), prompt_loss_weight=0.25)
    record = page_of(view).first("section", "record")

    assert view.tokenized is not None
    run = view.tokenized.runs[0]
    assert [token.attributes for token in record.first("div", "tokens").all("span", "token")] == [
        {
            "class": f"token w{4 if index > 6 else 0 if index == 0 else 1}{' odd' * (index % 2)}",
            "data-index": str(index),
            "data-id": str(run.ids[index]),
            "data-label": "masked" if index == 0 else str(run.ids[index]),
            "data-weight": "0" if index == 0 else "0.125" if index < 7 else "0.5",
            "data-spelling": run.spelling[index].replace("\n", "\\n"),
        }
        for index in range(len(run.ids))
    ]
    assert facts_of(record)["tokens"] == "13 of chunk_size 2,048"
    assert facts_of(record)["carry loss"] == "12"
    weights = record.first("p", "weights")
    assert [each.text for each in weights.all("span", "token")] == ["0.5", "0.125", "none"]


def test_tokens_stand_in_the_text() -> None:
    """The tokens of a segment, put together, are its text."""
    view = view_of("one two", " three", tokenizer=WordTokenizer())
    tokens = page_of(view).first("div", "tokens")

    shown = [token.text for token in tokens.all("span", "token")]
    assert shown == ["one", " two", "↵", "##", "↵", "·three", "·END", "</s>"]


def test_what_is_cut_is_struck_through() -> None:
    """Truncated tokens stand in a del element, are labelled so, and none of the others is."""
    view = view_of("abcdefgh", "x", tokenizer=CharacterTokenizer(), chunk_size=14)
    record = page_of(view).first("section", "record")

    struck = "".join(each.text for each in record.first("div", "tokens").all("del"))
    cut = [t for t in record.all("span", "token") if t.attributes.get("data-label") == "cut"]
    assert struck == "abcde"
    assert "".join(token.text for token in cut) == "abcde"
    assert facts_of(record)["cut off the prompt"] == "5"


def test_a_dropped_record_says_why() -> None:
    """All tokens of a record that is not trained on are struck through, under the reason."""
    view = view_of("a", "bcdefgh", tokenizer=CharacterTokenizer(), chunk_size=6)
    record = page_of(view).first("section", "record")

    assert "the completion alone has 12 tokens" in record.first("p", "refusal").text
    assert {token.attributes["data-label"] for token in record.all("span", "token")
            if "data-label" in token.attributes} == {"cut"}  # fmt: skip


def test_a_long_text_trains_as_several_sequences() -> None:
    """The first sequences and the last are shown, and how many are left out between them."""
    view = view_of(None, "x" * 95, tokenizer=CharacterTokenizer(), chunk_size=10)
    record = page_of(view).first("section", "record")

    heads = [each.text for each in record.all("h3")]
    assert len(heads) == MOST_SEQUENCES
    assert heads[0] == "sequence 1 of 11: 10 tokens"
    assert heads[-1].startswith("sequence 11 of 11")
    assert record.first("p", "gap").text == "… 7 sequences left out …"


def test_sequences_that_all_fit_have_no_gap() -> None:
    """Nothing is said to be left out where nothing is."""
    for count in (5, 35):
        view = view_of(None, "x" * count, tokenizer=CharacterTokenizer(), chunk_size=20)
        assert list(page_of(view).all("p", "gap")) == []


def test_tokens_without_places_stand_apart() -> None:
    """Where the tokenizer does not tell where tokens stand, text and tokens are shown apart."""
    view = view_of("one two", " three", tokenizer=SlowTokenizer())
    record = page_of(view).first("section", "record")

    assert texts_of(record)["prompt"] == "one two"
    assert record.first("div", "tokens").text.split() == [
        "tokens", "one", "·two", "↵", "##", "↵", "·three", "<unk>", "</s>"
    ]  # fmt: skip


def test_the_inference_prompt_is_exact() -> None:
    """The prompt to send is there as a JSON string that gives it back, and so is the stop."""
    view = view_of("<b>ä\u202e\n", " So.")
    codes = page_of(view).first("dl", "inference").all("code")

    assert [code.text for code in codes] == ['"<b>ä\\u202e\\n\\n##\\n"', '" END"']


def test_a_prompt_to_send_is_whole_among_many_records() -> None:
    """However little room a record has on the page, a prompt of usual length is there to copy."""
    prompt = "word " * 390
    html = page_of(*(view_of(prompt, line=line) for line in range(1, MOST_RECORDS + 1)))

    records = list(html.all("section", "record"))
    assert all("characters left out" in record.first("p", "gap").text for record in records)
    assert {record.first("dl", "inference").first("code").text for record in records} == {
        f'"{prompt}\\n##\\n"'
    }


def test_findings_jump_to_their_record() -> None:
    """The table lists each finding with its code, and links to the record; filters count them."""
    views = [
        view_of(line=3, findings=(finding(3), finding(3, "DT301", "no separator"))),
        view_of(line=7, findings=(finding(7),)),
    ]
    html = page_of(*views)

    rows = list(html.first("table", "findings").first("tbody").all("tr"))
    assert [row.attributes["data-code"] for row in rows] == ["DT203", "DT301", "DT203"]
    assert [row.first("a").attributes["href"] for row in rows] == ["#line-3", "#line-3", "#line-7"]
    assert [each.text for each in html.all("button", "filter")] == ["All 3", "DT203 2", "DT301 1"]
    listed = html.first("section", "record").first("ul", "record-findings").all("li")
    assert [each.text for each in listed] == [
        "DT203 warning found this",
        "DT301 warning no separator",
    ]


def test_many_findings_of_a_record_are_counted() -> None:
    """What is left out of a record's findings is said, in the table and beneath the record."""
    surplus = 5
    findings = tuple(finding(1) for _ in range(MOST_FINDINGS_OF_A_RECORD + surplus))
    html = page_of(view_of(findings=findings))

    assert len(list(html.first("table", "findings").all("tr"))) == MOST_FINDINGS_OF_A_RECORD + 2
    assert html.first("ul", "record-findings").text.count("found this") == MOST_FINDINGS_OF_A_RECORD
    assert "… and 5 more" in html.first("ul", "record-findings").text


def test_a_line_without_a_record_is_shown_raw() -> None:
    """A line that holds no record stands as it is, with the finding, and nothing to send."""
    record = page_of(rejected(b'{"prompt": \xff"<b>"}\n')).first("section", "record")

    assert texts_of(record) == {"line": '{"prompt": \\xff"<b>"}'}
    assert "no record to train on" in record.text
    assert list(record.all("dl", "inference")) == []


def test_hostile_text_is_text() -> None:
    """Markup, scripts, control and bidirectional characters are spelt, wherever they stand."""
    path = f"{HOSTILE}\udcff.jsonl"
    views = [
        view_of(HOSTILE, HOSTILE, findings=(finding(1, message=HOSTILE),)),
        view_of(HOSTILE, HOSTILE, tokenizer=CharacterTokenizer()),
        rejected(HOSTILE.encode()),
    ]
    for number, view in enumerate(views):
        page = render_preview(path, [view], [HOSTILE])
        html = check_page(page)
        text = page.decode("utf-8")
        assert len(list(html.all("script"))) == 2, number
        assert list(html.all("img")) == [], number
        assert html.first("title").text == f"{spelt(HOSTILE)}\\udcff.jsonl: preview"
        assert [c for c in text if not c.isprintable() and c not in "\n"] == []
        assert "&lt;script&gt;" in text
        assert spelt("\x1b[31mred") in html.first("section", "record").text


def spelt(text: str) -> str:
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def test_a_record_of_5_mb_is_elided() -> None:
    """The ends of a huge text are shown, what is missing is counted, and the page stays small."""
    prompt = "start " + "word " * 1_000_000 + "end"
    view = view_of(prompt, " x", tokenizer=WordTokenizer(), chunk_size=10_000_000)
    page = render_preview("data.jsonl", [view])
    record = check_page(page).first("section", "record")

    assert len(page) < 1_000_000
    gap = record.first("p", "gap").text
    shown = texts_of(record)["prompt"]
    assert shown.startswith("start word")
    assert shown.endswith("word end")
    left_out = int(gap.split(" characters")[0].removeprefix("… ").replace(",", ""))
    assert left_out == len(prompt) - len(shown)
    assert "too many for this page" in record.first("dl", "inference").text


@pytest.mark.parametrize("records", [1, 30, MOST_RECORDS])
def test_a_page_has_a_greatest_size(records: int) -> None:
    """However many records there are, the characters on the page stay within its room."""
    tokenizer = CharacterTokenizer()
    views = [
        view_of("p" * 5_000, "c" * 5_000, line=line, tokenizer=tokenizer, chunk_size=20_000)
        for line in range(1, records + 1)
    ]
    page = render_preview("data.jsonl", views)

    tokens = page.count(b"data-index=")
    assert 0 < tokens <= PAGE_CHARACTERS * 1.1
    assert len(page) < LARGEST_PAGE


def test_records_beyond_the_room_are_left_out_and_said_so() -> None:
    """Two hundred records are shown, and a note says that there are more."""
    views = [view_of(line=line) for line in range(1, MOST_RECORDS + 2)]
    html = page_of(*views)

    assert len(list(html.all("section", "record"))) == MOST_RECORDS
    assert html.first("p", "note").text == (
        "a page shows 200 records; the others asked for are left out"
    )


def test_the_same_views_give_the_same_page() -> None:
    """Nothing on a page depends on when or where it is made."""
    view = view_of(tokenizer=CharacterTokenizer())

    assert render_preview("data.jsonl", [view]) == render_preview("data.jsonl", [view])
