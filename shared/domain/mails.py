"""An email to a contact: what it says, and that it leaves at most once.

Pure. Nobody can take an email back, and its sender cannot be asked whether he has it already. So
the attempt is committed before it is made: one of which nobody knows how it ended is never made
again, and says so. Only what was surely refused, because we sent too fast, is tried once more.

    pending ── attempt committed ──> sending ── accepted ──> sent
       └────────── refused for now ─────┤
                                        ├── refused for good ──> failed
                                        └── no answer, or we died ──> unknown
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from typing import Any

from shared.domain import times
from shared.domain.ports import Document, Name

Mail = dict[str, Any]

# How long the record of what was sent is kept: as long as deliveries are.
KEPT_FOR = 400 * times.DAY
# Where the key lies that signs links; no endpoint can be called so.
KEY_ID = ".mail"
# Filled when the email leaves, for only then is its link made.
UNSUBSCRIBE = "%UNSUBSCRIBE_URL%"
_SIGNATURE_DIGITS = 32


def name_of(mail_id: str) -> Name:
    """Return the name of an email's document."""
    return ("mail", mail_id)


def new(
    mail_id: str, contact: Document, sender: Mapping[str, Any], run: Document, now: int
) -> Mail:
    """Return an email nobody has tried to send; `sender` is the `email` of the settings."""
    return {
        "version": 1,
        "mail_id": mail_id,
        "state": "pending",
        "reason": None,
        "contact_id": contact["contact_id"],
        "to": contact["email"],
        "from": sender["from"],
        "reply_to": sender.get("reply_to"),
        "automation_id": run["automation_id"],
        "firing_id": run["run_id"],
        "created": now,
        "expires_at": (now + KEPT_FOR) // times.SECOND,
    }


def message(mail: Document) -> dict[str, Any]:
    """Return the message that has an email sent."""
    return {"kind": "mail", "mail_id": mail["mail_id"]}


def moved(mail: Document, state: str, reason: str | None = None) -> Mail:
    """Return the email in another state."""
    return {**mail, "state": state, "reason": reason, "version": mail["version"] + 1}


def token_of(contact_id: str, key: str) -> str:
    """Return what a contact's link to unsubscribe holds: who they are, signed."""
    return f"{contact_id}.{_signature(contact_id, key)}"


def contact_of(token: str, key: str) -> str | None:
    """Return whose link it is, None for one that we did not make."""
    contact_id, _, signature = token.rpartition(".")
    genuine = hmac.compare_digest(_signature(contact_id, key).encode(), signature.encode())
    return contact_id if genuine and contact_id else None


def with_link(mail: Document, url: str) -> dict[str, str | None]:
    """Return the texts of an email with its own link in them."""
    return {
        part: mail[part].replace(UNSUBSCRIBE, url) if mail.get(part) else None
        for part in ("text", "html")
    }


def _signature(contact_id: str, key: str) -> str:
    said = f"unsubscribe {contact_id}".encode()
    return hmac.new(key.encode(), said, hashlib.sha256).hexdigest()[:_SIGNATURE_DIGITS]
