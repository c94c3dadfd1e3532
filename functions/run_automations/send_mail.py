"""One email sent: the attempt committed, then made, then its outcome recorded.

Whoever finds an attempt that was committed and has no outcome knows that somebody died over it:
the email may have left, so it is not sent again, and its record says that nobody knows.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from shared.adapters.aws import AwsError
from shared.domain import mails
from shared.domain.errors import Contended, Retryable
from shared.domain.ports import Document, Name, Reads, Write, Writes

# SES says so where we send faster than the account may: the email has not left.
_TOO_FAST = 429


class Store(Reads, Writes, Protocol):
    """Where emails and contacts lie."""


class Secrets(Protocol):
    """Where the key lies that signs links."""

    def read(self, identity: str, now: float) -> Mapping[str, Any] | None:
        """Return the secrets of that name, None where there are none; `now` is in seconds."""


class Mailer(Protocol):
    """The way to the mail."""

    def send(self, mail: Mapping[str, Any], texts: Mapping[str, str | None], link: str) -> str:
        """Send an email once and return its id there. Raise AwsError."""


class SendMail:
    """Sends emails; one for all messages of a warm Lambda."""

    def __init__(
        self,
        *,
        store: Store,
        secrets: Secrets,
        mailer: Mailer,
        api_url: str,
        log: Callable[..., None],
    ) -> None:
        """`api_url` is where a link to unsubscribe leads, without a slash at its end."""
        self._store = store
        self._secrets = secrets
        self._mailer = mailer
        self._api_url = api_url
        self._log = log

    def send(self, mail_id: str, monotonic: float) -> str | None:
        """Send an email unless that was tried before; return its state, None where there is none.

        Raise Retryable where it surely was not sent and may be later.
        """
        name = mails.name_of(mail_id)
        mail = self._store.read([name])[name]
        if mail is None:
            return None
        if mail["state"] == "sending":
            return self._end(name, mail, "unknown", "nobody knows whether it was sent")
        if mail["state"] != "pending":
            return str(mail["state"])
        key = (self._secrets.read(mails.KEY_ID, monotonic) or {}).get("key")
        if not key:
            return self._end(name, mail, "failed", "no_key")
        if self._has_left(mail["contact_id"]):
            return self._end(name, mail, "failed", "unsubscribed")
        begun = mails.moved(mail, "sending")
        self._store.commit([Write(name, begun, mail["version"])])
        return self._attempt(name, begun, key)

    def _attempt(self, name: Name, mail: mails.Mail, key: str) -> str:
        token = mails.token_of(mail["contact_id"], key)
        link = f"{self._api_url}/v1/unsubscribe/{token}"
        try:
            told = self._mailer.send(mail, mails.with_link(mail, link), link)
        except AwsError as error:
            if error.status == _TOO_FAST:
                self._end(name, mail, "pending", None)
                raise Retryable("emails are sent too fast") from error
            if error.status == 0 or error.status >= 500:
                return self._end(name, mail, "unknown", error.code)
            return self._end(name, mail, "failed", error.code)
        return self._end(name, mail, "sent", told)

    def _has_left(self, contact_id: str) -> bool:
        """Tell whether a contact has unsubscribed, or is gone, since the step was taken."""
        name: Name = ("contact", contact_id)
        contact = self._store.read([name])[name]
        return contact is None or contact.get("unsubscribed_date") is not None

    def _end(self, name: Name, mail: Document, state: str, reason: str | None) -> str:
        try:
            self._store.commit([Write(name, mails.moved(mail, state, reason), mail["version"])])
        except Contended:
            # Somebody else found the attempt without an outcome; what was sent is sent.
            self._log("mail_contended", mail_id=mail["mail_id"], state=state)
        self._log("mail", mail_id=mail["mail_id"], state=state)
        return state
