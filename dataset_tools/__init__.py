"""Lint, convert and preview fine-tuning data, and render it the way the trainer will see it."""

__version__ = "0.1.0"
