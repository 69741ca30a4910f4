"""Conversion: rows of any table become training records, and records become lines."""
