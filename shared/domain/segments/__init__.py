"""The segment language: typed fields, parsed conditions, a predicate and SQL that agree."""
