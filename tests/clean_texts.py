"""Clean data of many kinds, without marks: what lint must have nothing to say about.

Each kind is a function of a seeded random generator that returns (prompt, completion); a prompt
of None makes a text record.
"""

import json
from collections.abc import Callable
from random import Random

Row = tuple[str | None, str]
Kind = Callable[[Random, int], Row]

_NOUNS = ["river", "bridge", "teacher", "garden", "letter", "engine", "market", "doctor", "valley"]
_VERBS = ["crosses", "repairs", "paints", "follows", "describes", "opens", "finds", "measures"]
_PLACES = ["Lisbon", "Oslo", "Quito", "Nairobi", "Hanoi", "Perth", "Turin", "Leeds", "Kyoto"]
_LABELS = ["positive", "negative", "neutral"]


def _sentence(rng: Random, n: int) -> str:
    return (
        f"The {rng.choice(_NOUNS)} {rng.choice(_VERBS)} the {rng.choice(_NOUNS)} near "
        f"{rng.choice(_PLACES)} {n}"
    )


def _prose(rng: Random, n: int, sentences: int = 3) -> str:
    return " ".join(f"{_sentence(rng, n + each)}{rng.choice('...!?')}" for each in range(sentences))


def _verse(rng: Random, n: int) -> str:
    return "\n".join(f"{_sentence(rng, n + each)}{rng.choice([',', '', ';'])}" for each in range(4))


def _python(rng: Random, n: int) -> str:
    name, other = rng.choice(_NOUNS), rng.choice(_NOUNS)
    return (
        f"def {name}_{n}({other}):\n    total = {other} * {n}\n    return f'{{total}} {{{other}}}'"
    )


def _javascript(rng: Random, n: int) -> str:
    return (
        f"const {rng.choice(_NOUNS)}{n} = ({{name, text}}) => {{\n"
        f"  return `Hello ${{name}}, ${{text}}: {n}`;\n}};"
    )


def _markdown(rng: Random, n: int) -> str:
    return (
        f"# {rng.choice(_PLACES)} {n}\n\n* {_sentence(rng, n)}\n* {_sentence(rng, n + 1)}\n\n"
        f"[your guide](https://example.org/{n}) and **{rng.choice(_NOUNS)}**"
    )


def _yaml(rng: Random, n: int) -> str:
    return f"---\nname: {rng.choice(_NOUNS)}\nid: {n}\nplaces:\n  - {rng.choice(_PLACES)}\n---\n"


def _html(rng: Random, n: int) -> str:
    return f"<div>\n<p>{_sentence(rng, n)}: <s>{n}</s> {n // 2} euros</p>\n</div>"


def _chat(rng: Random, n: int) -> str:
    return f"User: {_sentence(rng, n)}?\nAgent: {_sentence(rng, n + 1)}.\nUser: Thanks!\nAgent:"


def _chinese(rng: Random, n: int) -> str:
    season, place = rng.choice("春夏秋冬"), rng.choice("东西南北")
    return f"第{n}章讲述{rng.choice('山水花鸟')}与{season}天的故事，作者住在{place}方。"


def _arabic(rng: Random, n: int) -> str:
    return f"ما هو {rng.choice(['النهر', 'الجسر', 'السوق'])} رقم {n} في المدينة القديمة؟"


def _persian(rng: Random, n: int) -> str:
    return f"کتاب شماره {n} درباره {rng.choice(['تاریخ', 'ادبیات', 'هنر'])} نوشته شده است."


def _hindi(rng: Random, n: int) -> str:
    return f"यह {rng.choice(['पुस्तक', 'नदी', 'बाज़ार'])} संख्या {n} के बारे में एक छोटी कहानी है।"


def _turns(rng: Random, n: int) -> str:
    return f"<|im_start|>user\n{_sentence(rng, n)}?<|im_end|>\n<|im_start|>assistant\n"


def _llama_turns(rng: Random, n: int) -> str:
    return f"[INST] <<SYS>>\nBe kind.\n<</SYS>>\n\n{_sentence(rng, n)}? [/INST]"


def _mixed_answer(rng: Random, n: int) -> str:
    """Mostly prose, and now and then a list, a table, code, an address or a letter."""
    forms = {
        1: f"- {_sentence(rng, n)}\n- {_sentence(rng, n + 1)}",
        2: f"Here is the list:\n1. the first of the {_NOUNS[0]}s\n2. the second of them all",
        3: f"Dear reader,\n{_sentence(rng, n)}.\n\nKind regards,\nAnna of {rng.choice(_PLACES)}",
        4: f"See https://example.org/{n}/{rng.choice(_NOUNS)}",
        5: f"| a | b |\n| --- | --- |\n| {n} | {_sentence(rng, n)} |",
        6: _python(rng, n),
        7: f"{_prose(rng, n)} 😊",
        8: _verse(rng, n),
    }
    return forms.get(n % 80) or _prose(rng, n)


