"""ActiveCampaign's proof: a secret token in the address, `?token=`, for it signs nothing.

Whoever has read the address can say anything, at any time. So the token proves little: what the
processor makes of such a form never moves money, and a form that passes itself off as an answer of
ActiveCampaign's API is turned away here.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping

from shared.domain.webhooks import InvalidSignature, Request, text_at, usable_secrets

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_TOKEN_CHARACTERS_MAX = 500


def verify(request: Request, secrets: Mapping[str, Any], now: int) -> None:
    """Raise InvalidSignature unless the address carries one of the connection's tokens.

    Two may be valid while the token is changed; each is compared to the end, so that the time
    taken tells nothing. Raise NoSecret where the connection has none. `now` has no say.
    """
    del now
    keys = usable_secrets({"signing_secrets": secrets.get("webhook_tokens")})
    sent = request.query.get("token", "")[:_TOKEN_CHARACTERS_MAX].encode("utf-8", "replace")
    genuine = False
    for key in keys:
        genuine |= hmac.compare_digest(key, sent)
    if not genuine:
        raise InvalidSignature
    # Only call_providers puts JSON on the queue: the API's own word.
    if request.body.lstrip().startswith(b"{"):
        raise InvalidSignature("not_a_webhook")


def event_and_subject(body: Mapping[str, Any], _: Request) -> tuple[str | None, str | None]:
    """Return no id, for ActiveCampaign gives its webhooks none; and the contact they are about.

    The contact's own id, never the address: that is nothing to name a queue's group by.
    """
    return None, text_at(body, "contact[id]")
