"""Chats as OpenAI's fine-tuning API takes them: `messages`, `tools`, and weights of 0 and 1.

Source: OpenAI's guides to supervised fine-tuning and to function calling.
"""

from dataset_tools.convert.shapes.chat_column import ChatColumn


class OpenAIMessages(ChatColumn):
    """A column `messages` of `{"role": …, "content": …}`."""

    name = "OpenAI messages"
    columns = ("messages",)
