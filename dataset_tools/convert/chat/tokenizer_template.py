"""The chat template that comes with a model's tokenizer: the model's own format and signs.

The prompt is what the template makes of the messages before the answer, with the sign that the
assistant is to speak; the completion is what the answer adds to that. BOS in front and EOS at the
end are taken off where the trainer puts them there by itself (`dataset_tools.tokens`).
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from dataset_tools.convert.chat.json_cell import json_text
from dataset_tools.convert.chat.message import Message
from dataset_tools.convert.chat.openai_form import message_as_openai
from dataset_tools.convert.chat.stand_ins import ChatForm, LeftOut, disguised, form_of
from dataset_tools.convert.table import RowError
from dataset_tools.errors import InputError, MissingExtraError
from dataset_tools.printable import elided, printable
from dataset_tools.tokenizer import ModelTokenizer, load_tokenizer

_REMEDY = "use another template, such as --chat-template plain"
_PROBE = [{"role": "user", "content": "a"}]
_MOST_FORMS = 10_000  # of chats, remembered


@dataclass(frozen=True, slots=True)
class TokenizerTemplate:
    """Renders chats as the model was taught to read them."""

    transformers_tokenizer: Any
    bos_token: str = ""  # that the trainer puts before a prompt, "" where it puts none
    eos_token: str = ""
    separator: str = ""
    left_out: dict[ChatForm, LeftOut | None] = field(default_factory=dict, compare=False)

    def render(
        self, before: Sequence[Message], answer: Message, tools: Sequence[Mapping[str, object]] = ()
    ) -> tuple[str, str]:
        """The prompt and the completion.

        Raises RowError where the template refuses the chat, leaves a part of it out, or writes the
        messages before the answer otherwise once the answer follows.
        """
        messages = [*before, answer]
        prompt = self._apply(before, tools, add_generation_prompt=True)
        whole = self._apply(messages, tools)
        if not whole.startswith(prompt):
            raise RowError(
                f"{answer.place}: the chat template writes what stands before this answer "
                "otherwise once the answer follows; train other answers (--turns last) or "
                f"{_REMEDY}"
            )
        self._require_all_shown(messages, tools)
        completion = whole[len(prompt) :]
        ending = completion.rstrip()
        if self.eos_token and ending.endswith(self.eos_token):
            completion = ending.removesuffix(self.eos_token)
        if not completion.strip():
            raise RowError(f"{answer.place}: the chat template makes nothing of the answer")
        return prompt.removeprefix(self.bos_token), completion

    def _apply(
        self,
        messages: Sequence[Message],
        tools: Sequence[Mapping[str, object]],
        add_generation_prompt: bool = False,
    ) -> str:
        written = [message_as_openai(message) for message in messages]
        try:
            try:
                return self._rendered(written, tools, add_generation_prompt)
            except TypeError:  # some templates take the arguments of calls for text, as OpenAI does
                written = [message_as_openai(message, json_text) for message in messages]
                return self._rendered(written, tools, add_generation_prompt)
        except Exception as error:  # a template is a program of the model's makers: any may come
            reason = elided(printable(str(error).strip() or type(error).__name__))
            raise RowError(
                f"{messages[-1].place}: the chat template refuses the messages up to this one: "
                f"{reason}; mend the chat or {_REMEDY}"
            ) from error

    def _rendered(
        self,
        messages: Sequence[Mapping[str, object]],
        tools: Sequence[Mapping[str, object]],
        add_generation_prompt: bool,
    ) -> str:
        rendered: str = self.transformers_tokenizer.apply_chat_template(
            list(messages),
            tools=list(tools) or None,
            add_generation_prompt=add_generation_prompt,
            tokenize=False,
        )
        return rendered

    def _require_all_shown(
        self, messages: Sequence[Message], tools: Sequence[Mapping[str, object]]
    ) -> None:
        """Raise RowError for a part that chats of this form lose; once tried, it is remembered."""
        form = form_of(messages, tools)
        if form not in self.left_out:
            if len(self.left_out) >= _MOST_FORMS:
                self.left_out.clear()
            disguise = disguised(messages, tools)
            shown = self._apply(disguise.messages, disguise.tools)
            self.left_out[form] = disguise.first_missing(shown)
        left_out = self.left_out[form]
        if left_out is not None:
            place = "" if left_out.message is None else f"{messages[left_out.message].place}: "
            raise RowError(f"{place}the chat template leaves out {left_out.what}; {_REMEDY}")


def load_tokenizer_template(name: str) -> TokenizerTemplate:
    """The chat template of a tokenizer: a folder, a file or a hub name.

    Raises MissingExtraError without the extra `tokens`, InputError where no tokenizer loads or its
    template is missing or no template.
    """
    tokenizer = load_tokenizer(name)
    try:
        from jinja2 import TemplateSyntaxError
    except ImportError as error:
        raise MissingExtraError("reading a chat template", "tokens") from error
    own = tokenizer.transformers_tokenizer
    try:
        if not getattr(own, "chat_template", None):
            raise ValueError("it has none")
        own.get_chat_template()  # raises ValueError where it has several and no default
        with _refusals_allowed(TemplateSyntaxError):
            own.apply_chat_template(_PROBE, tokenize=False)
    except (ValueError, TemplateSyntaxError) as error:
        reason = str(error).strip().partition("\n")[0]
        raise InputError(
            f"{name}: the tokenizer has no chat template that can be used: {reason}; name the "
            "tokenizer of a chat model, or give --chat-template plain"
        ) from error
    return TokenizerTemplate(own, *_added_tokens(tokenizer))


@contextmanager
def _refusals_allowed(but: type[Exception]) -> Iterator[None]:
    """A template may refuse a chat as short as the probe, in whatever way it does so."""
    try:
        yield
    except but:
        raise
    except Exception:  # a template is a program of the model's makers: any may come
        pass


def _added_tokens(tokenizer: ModelTokenizer) -> tuple[str, str]:
    """What the trainer puts before and behind every record, as text."""
    own = tokenizer.transformers_tokenizer
    return own.bos_token if tokenizer.bos_id is not None else "", own.eos_token
