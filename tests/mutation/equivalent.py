"""Mutants that no test can kill, each with the reason: what they change cannot be seen."""

from __future__ import annotations

_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
_OF_NOBODY = "a secret that nobody has, like the one it replaces"
_TWINS = (
    "\u0430\u0441\u0501\u0435\u04bb\u0456\u0458\u04cf\u043e\u0440\u051b"
    "\u0455\u051d\u0445\u0443\u044a\u044c\u04bd\u043f\u0433\u0475\u0461",
    "\u03bf\u03b1\u03bd\u03c1\u03c5\u03b9\u03ba\u03c7\u03b3\u03c9\u03b7\u03c4",
    "\u0585\u057d\u0570\u0578\u0581\u0566\u0584",
)
_READ_AT_A_TIME = "how much is read at a time changes nothing of what is read"
_HEADERS = (
    "request.header('paypal-auth-algo') != 'SHA256withRSA'"
    " or not _TRANSMISSION_ID.fullmatch(transmission_id){ascii}"
    " or (not 0 < len(signature) <= _SIGNATURE_CHARACTERS_MAX)"
)

EQUIVALENT: dict[str, dict[str, str]] = {
    "functions.ingest_stripe.signature": {
        "_read_header: 0 -> -1": "there is exactly one stamp, or the header was refused",
    },
    "functions.ingest_paypal.signature": {
        ": 1024 -> 1025": "no base64 has 1025 characters",
        "_read_headers: 0 -> 1": "no base64 has one character",
        "_read_headers: "
        + _HEADERS.format(ascii=" or (not signature.isascii())")
        + " -> "
        + _HEADERS.format(ascii=""): "what is not ASCII is no base64, and refused in the same way",
        "_signed: return False -> return None": "None is as false to any() as False",
    },
    "functions.ingest_paypal.fetch": {
        ": 8 -> 9": _READ_AT_A_TIME,
        ": 8 -> 7": _READ_AT_A_TIME,
        ": 1024 -> 1025 (2)": _READ_AT_A_TIME,
        ": 1024 -> 1023 (2)": _READ_AT_A_TIME,
    },
    "functions.ingest_paykickstart.signature": {
        ": 'paysignal-has-no-such-campaign' -> 'paysignal-has-no-such-campaignX'": _OF_NOBODY,
    },
    "shared.domain.redaction": {
        "_printable: '\\n\\t' -> '\\n\\tX'": "an X is printed as it is anyway",
    },
    "shared.domain.standard_webhooks": {
        "in_force: 1 -> 2": "a secret without an end only needs one that lies ahead",
    },
    "shared.domain.webhooks": {
        f": '{_ALPHABET}' -> '{_ALPHABET}X'": "a set of characters that has the X already",
        "InvalidSignature.__init__: super().__init__(metric) -> pass": (
            "the door answers every one of them alike, and reads the metric alone"
        ),
    },
    "shared.door": {
        ": 'whsec_paysignal_has_no_such_connection' -> 'whsec_paysignal_has_no_such_connectionX'": (
            _OF_NOBODY
        ),
        **{
            ": 'paysignal-has-no-such-connection' -> "
            f"'paysignal-has-no-such-connectionX'{again}": _OF_NOBODY
            for again in ("", " (2)", " (3)")
        },
        "_TurnedAway.__init__: super().__init__(metric) -> pass": (
            "it never leaves the door, which reads the metric and the answer alone"
        ),
        "Door._prove: raise _TurnedAway('unknown_connection', _UNKNOWN) from refusal -> pass": (
            "the next statement raises the same"
        ),
    },
    "shared.api.access": {
        f"pattern: 256 -> {size}": "how many are remembered changes no answer"
        for size in (255, 257)
    },
    "shared.domain.endpoint_urls": {
        ": re.ASCII | re.DOTALL -> re.ASCII & re.DOTALL": (
            "the characters are spelled out, and the end of a line was refused before"
        ),
        "_loopback: return '' -> return None": "None is as false as an empty text",
        "_loopback: '[]' -> '[]X'": "neither of the two names there are has an X at its ends",
    },
    "shared.domain.host_names": {
        **{
            f": {letters!r} -> {letters + 'X'!r}": "an X is no letter of that alphabet"
            for letters in _TWINS
        },
        ": '\u00df\u03c2\\u200c\\u200d' -> '\u00df\u03c2\\u200c\\u200dX'": (
            "names are in small letters where it is looked for"
        ),
        "_refuse_twins: if label.isascii(): return -> if False: return": (
            "what follows lets every plain label pass"
        ),
        **{
            f"_refuse_twins: {change}": "the character there is a capital, and was refused"
            for change in (
                "7680 -> 7681",
                "591 < ord(character) < 7680 -> 591 < ord(character) <= 7680",
            )
        },
        "_script: 'UNNAMED' -> 'UNNAMEDX'": "what has no name is of no category that is let in",
    },
    "shared.api.keys": {
        "Caller: True -> False (2)": "slots save memory and nothing else",
        "Caller.check: scope is None or scope not in self.scopes -> scope not in self.scopes": (
            "no key has None among its scopes"
        ),
    },
    "shared.adapters.outbound_dial": {
        "Fault.__init__: super().__init__(code) -> pass": (
            "an exception keeps what it was made with all the same"
        ),
        "resolve: 0 -> -1": "one look-up has one error at most",
    },
}
