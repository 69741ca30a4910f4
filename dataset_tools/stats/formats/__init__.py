"""Output formats of stats: each a module with a `render` function."""
