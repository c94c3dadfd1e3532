"""The keys of the one DynamoDB table: this module and `table` beside it are all that know them.

    entity       pk                             sk               question it answers
    event        EVENT#<conn>#<event>#<type>    EVENT            have we had this event?
    record       RECURRING_PAYMENT#<conn>#<id>  HEAD             what is this subscription now?
                 ORDER#<conn>#<id>              HEAD             what is this order now?
    entry        as its record                  AT#<place>       what has happened to it?
    ref          REF#<conn>#<ref>               REF              which order is this payment's?
    look         LOOK#<conn>#<customer>#…       LOOK             what may be its other side?
    alike        ALIKE#<email>#<currency>#… ALIKE            what looks like this sale?
    duplicate    DUPLICATE                      <id>             which two may be one sale?
    mention      MENTION#<id>                   MENTION          who else speaks of this sale?
    customer     CUSTOMER#<conn>#<customer>     CUSTOMER         who is the store's customer?
    catalogue    CATALOGUE#<conn>#<kind>#<id>   CATALOGUE        what is this price called?
    email        EMAIL#<email>                  EMAIL            whose address is this?
    erased       ERASED#<hash of the email>     ERASED           was its person erased, and when?
    claim        CLAIM#<conn>#<token>           CLAIM            which event came by this token?
    waits        WAITS#<email>                  WAITS            does anything wait for it?
    activity     ACTIVITY#<email>               ACTIVITY         what has been done by it lately?
    act          ACTIVITY#<email>               DID#<date>#<id>  what was done by it, one by one?
    posted       ACTIVITY#<email>               POSTED#<id>      has its poster told us before?
    spend        SPEND#<date>#<source>#…        SPEND            what did a campaign cost that day?
    contact      CONTACT#<id>                   CONTACT          who is this person?
    retagged     CONTACT#<id>                   TAGS#<version>   which tags did we just change?
    connection   CONFIG                         CONNECTION#<id>  which stores do we hear?
    key          CONFIG                         KEY#<id>         which API keys are there?
    secret       KEY#<sha-256 of the key>       KEY              may this caller do that?
    settings     CONFIG                         SETTINGS         which zone, currency, fields?
    directory    CONFIG                         DIRECTORY        who may report our sales as well?
    quarantine   QUARANTINE                     <id>             what was refused, and why?
    automation   CONFIG                         AUTOMATION#<id>  what is to be done on a change?
    revision     AUTOMATION#<id>                REVISION#<n>     what was it as of revision n?
    endpoint     CONFIG                         ENDPOINT#<id>    where are deliveries posted?
    segment      CONFIG                         SEGMENT#<id>     which segments are there?
    health       HEALTH#<endpoint>              HEALTH           how does an endpoint fare?
    firing       FIRINGS#<automation>           <id>             what fired, the newest first?
    once         ONCE#<automation>#<contact>    ONCE             has it fired for them already?
    announced    ANNOUNCED#<automation>#<conn>#… ANNOUNCED       has a twin of it fired already?
    run          RUN#<firing>                   RUN              how far is a firing carried out?
    delivery     DELIVERY#<id>                  DELIVERY         what was posted, how did it go?
    mail         MAIL#<id>                      MAIL             was this email sent?
    watch        WATCH                          WATCH            which dates have been watched?
    due          DUE#<shard>                    <when>#<what>#…  what has to be woken by now?
    job          JOB#<id>                       JOB              how far is a long job?
    broken       BROKEN#<group>                 BROKEN           whose order is broken?
    seen         SEEN#<conn>                    SEEN             when did a store last send?

    index        partition                      sort             question it answers
    by_contact   CONTACT#<id>                   <kind>#<date>#…  what has this person bought?
                 WAITING#<email>                <kind>#<date>#…  what waits for this address?
                 RUNS_OF#<contact>              <started>#<id>   what is under way for them?
                 DELIVERIES#<state>             <created>#<id>   which did not arrive for good?
    by_customer  CUSTOMER#<conn>#<customer>     <kind>#<id>      which records are theirs?
                 RUNS#<automation>              <started>#<id>   what is it doing?
                 ENDPOINT#<endpoint>            <state>#<date>#… what was posted there?

Both indexes hold keys only, and of records the heads alone are in them, so that an event which
changes neither the owner nor the date of a record writes nothing there. Of deliveries, only those
that did not arrive are listed by state. Every part of a key is escaped, so no id from outside can
reach into another's partition.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from urllib.parse import quote, unquote

from shared.adapters.documents import Item
from shared.domain.errors import Quarantined
from shared.domain.ports import Document, Name

LONGEST_KEY = 1000
# What notes of changed tags begin with, by which the stream's reader is given them.
TAGS = "TAGS#"
DUE_SHARDS = 4
CONFIG = {kind: kind.upper() for kind in ("connection", "key", "automation", "endpoint", "segment")}
RECORDS = {"recurring_payment": "RECURRING_PAYMENT", "order": "ORDER"}
_FIXED: dict[str, Callable[[list[str]], tuple[str, str]]] = {
    "settings": lambda _: ("CONFIG", "SETTINGS"),
    "directory": lambda _: ("CONFIG", "DIRECTORY"),
    "quarantine": lambda parts: ("QUARANTINE", parts[0]),
    "duplicate": lambda parts: ("DUPLICATE", parts[0]),
    "secret": lambda parts: (f"KEY#{parts[0]}", "KEY"),
    "revision": lambda parts: (f"AUTOMATION#{parts[0]}", f"REVISION#{int(parts[1]):06d}"),
    "firing": lambda parts: (f"FIRINGS#{parts[0]}", parts[1]),
    "act": lambda parts: (f"ACTIVITY#{parts[0]}", f"DID#{parts[1]}"),
    "posted": lambda parts: (f"ACTIVITY#{parts[0]}", f"POSTED#{parts[1]}"),
    "retagged": lambda parts: (f"CONTACT#{parts[0]}", f"{TAGS}{int(parts[1]):09d}"),
    "due": lambda parts: (due_partition(shard_of(unquote(parts[2]))), _due_place(parts)),
}
SINGLE = {
    kind: kind.upper()
    for kind in (
        "event", "claim", "ref", "look", "alike", "mention", "customer", "catalogue", "email",
        "erased",
        "waits", "activity", "spend",
        "contact", "job", "broken", "seen", "health", "once", "announced", "run", "delivery",
        "watch", "mail",
    )
}  # fmt: skip
_INDEXED = {**RECORDS, "run": "RUN", "delivery": "DELIVERY"}
# Of single documents, those the change log keeps, by their sort keys.
_LOGGED = {kind.upper(): kind for kind in ("contact", "catalogue", "spend", "delivery")}
# A delivery in one of these waits for a person; all others are too many to be listed in one place.
_LISTED_STATES = frozenset({"held", "dead", "gone"})


def key_of(name: Name) -> tuple[str, str]:
    """Return a document's key. Raise Quarantined where an id makes it longer than a key may be."""
    kind, *parts = name
    escaped = [escape(part) for part in parts]
    if kind in CONFIG:
        key = "CONFIG", f"{CONFIG[kind]}#{escaped[0]}"
    elif kind in RECORDS:
        key = "#".join([RECORDS[kind], *escaped]), "HEAD"
    elif kind == "entry":
        key = "#".join([RECORDS[parts[0]], *escaped[1:3]]), f"AT#{escaped[3]}"
    elif kind in _FIXED:
        key = _FIXED[kind](escaped)
    else:
        key = "#".join([SINGLE[kind], *escaped]), SINGLE[kind]
    if max(len(key[0]), len(key[1])) > LONGEST_KEY:
        raise Quarantined("bad_id", "an id is longer than a key may be")
    return key