def _some_code(rng: Random, n: int) -> str:
    """Mostly prose, and now and then a language whose strings hold names in braces."""
    code = [
        'fn main() {\n    println!("Hello {name}");\n}',
        'fun main() {\n    println("Hello ${name}")\n}',
        'Console.WriteLine($"Dear {name}, your {text}");',
        '"Dear {name}".format(name=reader)',
        "@article{key,\n  title = {Summary},\n  year = 2020\n}",
        "- hosts: all\n  tasks:\n    - name: greet\n      debug: msg={{ user_name }}",
        "#!/bin/sh\ncp ${input} ${output}",
        "\\section*{Summary}\nThe text.",
        "<li v-for='each in all'>{{ each_name }}</li>",
        "import {name} from './names'",
    ]
    return code[n // 30 % len(code)] if n % 30 == 0 else _prose(rng, n)


KINDS: dict[str, Kind] = {
    "some code": lambda r, n: (f"{_sentence(r, n)}?", _some_code(r, n)),
    "questions and answers": lambda r, n: (f"{_sentence(r, n)}?", f"{_sentence(r, n + 1)}."),
    "answers after a space": lambda r, n: (f"Q: {_sentence(r, n)}?\nA:", f" {_sentence(r, n)}."),
    "prose": lambda r, n: (None, _prose(r, n)),
    "prose and a newline": lambda r, n: (None, _prose(r, n) + "\n"),
    "paragraphs": lambda r, n: (None, "\n\n".join(_prose(r, n + each) for each in range(3))),
    "poems": lambda r, n: (f"A poem on {r.choice(_NOUNS)} {n}", _verse(r, n)),
    "mixed answers": lambda r, n: (f"{_sentence(r, n)}?", _mixed_answer(r, n)),
    "Python": lambda r, n: (f"Write function {n}: {_sentence(r, n)}.", _python(r, n)),
    "JavaScript": lambda r, n: (f"Component {n}: {_sentence(r, n)}", _javascript(r, n)),
    "some JavaScript": lambda r, n: (
        f"{_sentence(r, n)}?",
        _javascript(r, n) if n % 9 == 0 else _prose(r, n),
    ),
    "templates": lambda r, n: (
        f"A page for {r.choice(_NOUNS)} {n}",
        f"<h1>{{{{ page_title }}}}</h1>\n<p>{n}</p>",
    ),
    "a few templates": lambda r, n: (
        f"{_sentence(r, n)}?",
        "Write it as `{name}` or {{ user_name }} in Jinja." if n % 50 == 0 else _prose(r, n),
    ),
    "SQL": lambda r, n: (
        f"List the {r.choice(_NOUNS)}s of {n}",
        f"SELECT * FROM t WHERE id = {n};",
    ),
    "SQL without a semicolon": lambda r, n: (
        f"Count {r.choice(_NOUNS)}s of {n}",
        f"SELECT a FROM t{n} WHERE b IS NOT NULL",
    ),
    "Markdown": lambda r, n: (f"Notes on {r.choice(_NOUNS)} {n}", _markdown(r, n)),
    "Markdown rules": lambda r, n: (None, f"{_prose(r, n)}\n\n---\n\n{_prose(r, n + 5)}"),
    "fenced code": lambda r, n: (f"Show {n}", f"```python\n{_python(r, n)}\n```"),
    "JSON": lambda r, n: (
        f"Extract: {_sentence(r, n)}",
        json.dumps({"name": r.choice(_NOUNS), "ids": [n, {}]}),
    ),
    "nested JSON": lambda r, n: (
        f"Parse {n} {r.choice(_NOUNS)}",
        f'{{"a": {{"b": {{"c": {n}}}}}}}',
    ),
    "HTML": lambda r, n: (f"Page {n} on {r.choice(_NOUNS)}", _html(r, n)),
    "XML": lambda r, n: (f"Item {n}", f"<item id='{n}'><name>{r.choice(_NOUNS)}</name></item>"),
    "comma separated": lambda r, n: (f"Row {n}", f"{n},{r.choice(_NOUNS)},{r.choice(_PLACES)}"),
    "chat transcripts": lambda r, n: (_chat(r, n), f" {_sentence(r, n)}."),
    "instructions": lambda r, n: (
        f"### Instruction:\n{_sentence(r, n)}\n\n### Response:\n",
        f"{_prose(r, n)}",
    ),
    "chat template": lambda r, n: (_turns(r, n), f"{_prose(r, n)}<|im_end|>"),
    "chat template as text": lambda r, n: (None, f"{_turns(r, n)}{_prose(r, n)}<|im_end|>\n"),
    "Llama chat": lambda r, n: (_llama_turns(r, n), f" {_prose(r, n)}"),
    "sums": lambda r, n: (f"{n} + {r.randrange(99)} =", f" {n + r.randrange(99)}"),
    "tight sums": lambda r, n: (f"{n}+{n}=", f"{n + n}"),
    "derivations": lambda r, n: (f"Solve x - {n} = 1", f"x - {n} = 1\nx = {n + 1}"),
    "LaTeX": lambda r, n: (f"Derive no. {n}", f"$$\\frac{{{n}}}{{x}} = \\text{{name}}_{{{n}}}$$"),
    "YAML": lambda r, n: (f"Settings {n} for {r.choice(_NOUNS)}", _yaml(r, n)),
    "lists": lambda r, n: (
        f"Three {r.choice(_NOUNS)}s for {n}",
        f"- {r.choice(_NOUNS)}\n- {r.choice(_PLACES)}\n- {n}",
    ),
    "Chinese": lambda r, n: (f"请介绍第{n}章{r.choice('山水')}。", _chinese(r, n)),
    "Chinese prose": lambda r, n: (None, "\u3000\u3000" + _chinese(r, n) * 3),
    "Arabic": lambda r, n: (_arabic(r, n), _arabic(r, n + 1).replace("؟", ".")),
    "Persian": lambda r, n: (f"خلاصه کتاب {n} چیست؟", _persian(r, n)),
    "Hindi": lambda r, n: (f"कहानी {n} बताओ?", _hindi(r, n)),
    "emoji": lambda r, n: (
        f"Mood of day {n}, {r.choice(_PLACES)}?",
        f"{_sentence(r, n)} {r.choice('😀🎉')}",
    ),
    "hearts": lambda r, n: (f"A card for {n}, {r.choice(_PLACES)}", f"{_sentence(r, n)} ❤️"),
    "labels": lambda r, n: (f"{_sentence(r, n)}. Sentiment:", f" {r.choice(_LABELS)}"),
    "labels in capitals": lambda r, n: (f"{_sentence(r, n)}?", r.choice(["YES", "NO", "MAYBE"])),
    "one word": lambda r, n: (f"Opposite of {r.choice(_NOUNS)} {n}?", r.choice(_NOUNS)),
    "numbers": lambda r, n: (f"How many {r.choice(_NOUNS)}s in {n}?", f"{n}"),
    "Answer:": lambda r, n: (f"Question: {_sentence(r, n)}?\n\nAnswer:", f" {_sentence(r, n)}."),
    "colon": lambda r, n: (f"Translate {_sentence(r, n)}:", f"{_sentence(r, n + 3)}."),
    "prompts with a newline": lambda r, n: (f"{_sentence(r, n)}?\n", f"{_sentence(r, n)}.\n"),
    "ellipses": lambda r, n: (f"{_sentence(r, n)}...", f"...{_sentence(r, n + 1)}..."),
    "quotations": lambda r, n: (
        f"Quote {n}, {r.choice(_PLACES)}",
        f"\u201c{_sentence(r, n)}.\u201d",
    ),
    "corrections": lambda r, n: (
        text := _sentence(r, n) + ".",
        text if n % 5 == 0 else text.replace("the", "a"),
    ),
    "continuations": lambda r, n: (text := f"{_sentence(r, n)} and then", f"{text} it rained."),
    "titles to articles": lambda r, n: (
        f"{r.choice(_PLACES)} {n}",
        f"{r.choice(_PLACES)} {n}: {_prose(r, n)}",
    ),
    "long titles": lambda r, n: (f"{_sentence(r, n)}", f"{_prose(r, n)}"),
    "empty prompts": lambda r, n: ("", _prose(r, n)),
    "C": lambda r, n: (
        f"C function {n}, {r.choice(_NOUNS)}",
        f"int f{n}(void) {{\n    return {n};\n}}",
    ),
    "indented code": lambda r, n: (
        f"def {r.choice(_NOUNS)}_{n}(x):\n",
        f"{'    ' * (1 + (n % 7 == 0))}return x + {n}\n",
    ),
    "shell": lambda r, n: (
        f"Copy {n} to {r.choice(_PLACES)}",
        f'cp file{n} "${{name}}" && echo $?',
    ),
    "addresses": lambda r, n: (
        f"Route {n} of {r.choice(_NOUNS)}",
        f"GET /users/{{name}}/items/{n}",
    ),
    "regular expressions": lambda r, n: (f"Match {n} or {r.choice(_NOUNS)}", f"^[a-z]{{{n}}}$"),
    "arrows": lambda r, n: (f"f{n}: A -> B", f"x{n} -> {r.choice(_NOUNS)}"),
    "rules of a grammar": lambda r, n: (f"Rule {n}", f"s{n} ::= <{r.choice(_NOUNS)}> | <x>"),
    "stars": lambda r, n: (f"Rate {r.choice(_PLACES)} {n}", "*" * (1 + n % 5)),
    "names of people": lambda r, n: (
        f"Who is no. {n}, {r.choice(_NOUNS)}?",
        f"{r.choice(_PLACES)} Smith",
    ),
}


def rows_of(kind: str, count: int = 320, seed: int = 0) -> list[Row]:
    """The rows of a kind; the same for the same arguments."""
    rng = Random(f"{kind} {seed}")
    return [KINDS[kind](rng, number) for number in range(count)]


def as_lines(rows: list[Row]) -> bytes:
    """The rows as the bytes of a data file."""
    lines = (
        {"text": completion} if prompt is None else {"prompt": prompt, "completion": completion}
        for prompt, completion in rows
    )
    return b"".join(json.dumps(line, ensure_ascii=False).encode() + b"\n" for line in lines)
