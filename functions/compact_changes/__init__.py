"""The change log made tidy: tails folded into Parquet, many files into few, garbage removed."""
