"""How a document becomes a DynamoDB item and back: keys and a few attributes beside one blob.

The blob is JSON, deflated when that pays: write units are counted per started kilobyte, and a
transaction counts them twice. What an index, the expiry or a reader of the stream's keys needs
stays outside it.
"""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Mapping
from typing import Any

from shared.adapters.preset import PRESET
from shared.domain.timeline import Change, Entry

Item = dict[str, dict[str, Any]]

# Below this a deflated blob saves no write unit worth the work. A blob begins with its mark: `j` is
# plain JSON, `p` deflated with the preset, `z` deflated without, by older releases.
_PAYS = 256
_OUTSIDE = ("version", "body", "expires_at", "entry")


def to_attributes(document: Mapping[str, Any]) -> Item:
    """Return a document as typed attributes, keys aside."""
    inside: Any = {name: value for name, value in document.items() if name not in _OUTSIDE}
    if "entry" in document:
        inside = _from_entry(document["entry"])
    item: Item = {"v": {"N": str(document.get("version", 1))}, "d": {"B": _pack(inside)}}
    if "body" in document:
        item["b"] = {"B": base64.b64encode(zlib.compress(document["body"], 6)).decode("ascii")}
    if "expires_at" in document:
        item["expires_at"] = {"N": str(document["expires_at"])}
    return item


def to_document(item: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Return the document an item holds."""
    inside = _unpack(item["d"]["B"])
    version = int(item["v"]["N"])
    if isinstance(inside, list):
        return {"version": version, "entry": _to_entry(inside)}
    document: dict[str, Any] = {**inside, "version": version}
    if "b" in item:
        document["body"] = zlib.decompress(base64.b64decode(item["b"]["B"]))
    if "expires_at" in item:
        document["expires_at"] = int(item["expires_at"]["N"])
    return document


def _pack(inside: Any) -> str:
    raw = json.dumps(inside, ensure_ascii=False, separators=(",", ":")).encode()
    if len(raw) <= _PAYS:
        return base64.b64encode(b"j" + raw).decode("ascii")
    deflate = zlib.compressobj(6, zdict=PRESET)
    return base64.b64encode(b"p" + deflate.compress(raw) + deflate.flush()).decode("ascii")


def _unpack(text: str) -> Any:
    packed = base64.b64decode(text)
    if packed[:1] == b"p":
        return json.loads(zlib.decompressobj(zdict=PRESET).decompress(packed[1:]))
    return json.loads(zlib.decompress(packed[1:]) if packed[:1] == b"z" else packed[1:])


# The order of an entry's stored values. Only ever append: items of older releases are read by it.
_ENTRY = (
    "at", "rank", "event_id", "event_type", "received_at", "said", "before", "refs", "creation",
    "historical", "kind", "changes", "late", "born", "joined", "recorded_at", "contact_id",
    "contact_version", "turn", "money", "mentions", "announced",
)  # fmt: skip


def _from_entry(entry: Entry) -> list[Any]:
    row = [getattr(entry, name) for name in _ENTRY]
    row[_ENTRY.index("changes")] = [[c.field, c.before, c.after] for c in entry.changes]
    return row if entry.announced else row[:-1]


def _to_entry(row: list[Any]) -> Entry:
    values = dict(zip(_ENTRY, row, strict=False))
    values["refs"] = tuple(values["refs"])
    values["mentions"] = tuple(values.get("mentions") or ())
    values["announced"] = tuple(values.get("announced") or ())
    values["changes"] = [Change(*each) for each in values["changes"]]
    return Entry(**values)
