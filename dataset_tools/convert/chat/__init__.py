"""Chats: messages of several roles, rendered as a prompt and the answer to it."""
