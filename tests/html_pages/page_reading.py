"""A page as a tree, read with the standard library's parser, which no browser's leniency helps."""

import re
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from html.parser import HTMLParser

VOID = {"meta", "link", "br", "img", "input", "hr"}


@dataclass
class Element:
    """A tag, its attributes, and what it holds: elements and texts, in order."""

    tag: str
    attributes: dict[str, str] = field(default_factory=dict)
    children: "list[Element | str]" = field(default_factory=list)

    @property
    def text(self) -> str:
        return "".join(child if isinstance(child, str) else child.text for child in self.children)

    @property
    def classes(self) -> set[str]:
        return set(self.attributes.get("class", "").split())

    def all(self, tag: str | None = None, class_name: str | None = None) -> "Iterator[Element]":
        """The elements inside that have this tag and this class."""
        for child in self.children:
            if isinstance(child, Element):
                if tag in (None, child.tag) and (class_name is None or class_name in child.classes):
                    yield child
                yield from child.all(tag, class_name)

    def first(self, tag: str | None = None, class_name: str | None = None) -> "Element":
        return next(self.all(tag, class_name))


class _Tree(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.root = Element("root")
        self.open = [self.root]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert len(dict(attrs)) == len(attrs), f"<{tag}> has an attribute twice"
        element = Element(tag, {name: value or "" for name, value in attrs})
        self.open[-1].children.append(element)
        if tag not in VOID:
            self.open.append(element)

    def handle_endtag(self, tag: str) -> None:
        assert self.open[-1].tag == tag, f"</{tag}> ends <{self.open[-1].tag}>"
        self.open.pop()

    def handle_data(self, data: str) -> None:
        self.open[-1].children.append(data)


def read(page: bytes) -> Element:
    """The page's html element; every tag that is opened must be closed, in order."""
    tree = _Tree()
    tree.feed(page.decode("utf-8"))
    tree.close()
    assert [element.tag for element in tree.open] == ["root"]
    return tree.root.first("html")


def check_page(page: bytes) -> Element:
    """What holds for every page: it is complete, runs only what is its own, and can be read out."""
    html = read(page)
    assert html.attributes["lang"] == "en"
    assert html.first("title").text
    assert len(list(html.all("h1"))) == 1
    for tag in ("header", "main", "footer"):
        assert len(list(html.all(tag))) == 1
    for head in html.all("th"):
        assert head.attributes["scope"] in ("col", "row")
    identifiers = [each.attributes["id"] for each in html.all() if "id" in each.attributes]
    assert len(identifiers) == len(set(identifiers))
    for element in html.all():
        for name, value in element.attributes.items():
            assert name not in ("src", "style", "srcset", "action"), element
            assert not name.startswith("on"), element
            if name in ("href", "aria-labelledby"):
                target = value.removeprefix("#") if name == "href" else value
                assert target in identifiers, element
    style = html.first("style").text
    assert re.findall(r"url\(|@import|expression", style) == []
    policy = next(
        each.attributes["content"]
        for each in html.all("meta")
        if each.attributes.get("http-equiv") == "Content-Security-Policy"
    )
    scripts = " ".join(hash_of(script.text) for script in html.all("script"))
    assert policy == (
        f"default-src 'none'; style-src {hash_of(style)}; script-src {scripts}; "
        "base-uri 'none'; form-action 'none'"
    )
    return html


def hash_of(text: str) -> str:
    return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"
