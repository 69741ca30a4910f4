"""Encodings: detected, named, and refused with the place where two are mixed."""

import encodings
import io
import itertools
import pkgutil
from pathlib import Path

import pytest
from tables import head_of, outline, refusal, rows_of, write

from dataset_tools.convert.readers.text_encoding import as_utf8
from dataset_tools.errors import InputError

WESTERN = "prompt,completion\nÇa va?,très bien\nGröße,mañana\n"
LEGACY = [
    ("cp1252", WESTERN),
    ("cp1252", "a,b\n“quoted”,5 €\n"),
    ("cp1251", "текст,ответ\nПривет как дела,всё хорошо\nПётр ушёл домой,да конечно\n"),
    ("cp1250", "a,b\nZażółć gęślą jaźń,ósmy\nŁódź,święto\nDziękuję bardzo,proszę\n"),
    ("cp932", "質問,回答\nこんにちは世界,今日は良い天気です\n"),
    ("gb18030", "问题,答案\n你好世界,今天天气很好\n我们去公园吧,好的没有问题\n"),
    ("cp949", "질문,답변\n안녕하세요 세계,오늘 날씨가 좋습니다\n"),
    ("cp1253", "ερώτηση,απάντηση\nΚαλημέρα κόσμε,τι κάνεις\n"),
]


@pytest.mark.parametrize(("encoding", "text"), LEGACY)
def test_an_older_encoding_is_detected_and_named(encoding: str, text: str, tmp_path: Path) -> None:
    """The text comes out right, and the note says what was taken for granted."""
    path = write(tmp_path, "x.csv", text.encode(encoding))

    header, first = text.splitlines()[:2]
    assert dict(zip(header.split(","), first.split(","), strict=True)) == rows_of(path)[0]
    expected = (f"read as {encoding} (detected); --encoding names another",)
    assert expected == head_of(path).notes


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "utf-32-le"])
def test_unicode_without_a_mark_is_told_by_its_zeros(encoding: str, tmp_path: Path) -> None:
    """As files of other systems come."""
    path = write(tmp_path, "x.csv", WESTERN.encode(encoding))

    assert rows_of(path)[0]["completion"] == "très bien"


@pytest.mark.parametrize("name", ["x.csv", "x.txt", "x.json", "x.jsonl"])
def test_a_named_encoding_wins(name: str, tmp_path: Path) -> None:
    """Whatever the bytes look like."""
    content = {"x.csv": "a,b\né,1\n", "x.txt": "é\n"}.get(name, '{"a": "é"}\n')
    path = write(tmp_path, name, content.encode())

    assert next(iter(rows_of(path, encoding="cp1252")[0].values())) == "Ã©"


@pytest.mark.parametrize("encoding", ["klingon", "base64", "", "a\0b"])
def test_an_unknown_encoding_is_refused(encoding: str, tmp_path: Path) -> None:
    """And the message gives some that are known."""
    message = refusal(write(tmp_path, "x.csv", "a,b\n1,2\n"), encoding=encoding)

    assert message.startswith(
        f"--encoding {encoding!r} is not known; expected a name such as utf-8"
    )


@pytest.mark.parametrize(
    ("content", "place"),
    [
        ("a,b\né,1\n".encode() + "xü,é\n".encode("cp1252"), "x.csv:3:2"),
        ("a,b\nü,é\n".encode("cp1252") + "é,1\n".encode() * 3, "x.csv:2:1"),
        ("é,b\n".encode() * 400_000 + b"1234\xff\n", "x.csv:400001:5"),
    ],
)
def test_mixed_encodings_are_refused_where_they_meet(
    content: bytes, place: str, tmp_path: Path
) -> None:
    """Before the first row is read, with line and column of the first bad byte."""
    message = refusal(write(tmp_path, "x.csv", content))

    assert message.startswith(f"{place}: the byte 0x")
    assert "the file mixes encodings" in message


def test_a_file_cut_within_a_character_is_no_mixture(tmp_path: Path) -> None:
    """The message says what happened."""
    message = refusal(write(tmp_path, "x.csv", "a,b\né,é".encode()[:-1]))

    assert message.startswith("x.csv:2:3: the byte 0xC3 is not UTF-8: the file ends within")


def test_a_letter_that_is_utf8_by_chance_is_no_mixture(tmp_path: Path) -> None:
    """Russian `Её` in Windows-1251 is a character of UTF-8, too."""
    text = "вопрос,ответ\n" + "как дела сегодня,всё хорошо у нас\n" * 50 + "Её дом,да\n"

    assert rows_of(write(tmp_path, "x.csv", text.encode("cp1251")))[-1]["вопрос"] == "Её дом"


