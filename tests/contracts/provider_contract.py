"""What every provider must do, as one suite: its door, its parser, and whole lives at it.

A provider subclasses `ProviderContract` in `tests/contracts/test_providers.py`, says how its world
speaks, and inherits every row. What is sent badly is the doors' contract to ask, which the
subclass names; here the question is what becomes of everything that is sent well. Where a provider
differs an attribute says so and the row asks for the other answer: no row is ever left out.
"""

from __future__ import annotations

import json
import random
import subprocess
import sys
from base64 import b64encode
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

import pytest

from shared.domain.envelope import EventEnvelope
from shared.domain.errors import Quarantined
from shared.domain.observations import Parsed
from shared.providers.catalogue import PROVIDERS
from tests.contracts.door_contract import NOW, DoorContract, FakeQueue, FakeSecrets, post
from tests.contracts.provider_lives import Books, Letter, Life, shuffled
from tests.laws.recorded import drifted, recorded, unlike
from tests.support.shop import Shop

ROOT = Path(__file__).parents[2]
# What parses letters in a process of its own, which knows nothing of what this one has done.
_ELSEWHERE = """
import json, sys
from base64 import b64decode
from shared.providers.catalogue import PROVIDERS
provider, letters = json.load(sys.stdin)
print(json.dumps([repr(PROVIDERS[provider].parse(b64decode(b), h)) for b, h in letters]))
"""


