"""`make bench`: print every figure the README quotes; fail where a budget is broken."""

from __future__ import annotations

import sys

from tests.benchmarks import cold_start, processor


def main() -> int:
    """Run the benchmarks one after another; return 1 if any is over its budget."""
    return max([cold_start.main(), processor.main()])


if __name__ == "__main__":
    sys.exit(main())
