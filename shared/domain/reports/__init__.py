"""Reports: the days they count by, what each figure means, and how one is asked for."""
