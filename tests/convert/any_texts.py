"""Texts for property tests: any at all, and those that readers of tables like to change."""

from hypothesis import strategies as st

TRAPS = (
    "", " ", "NA", "null", "NaN", "None", "TRUE", "00123", "1e5", "1.50", "2024-01-05", "=1+1",
    "#N/A", "a,b", "a;b", "a\tb", 'say "hi"', "'", "a\nb", "a\r\nb", "a\rb", "\n", " lead", "end ",
    "é", "😀", "שלום", "\u2028", "\u0085", "\ufeff", "\x00", "\x1f", "_x000D_", "\\", '\\"', "{a}",
)  # fmt: skip
TEXTS = st.one_of(st.sampled_from(TRAPS), st.text(st.characters(exclude_categories=["Cs"])))
