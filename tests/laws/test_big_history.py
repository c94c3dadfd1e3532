"""An import of thousands of objects, killed five times on the way, is the import left alone.

`make bench` does the same with a hundred thousand, and watches memory and speed.
"""

from __future__ import annotations

from pathlib import Path

from tests.support.big_import import run
from tests.support.stripe_big import BigBusiness

OBJECTS = 2_000
KILLS = 5


def test_an_import_killed_five_times_comes_to_the_same_records(tmp_path: Path) -> None:
    whole = run(OBJECTS, tmp_path)
    killed = run(OBJECTS, tmp_path, kills=KILLS)

    assert (whole.killed, killed.killed) == (0, KILLS)
    assert (killed.digests, killed.imported, killed.pages) == (
        whole.digests,
        whole.imported,
        whole.pages,
    )
    for each in (whole, killed):
        assert (each.status, each.imported, each.rejected) == ("ready", each.objects, 0)
        assert each.expected() == BigBusiness(OBJECTS).expected()
        # Live events came in between; what was imported may fire nothing.
        assert (each.live > 0, each.fires) == (True, 0)
