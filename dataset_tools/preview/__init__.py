"""Preview: records as the trainer will see them, as data; `terminal` and `json_lines` show it."""

from dataset_tools.preview.rows import Row, Rows
from dataset_tools.preview.view import RecordView, RejectedLine, view_record

__all__ = ["RecordView", "RejectedLine", "Row", "Rows", "view_record"]
