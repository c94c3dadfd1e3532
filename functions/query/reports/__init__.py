"""Reports as SQL over the change log: what each counts, its groups, and the rows behind it."""
