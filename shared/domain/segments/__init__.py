"""The segment language: typed fields, parsed conditions, one evaluator, and the reasons why."""
