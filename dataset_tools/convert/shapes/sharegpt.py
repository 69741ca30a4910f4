"""Chats in ShareGPT's format: `conversations`, with `from` and `value` or with OpenAI's names."""

from dataset_tools.convert.shapes.chat_column import ChatColumn


class ShareGPTConversations(ChatColumn):
    """A column `conversations` or `conversation` of `{"from": …, "value": …}`."""

    name = "ShareGPT conversations"
    columns = ("conversations", "conversation")
