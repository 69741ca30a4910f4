"""Preview: records as the trainer will see them, as data; `terminal` and `json_lines` show it."""

from dataset_tools.preview.rows import RowChoice, read_rows
from dataset_tools.preview.view import RecordView, view_record

__all__ = ["RecordView", "RowChoice", "read_rows", "view_record"]