def name_of(partition: str) -> Name:
    """Return the record, run or delivery whose partition this is."""
    entity, *parts = partition.split("#")
    kind = next(kind for kind, word in _INDEXED.items() if word == entity)
    return (kind, *map(unquote, parts))


def entry_name_of(partition: str, place: str) -> Name | None:
    """Return the entry of a record that has this key, None where it is something else's."""
    if not place.startswith("AT#"):
        return None
    return ("entry", *name_of(partition), unquote(place.removeprefix("AT#")))


def event_name_of(partition: str, place: str) -> Name | None:
    """Return the event that has this key, None where it is something else's."""
    if place != "EVENT":
        return None
    return ("event", *map(unquote, partition.split("#")[1:]))


def logged_name_of(partition: str, place: str) -> Name | None:
    """Return the document of this key if it is of a kind the change log keeps, else None."""
    if place.startswith("AT#"):
        return entry_name_of(partition, place)
    if place.startswith("DID#"):
        return ("act", unquote(partition.split("#")[1]), unquote(place.removeprefix("DID#")))
    if partition.startswith("FIRINGS#"):
        return ("firing", unquote(partition.split("#")[1]), unquote(place))
    entity, *parts = partition.split("#")
    # In lists the place is an id, which may be any of these words.
    if place == "HEAD":
        return name_of(partition) if entity in RECORDS.values() else None
    kind = _LOGGED.get(place) if entity == place else None
    return None if kind is None else (kind, *map(unquote, parts))


