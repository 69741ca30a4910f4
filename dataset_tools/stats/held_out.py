"""The last records of the data, which a recipe may hold out for validation."""

from dataset_tools.stats.record_tokens import RecordTokens


class LastRecords:
    """The tokens of the last `wanted` records, or of all if there are fewer."""

    def __init__(self, wanted: int) -> None:
        self.wanted = wanted
        self.parts: list[RecordTokens] = []  # in order
        self.held = 0

    def add(self, records: RecordTokens) -> None:
        """Take in records that follow."""
        if not self.wanted or not len(records):
            return
        self.parts.append(records[-self.wanted :])
        self.held += len(self.parts[-1])
        while self.held - len(self.parts[0]) >= self.wanted:
            self.held -= len(self.parts.pop(0))
        surplus = max(0, self.held - self.wanted)
        self.parts[0] = self.parts[0][surplus:]
        self.held -= surplus

    def merge(self, later: "LastRecords") -> None:
        """Take in the last of the records that follow."""
        for part in later.parts:
            self.add(part)
