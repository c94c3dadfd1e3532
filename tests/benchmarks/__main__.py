"""`make bench`: print every figure the README quotes; fail where a budget is broken."""

from __future__ import annotations

import sys

from tests.benchmarks import (
    automations,
    cold_start,
    costs,
    history,
    post_to_post,
    processor,
    recorder,
    reports,
)


def main() -> int:
    """Run the benchmarks one after another; return 1 if any is over its budget."""
    figures = [cold_start.main(), processor.main(), automations.main(), post_to_post.main()]
    return max([*figures, recorder.main(), history.main(), reports.main(), costs.main()])


if __name__ == "__main__":
    sys.exit(main())