class ProviderContract:
    """All rows; what a provider's subclass must fill in is the first block."""

    # Its name in the catalogue, and its door's test; None where no webhooks come.
    provider: ClassVar[str]
    door: ClassVar[type[DoorContract] | None]

    def life(self, seed: int) -> Life:
        """Return a whole life of the provider's made-up world."""
        raise NotImplementedError

    def unknown(self) -> Letter:
        """Return a letter of a type that nobody knows."""
        raise NotImplementedError

    # Whose bodies we make ourselves knows all its types: another is a fault, and quarantined.
    refuses_unknown: ClassVar[bool] = False
    # Fixtures of types there is no use for, and those that are there to be quarantined.
    unused: ClassVar[frozenset[str]] = frozenset()
    refused: ClassVar[frozenset[str]] = frozenset()

    def letter(self, path: Path) -> Letter:
        """Return a fixture's file as a letter."""
        return Letter(path.read_bytes())

    def fixtures(self) -> dict[str, Letter]:
        """Return the fixtures by name."""
        folder = ROOT / "tests/fixtures" / self.provider
        return {path.name: self.letter(path) for path in sorted(folder.iterdir())}

    def records(self, shop: Shop) -> dict[str, Any]:
        """Return what must not depend on the order in which letters came."""
        return recorded(shop)

    @classmethod
    def missing(cls) -> list[str]:
        """Return what the subclass has not filled in."""
        names = [name for name in ("provider", "door") if not hasattr(cls, name)]
        hooks = ("life", "unknown")
        return names + [n for n in hooks if getattr(cls, n) is getattr(ProviderContract, n)]

    # Helpers of the rows.

    def readable(self) -> dict[str, Letter]:
        """Return the fixtures that say something, by name."""
        return {name: each for name, each in self.fixtures().items() if name not in self.refused}

    def parse(self, letter: Letter) -> Parsed:
        return PROVIDERS[self.provider].parse(letter.body, letter.headers)

    def told(self, letters: Iterable[Letter]) -> Shop:
        shop = Shop(provider=self.provider)
        for letter in letters:
            shop.receive(letter.body, headers=letter.headers)
        return shop

    def wrong(self, shop: Shop, books: Books) -> list[str]:
        """Return where the shop's records are not what the books say."""
        found = [f"{each['code']}: {each['reason']}" for each in shop.quarantined()]
        held = {key: each["status"] for key, each in shop.recurring_payments().items()}
        found += unlike(held, dict(books.recurring_payments), "recurring_payments")
        sums = {key: (each["gross"], each["refunded"]) for key, each in shop.orders().items()}
        found += unlike(sums, dict(books.orders), "orders")
        found += [f"no contact {each}" for each in sorted(books.contacts - set(shop.contacts()))]
        return found + drifted(shop)

    def replayed(self, markers: Iterable[Mapping[str, Any]]) -> Shop:
        """Return an empty shop after the kept bodies were processed anew, at their own times."""
        shop = Shop(provider=self.provider)
        for marker in markers:
            envelope = EventEnvelope(
                provider=marker["provider"],
                connection_id="shop",
                received_at=marker["received_at"],
                body=marker["body"],
                headers=marker["headers"],
                source=marker["source"],
            )
            shop.process(envelope, marker["recorded_at"])
        return shop

    # The rows.

    def test_its_door_is_held_to_the_contract_of_all_doors(self) -> None:
        """Good, bad, old and rotated signatures are asked for there."""
        assert PROVIDERS[self.provider].door == (self.door is not None)
        if self.door is not None:
            assert issubclass(self.door, DoorContract)
            assert self.door.provider == self.provider

    def test_every_fixture_parses_to_a_known_event(self) -> None:
        parsed = {name: self.parse(letter) for name, letter in self.readable().items()}

        assert parsed, f"there are no fixtures of {self.provider}"
        unknown = {name for name, each in parsed.items() if not each.known}
        assert unknown == self.unused, sorted(unknown ^ self.unused)
        for name, each in parsed.items():
            assert each.event_type, name
            assert 0 < len(each.event_id) <= 255, name
            assert len(each.digest) >= 32, name
        assert len({(e.event_id, e.event_type, e.digest) for e in parsed.values()}) == len(parsed)

    def test_every_fixture_that_says_nothing_is_quarantined(self) -> None:
        fixtures = self.fixtures()

        for name in self.refused:
            with pytest.raises(Quarantined):
                self.parse(fixtures[name])

    def test_a_letter_says_the_same_however_often_it_is_read(self) -> None:
        letters = [*self.readable().values(), *self.life(1).letters]
        once = [self.parse(each) for each in letters]

        again = [self.parse(each) for each in reversed(letters)]

        assert again[::-1] == once

    def test_a_letter_says_the_same_in_another_process(self) -> None:
        """Ids and digests outlive us: a redelivery after a deploy must be known again."""
        letters = [*self.readable().values(), *self.life(1).letters]
        asked = [self.provider, [[b64encode(e.body).decode(), dict(e.headers)] for e in letters]]

        found = subprocess.run(  # noqa: S603  # our own text
            [sys.executable, "-c", _ELSEWHERE],
            input=json.dumps(asked),
            cwd=ROOT,
            env={"PYTHONHASHSEED": "7", "PYTHONPATH": str(ROOT)},
            check=True,
            capture_output=True,
            text=True,
        ).stdout

        here = [repr(self.parse(each)) for each in letters]
        _nothing(unlike(json.loads(found), here))

    def test_what_is_cut_off_is_read_or_quarantined_and_nothing_else(self) -> None:
        codes = []
        for letter in self.fixtures().values():
            for size in range(0, len(letter.body), max(len(letter.body) // 20, 1)):
                try:
                    self.parse(Letter(letter.body[:size], letter.headers))
                except Quarantined as refused:
                    codes.append(refused.code)

        assert codes
        assert all(codes)

    def test_an_unknown_type_is_kept_and_changes_nothing(self) -> None:
        letter = self.unknown()
        if self.refuses_unknown:
            with pytest.raises(Quarantined):
                self.parse(letter)
            return
        shop = Shop(provider=self.provider)
        before = set(shop.memory.documents)

        outcome = shop.receive(letter.body, headers=letter.headers)

        assert self.parse(letter).known is False
        assert outcome == "ignored"
        (kept,) = set(shop.memory.documents) - before
        assert kept[0] == "event"
        assert shop.memory.documents[kept]["body"] == letter.body

    @pytest.mark.parametrize("seed", [1, 2])
    def test_a_life_in_any_order_is_what_its_books_say(self, seed: int) -> None:
        life = self.life(seed)
        in_order = self.told(life.letters)

        mixed = [self.told(shuffled(life.letters, dice)) for dice in range(5)]

        _nothing(self.wrong(in_order, life.books))
        for shop in mixed:
            _nothing(self.wrong(shop, life.books))
            _nothing(unlike(self.records(in_order), self.records(shop)))

    def test_everything_again_changes_nothing(self) -> None:
        letters = self.life(1).letters
        shop = self.told(letters)
        before = dict(shop.memory.documents)

        outcomes = {shop.receive(each.body, headers=each.headers) for each in letters}

        assert outcomes == {"duplicate"}
        assert shop.memory.documents == before

    def test_a_replay_of_the_kept_bodies_equals_live_to_the_byte(self) -> None:
        live = self.told(shuffled(self.life(1).letters, 3))

        replay = self.replayed(_markers(live))

        _nothing(unlike(live.memory.documents, replay.memory.documents))

    def test_a_replay_in_another_order_comes_to_the_same_records(self) -> None:
        live = self.told(self.life(2).letters)
        markers = _markers(live)
        random.Random(5).shuffle(markers)

        replay = self.replayed(markers)

        _nothing(unlike(self.records(live), self.records(replay)))

    def test_signed_letters_through_the_door_become_what_the_books_say(self) -> None:
        life = self.life(1)
        if self.door is None:
            assert PROVIDERS[self.provider].door is False
            return
        house, queue = self.door(), FakeQueue()
        secrets = FakeSecrets({"shop": {"provider": self.provider, **house.secrets}})
        door = house.open(secrets, queue)

        for letter in life.letters:
            proof = house.sign(letter.body, house.secrets)
            headers = {"content-type": house.content_type, **proof, **letter.headers}
            assert door(post(letter.body, headers))["statusCode"] == 200

        shop = Shop(provider=self.provider)
        for number, envelope in enumerate(queue.envelopes):
            shop.process(envelope, NOW * 1_000 + number)
        assert len(queue.envelopes) == len(life.letters)
        _nothing(self.wrong(shop, life.books))


def _nothing(found: Sequence[str]) -> None:
    """Hold that nothing was found, and tell what was: no plugin rewrites this module's asserts."""
    assert not found, "\n".join(found)


def _markers(shop: Shop) -> list[dict[str, Any]]:
    """Return the markers of a shop's events, which keep the raw bodies, in order of receipt."""
    found = [each for name, each in shop.memory.documents.items() if name[0] == "event"]
    return sorted(found, key=lambda each: each["recorded_at"])