def audited_name_of(partition: str, place: str) -> Name | None:
    """Return the document of this key if an audit counts it or what became of it, else None."""
    if partition == "QUARANTINE":
        return ("quarantine", unquote(place))
    if place == "RUN":
        return name_of(partition)
    if place == "MAIL" and partition.startswith("MAIL#"):
        return ("mail", unquote(partition.removeprefix("MAIL#")))
    return event_name_of(partition, place) or logged_name_of(partition, place)


def listed_partition(kind: str, of: str) -> tuple[str, str]:
    """Return the partition a list lies in, and what its sort keys begin with."""
    if kind in ("quarantine", "duplicate"):
        return kind.upper(), ""
    if kind == "firing":
        return f"FIRINGS#{escape(of)}", ""
    if kind == "act":
        return f"ACTIVITY#{escape(of)}", "DID#"
    return "CONFIG", f"{CONFIG[kind]}#"


def log_partition(log: Name) -> tuple[str, str, str]:
    """Return the index and the partition a log lies in, and what its sort keys begin with."""
    kind, of, *state = log
    if kind == "runs":
        return "by_customer", f"RUNS#{escape(of)}", ""
    if kind == "runs_of_contact":
        return "by_contact", f"RUNS_OF#{escape(of)}", ""
    if kind == "deliveries_in":
        return "by_contact", f"DELIVERIES#{escape(of)}", ""
    return "by_customer", f"ENDPOINT#{escape(of)}", f"{escape(state[0])}#" if state else ""


def due_partition(shard: int) -> str:
    """Return the partition of one part of the due-index."""
    return f"DUE#{shard}"


def shard_of(identity: str) -> int:
    """Return which part of the due-index an id's entries lie in."""
    return int(hashlib.sha256(identity.encode()).hexdigest()[0], 16) % DUE_SHARDS


def key_item(pk: str, sk: str) -> Item:
    """Return a key as DynamoDB takes it."""
    return {"pk": {"S": pk}, "sk": {"S": sk}}


def index_keys(name: Name, document: Document) -> Item:
    """Return the index keys of a document: none where it is in no index."""
    if name[0] in RECORDS:
        return _record_keys(name, document)
    if name[0] == "run":
        place = f"{document['started']:015d}#{escape(name[1])}"
        return {
            "gsi1pk": {"S": f"RUNS_OF#{escape(document['contact_id'])}"},
            "gsi1sk": {"S": place},
            "gsi2pk": {"S": f"RUNS#{escape(document['automation_id'])}"},
            "gsi2sk": {"S": place},
        }
    return _delivery_keys(name, document) if name[0] == "delivery" else {}


def escape(part: str) -> str:
    """Return a part of a key in which nothing can be taken for the parts' separator."""
    # Alphanumerics and the marks ids are made of stay legible; `#` above all does not.
    return quote(part, safe="@:+=,.~_- ")


def _record_keys(name: Name, head: Document) -> Item:
    """Return the index keys of a head: none for a tombstone or what does not show."""
    word, connection, identity = RECORDS[name[0]], escape(name[1]), escape(name[2])
    item: Item = {}
    if head.get("shown"):
        owner = None
        if head["contact_id"]:
            owner = f"CONTACT#{escape(head['contact_id'])}"
        elif head["email"]:
            owner = f"WAITING#{escape(head['email'])}"
        if owner:
            item["gsi1pk"] = {"S": owner}
            item["gsi1sk"] = {"S": f"{word}#{head['date'] or 0:015d}#{connection}#{identity}"}
    if head.get("customer_id"):
        item["gsi2pk"] = {"S": f"CUSTOMER#{connection}#{escape(head['customer_id'])}"}
        item["gsi2sk"] = {"S": f"{word}#{identity}"}
    return item


def _delivery_keys(name: Name, delivery: Document) -> Item:
    state, place = delivery["state"], f"{delivery['created']:015d}#{escape(name[1])}"
    item: Item = {
        "gsi2pk": {"S": f"ENDPOINT#{escape(delivery['endpoint_id'])}"},
        "gsi2sk": {"S": f"{state}#{place}"},
    }
    if state in _LISTED_STATES:
        item |= {"gsi1pk": {"S": f"DELIVERIES#{state}"}, "gsi1sk": {"S": place}}
    return item


def _due_place(parts: list[str]) -> str:
    when, what, identity = parts
    return f"{int(when):015d}#{what}#{identity}"
