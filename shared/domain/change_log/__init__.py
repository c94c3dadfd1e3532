"""The change log: which rows a document leaves in it, of which columns, in which files."""
