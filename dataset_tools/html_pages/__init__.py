"""HTML pages: views and reports as one self-contained file each; `preview` and `stats` call it."""
