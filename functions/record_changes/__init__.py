"""The table's stream in, the change log's newest rows out: one object on S3 per batch."""
