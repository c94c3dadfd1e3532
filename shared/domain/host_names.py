"""Host names as the wire knows them: ASCII, with internationalised labels in Punycode.

An endpoint is stored and shown in this form, so that what a person reads is what is called. A name
that only looks like another is refused: mixed scripts, full-width letters, a Cyrillic word made of
letters that all have a Latin twin. So is what different versions of IDNA map to different hosts.
The standard library's own IDNA codec maps such things silently, hence none of it here.
"""

from __future__ import annotations

import re
import unicodedata

NAME_LENGTH_MAX = 253
_LABEL = re.compile(r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?", re.ASCII)
_PUNYCODE = "xn--"

# Written together by people who write any of them.
_EAST_ASIAN = frozenset("LATIN CJK IDEOGRAPHIC HIRAGANA KATAKANA BOPOMOFO HANGUL".split())
# Letters and digits of no script of their own.
_COMMON = frozenset("DIGIT HYPHEN-MINUS LOW COMBINING KATAKANA-HIRAGANA".split())
# Letters with a Latin twin in most typefaces.
_TWINS = {
    "CYRILLIC": frozenset(
        "\u0430\u0441\u0501\u0435\u04bb\u0456\u0458\u04cf\u043e\u0440\u051b"
        "\u0455\u051d\u0445\u0443\u044a\u044c\u04bd\u043f\u0433\u0475\u0461"
    ),
    "GREEK": frozenset("\u03bf\u03b1\u03bd\u03c1\u03c5\u03b9\u03ba\u03c7\u03b3\u03c9\u03b7\u03c4"),
    "ARMENIAN": frozenset("\u0585\u057d\u0570\u0578\u0581\u0566\u0584"),
}
# IDNA of 2003 makes other hosts of these (or nothing) than IDNA of 2008 does.
_AMBIGUOUS = frozenset("\u00df\u03c2\u200c\u200d")


def to_ascii(name: str) -> str:
    """Return the name in small ASCII letters. Raise ValueError, in words, for what is no name."""
    labels = [_label(label) for label in name.split(".")]
    readable = [_decoded(label) for label in labels]
    for label in readable:
        _refuse_twins(label, readable[-1])
    result = ".".join(labels)
    if len(result) > NAME_LENGTH_MAX:
        raise ValueError("has a host name that is too long")
    return result


def _label(label: str) -> str:
    if not label.isascii():
        # What may not be in it is refused with what is already Punycode, by `to_ascii`.
        label = _PUNYCODE + _plain(label).encode("punycode").decode("ascii")
    label = label.lower()
    if not _LABEL.fullmatch(label):
        raise ValueError("has a host that is no name")
    return label


def _plain(label: str) -> str:
    """Return the label in small letters, where there is one way only to write it in Punycode."""
    small = unicodedata.normalize("NFC", label).lower()
    if _AMBIGUOUS.intersection(small):
        raise ValueError("has a host that is read in two ways; write its Punycode")
    return small


def _decoded(label: str) -> str:
    """Return what people are shown for a label; itself where it is plain ASCII."""
    if not label.startswith(_PUNYCODE):
        return label
    try:
        shown = label.removeprefix(_PUNYCODE).encode("ascii").decode("punycode")
    except UnicodeError:
        shown = ""
    if shown.isascii() or shown != unicodedata.normalize("NFC", shown).lower():
        raise ValueError("has a host in broken Punycode")
    _refuse_oddities("".join(each for each in shown if each not in _AMBIGUOUS))
    return shown


def _refuse_oddities(label: str) -> None:
    """Raise ValueError for symbols, invisible characters and letters in fancy dress.

    Foreign digits are refused too: some readers take `١٢٧` for `127`.
    """
    dressed = unicodedata.normalize("NFKC", label) != label
    categories = {unicodedata.category(character) for character in label if not character.isascii()}
    begins_marked = unicodedata.category(label[:1] or "-").startswith("M")
    if dressed or begins_marked or not categories <= {"Ll", "Lo", "Lm", "Mn", "Mc"}:
        raise ValueError("has a host with characters that no host name has")


def _refuse_twins(label: str, top: str) -> None:
    """Raise ValueError for a label that may be read as another; `top` is the name's last label."""
    if label.isascii():
        return
    scripts = {_script(character) for character in label} - _COMMON
    if len(scripts) > 1 and not scripts <= _EAST_ASIAN:
        raise ValueError("has a host that mixes scripts, as look-alikes do")
    for script in scripts & _TWINS.keys():
        letters = {character for character in label if _script(character) == script}
        if letters <= _TWINS[script] and script not in map(_script, top):
            raise ValueError("has a host that looks like another")
    if scripts == {"LATIN"} and any(0x24F < ord(character) < 0x1E00 for character in label):
        raise ValueError("has a host that looks like another")


def _script(character: str) -> str:
    """Return the first word of the character's name, which for letters is their script."""
    return unicodedata.name(character, "UNNAMED").partition(" ")[0]
