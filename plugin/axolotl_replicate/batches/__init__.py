"""Which rows an optimizer step trains on, whatever the micro-batches and processes."""