def test_characters_that_are_utf8_by_chance_are_no_mixture(tmp_path: Path) -> None:
    """Pairs of bytes of Chinese are so more often than single letters."""
    text = "问题,答案\n你好世界,今天天气很好\n我们去公园吧,好的没有问题\n" * 2 + "模,好\n"

    assert rows_of(write(tmp_path, "x.csv", text.encode("gb18030")))[-1]["问题"] == "模"


@pytest.mark.parametrize(
    ("encoding", "content", "expected"),
    [
        ("utf-8", b"a,b\n1,\xe9\n", "x.csv:2:3: the byte 0xE9 is no character in utf-8"),
        ("ascii", "a,b\nxé,1\n".encode(), "x.csv:2:2: the byte 0xC3 is no character in ascii"),
        ("cp1252", b"a,b\n1,\x81\n", "x.csv:2:3: the byte 0x81 is no character in cp1252"),
        ("utf-16-le", "a,b\n1,é\n".encode("utf-16-le")[:-1], "x.csv:2:4: the byte 0x0A"),
    ],
)
def test_a_byte_that_the_named_encoding_lacks_is_refused(
    encoding: str, content: bytes, expected: str, tmp_path: Path
) -> None:
    """With its line and column."""
    message = refusal(write(tmp_path, "x.csv", content), encoding=encoding)

    assert message.startswith(expected)
    assert "as given by --encoding" in message


def test_the_column_counts_characters_without_the_byte_order_mark(tmp_path: Path) -> None:
    """As an editor counts them."""
    content = "\ufeffä,b\n".encode() + b"\xff"
    first_line = "\ufeffää".encode() + b"\xff,b\n"

    assert refusal(write(tmp_path, "x.csv", content)).startswith("x.csv:2:1:")
    assert refusal(write(tmp_path, "x.csv", first_line)).startswith("x.csv:1:3:")


def test_a_bad_byte_across_chunks_is_found_at_its_place(tmp_path: Path) -> None:
    """Files are checked a megabyte at a time."""
    before = "x" * (1024 * 1024 - 1)
    content = f"{before}é\n".encode() * 2 + b"\xc3(\n"

    assert refusal(write(tmp_path, "x.txt", content)).startswith("x.txt:3:1: the byte 0xC3")

    content = "é".encode() + b"x" * (1024 * 1024 - 3) + b"\xc3" + b"x" * 10
    message = refusal(write(tmp_path, "x.txt", content))
    assert message.startswith(f"x.txt:1:{1024 * 1024 - 1}: the byte 0xC3 is not UTF-8, but other")


def test_json_lines_are_judged_line_by_line(tmp_path: Path) -> None:
    """One line in another encoding is an error in its row's place, as lint has it."""
    path = write(tmp_path, "x.jsonl", b'{"a": "\xe9"}\n{"a": "\xc3\xa9"}\n')

    error = "column 8: invalid UTF-8 byte, expected UTF-8 text; --encoding names another"
    assert [(1, error), (2, {"a": "é"})] == outline(path)


@pytest.mark.parametrize("name", ["x.csv", "x.json", "x.jsonl", "x.txt"])
def test_an_encoding_that_the_file_is_not_in_is_refused(name: str, tmp_path: Path) -> None:
    """In one line, though Python's decoder stops without telling a place."""
    path = write(tmp_path, name, '[{"a": "b"}]\n')

    assert refusal(path, encoding="utf-16") == (
        f"{name}: the file is not utf-16, as given by --encoding (UTF-16 stream does not start "
        "with BOM); name the order of its bytes, utf-16-le or utf-16-be, or leave out --encoding "
        "to have it told by the data"
    )


@pytest.mark.parametrize("encoding", ["punycode", "IDNA", "unicode_escape", "raw-unicode-escape"])
def test_an_encoding_that_no_file_is_in_is_refused(encoding: str, tmp_path: Path) -> None:
    """Those of domain names and of source code, which would change the text."""
    message = refusal(write(tmp_path, "x.csv", "a,b\n1,2\n"), encoding=encoding)

    assert message.startswith(f"--encoding {encoding!r} is not one that files are in; expected a")


def test_every_encoding_reads_any_bytes_or_refuses_them() -> None:
    """None of Python's decoders lets another error through, nor text that is no UTF-8."""
    samples = [b"a,b\n", "é\n".encode(), b"\x1b$B", b"+AA", b"~{", b"\xff\xfe", b"\xed\xa0\x80"]
    for _, encoding, _ in pkgutil.iter_modules(encodings.__path__):
        for parts in itertools.product(samples, repeat=3):
            try:
                with as_utf8(io.BytesIO(b"".join(parts)), "x", encoding) as (stream, _):
                    stream.read().decode()
            except InputError as error:
                assert "\n" not in str(error)
