"""Shapes that are two columns, or three: a question and its answer under one name or another."""

from dataset_tools.convert.shapes.shape import Shape

COLUMN_PAIRS: tuple[type[Shape], ...] = ()
