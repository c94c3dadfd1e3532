"""Activity that is posted to us, folded: some items in one transaction, each with its outcome.

Pure. An item is known by the id its poster gave it, else by all that it says, its date included;
so one that states neither an id nor a date is another each time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from shared.domain import activity, directory, erasure, fold_contacts, times, write_back
from shared.domain.folding import Arrival, Folding, Habits, Plan
from shared.domain.heard import ActivitySaid
from shared.domain.ports import Name, Reading

# Whoever posts the same id later than that is not repeating themselves.
IDS_KEPT = 400 * times.DAY

CREATED, UNCHANGED, ID_TAKEN = "created", "unchanged", "id_taken"


@dataclass(frozen=True, slots=True)
class Posted:
    """An activity at `at` (ms), kept as `event_id`.

    `token` is the id its poster gave it, and `digest` stands for all that was stated.
    """

    said: ActivitySaid
    at: int
    event_id: str
    token: str | None
    digest: str

    @property
    def act(self) -> Name:
        """The name of the document it is kept in."""
        return activity.act_name(self.said.email, self.at, self.event_id)

    @property
    def mark(self) -> Name:
        """The name of the document that tells whether it is known."""
        return self.act if self.token is None else ("posted", self.said.email, self.token)


def writes_of(items: Sequence[Posted]) -> int:
    """Return how many writes these items come to at most."""
    emails = {each.said.email for each in items}
    marked = sum(each.token is not None for each in items)
    # Of each address: its activity, its contact or that there is none, that it waits or is noted.
    return len(items) + marked + 3 * len(emails)


def fold(
    items: Sequence[Posted],
    reading: Reading,
    *,
    now: int,
    new_id: Callable[[], str],
) -> tuple[Plan, list[str]]:
    """Return what items come to, and the outcome of each. Raise Missing for more reading."""
    reading.want(_names(items))
    reading.want(_following(items, reading))
    arrival = Arrival("", "", received_at=now, body=b"")
    folding = Folding(reading, {}, Habits(False, frozenset()), arrival, now, new_id)
    digests: dict[Name, str] = {}
    outcomes = []
    for each in items:
        outcome = UNCHANGED if _is_erased(each, reading) else _outcome(each, reading, digests)
        outcomes.append(outcome)
        if outcome == CREATED:
            digests[each.mark] = each.digest
            _post(each, folding, now)
    _note_tags(items, folding, now)
    steps = folding.steps() if CREATED in outcomes else []
    return Plan("applied" if steps else "unchanged", steps, folding.messages), outcomes


def _names(items: Sequence[Posted]) -> Iterator[Name]:
    yield directory.NAME
    for each in items:
        yield each.mark
        yield ("email", each.said.email)
        yield activity.name_of(each.said.email)


def _following(items: Sequence[Posted], reading: Reading) -> Iterator[Name]:
    for each in items:
        claim = reading.get(("email", each.said.email))
        yield ("contact", claim["contact_id"]) if claim else ("waits", each.said.email)
        if _is_old(each, reading):
            yield erasure.name_of(erasure.hash_of(each.said.email))


def _is_old(each: Posted, reading: Reading) -> bool:
    """Tell whether it was done before somebody was erased last."""
    newest = directory.erased_at(reading.get(directory.NAME))
    return newest is not None and each.at <= newest


def _is_erased(each: Posted, reading: Reading) -> bool:
    """Tell whether somebody did it who was erased since: it is not kept."""
    if not _is_old(each, reading):
        return False
    mark = reading.get(erasure.name_of(erasure.hash_of(each.said.email)))
    return mark is not None and each.at <= mark["erased_at"]


def _outcome(each: Posted, reading: Reading, digests: dict[Name, str]) -> str:
    held = reading.get(each.mark)
    known = digests.get(each.mark) if held is None else held.get("digest", each.digest)
    if known is None:
        return CREATED
    return UNCHANGED if known == each.digest else ID_TAKEN


def _post(each: Posted, folding: Folding, now: int) -> None:
    fold_contacts.do(folding, each.said, each.event_id, each.at)
    if each.token is not None:
        expires = (now + IDS_KEPT) // times.SECOND
        folding.keep(each.mark, {"version": 1, "digest": each.digest, "expires_at": expires})


def _note_tags(items: Sequence[Posted], folding: Folding, now: int) -> None:
    """Leave word of the tags that changed, as for any change of tags that is made here."""
    book = folding.get(directory.NAME)
    claims = [folding.get(("email", each.said.email)) for each in items]
    for contact_id in dict.fromkeys(each["contact_id"] for each in claims if each):
        name: Name = ("contact", contact_id)
        before, after = folding.reading.get(name), folding.get(name)
        if after is not None:
            for note in write_back.notes(book, before, dict(after), now):
                folding.keep(note.name, note.document or {})
