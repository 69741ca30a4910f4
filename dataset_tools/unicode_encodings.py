"""Tells UTF-16 and UTF-32 from UTF-8 by how a text begins."""

from codecs import BOM_UTF16_BE, BOM_UTF16_LE, BOM_UTF32_BE, BOM_UTF32_LE

# longest first: UTF-32's little-endian mark begins with UTF-16's
_MARKS = {
    BOM_UTF32_LE: "UTF-32",
    BOM_UTF32_BE: "UTF-32",
    BOM_UTF16_LE: "UTF-16",
    BOM_UTF16_BE: "UTF-16",
}
# without a mark, the zero bytes among the first four tell (RFC 4627, section 3): JSON begins with
# two characters of ASCII, and so do headers of tables
_ZEROS: dict[tuple[bool, ...], str] = {
    (True, True, True, False): "UTF-32BE",
    (True, False, True, False): "UTF-16BE",
    (False, True, True, True): "UTF-32LE",
    (False, True, False, True): "UTF-16LE",
}


def other_than_utf8(head: bytes) -> str | None:
    """The Unicode encoding of a text that starts so, as iconv and Python know it; None for UTF-8.

    A name without byte order (`UTF-16`) is that of a text with a byte order mark.
    """
    for mark, encoding in _MARKS.items():
        if head.startswith(mark):
            return encoding
    return _ZEROS.get(tuple(byte == 0 for byte in head[:4]))
