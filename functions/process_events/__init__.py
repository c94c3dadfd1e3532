"""Queue batches in, partial failures out: folds observations into records."""
