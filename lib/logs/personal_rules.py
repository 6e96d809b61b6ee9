"""What identifies people: e-mail, addresses of their devices, phone numbers, cards and bank accounts."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import lru_cache
from ipaddress import AddressValueError, IPv4Address, IPv6Address

from lib.logs.secret_rules import Span, rule, with_what_is_before

# ---- e-mail; not `next@14.2.3`, `@scope/package` or `dog@2x.png`

_DOMAIN = (
    r"@(?=[\w-]{0,63}[^\W\d_])[\w-]{1,63}(?:\.[\w-]{1,63}){0,8}\.(?:xn--[a-z0-9-]{2,59}|[^\W\d_]{2,24})"
    r"(?![^\W_]|-)(?<!\.png|\.jpg|\.gif|\.svg|\.mp4|\.mov|\.mjs|\.cjs|\.css)"
    r"(?<!\.jpeg|\.webp|\.avif|\.webm|\.json)(?<!\.js|\.ts)"
)

# ---- addresses of clients; versions look the same (`Chrome/120.0.0.0`)

_FIRST_NUMBER = re.compile(r"(?<![\d%])\d{1,3}\Z")  # behind a % stands an escape
_VERSION_BEFORE = re.compile(
    r"(?:[\w.-]|[^/\s(\"'=:,]/|v=\\*[\"']|(?:version|build|release)\W{1,8})\Z", re.IGNORECASE
)
_VERSION_BEHIND = re.compile(r"\.?\w|-\w|(?:[\s+]|%20)(?:build|release|beta|alpha|rc\d?)\b", re.IGNORECASE)
_LOCAL_PORT = re.compile(r"::1:\d{2,5}")  # as Node writes it: the port says which service was down
_V6 = re.compile(r"(?:(?<![\w:.])|(?<=[g-z_]:))(?:[0-9a-f]{0,4}:){2,7}[0-9a-f]{0,4}(?![\w:-])", re.IGNORECASE)


def _client_v4(text: str, match: re.Match[str]) -> Iterator[Span]:
    number = _FIRST_NUMBER.search(text[max(0, match.start() - 4) : match.start()])
    if number is None:
        return
    start, end = match.start() - len(number[0]), match.end()
    is_version = _VERSION_BEFORE.search(text[max(0, start - 16) : start]) or _VERSION_BEHIND.match(text, end)
    if not is_version and _is_far(IPv4Address, text[start:end]):
        yield start, end, "[ip]"


def addresses_v6(text: str) -> Iterator[Span]:
    for match in _V6.finditer(text):
        if not _LOCAL_PORT.fullmatch(match[0]) and _is_far(IPv6Address, match[0]):
            yield *match.span(), "[ip]"


@lru_cache(1_024)
def _is_far(kind: Callable[[str], IPv4Address | IPv6Address], written: str) -> bool:
    try:
        address = kind(written)
    except AddressValueError:
        return False
    return not (address.is_loopback or address.is_unspecified or address.is_link_local)


# ---- cards and bank accounts

_OTHER_NUMBER = re.compile(
    r"(?:seed|id|time\w{0,8}|ts|ms|ns|bytes|size|length|offset)[\"'\\]{0,3}\s?[:=]\s?[\"'\\]{0,3}\Z",
    re.IGNORECASE,
)
_NETWORKS = re.compile(
    r"4(?:\d{12}|\d{15}|\d{18})|(?:5[1-5]|2[2-7])\d{14}|3[47]\d{13}|3[0568]\d{12,14}|6\d{15,18}"
)
_IBAN_COUNTRIES = {  # by the length of their account numbers
    15: "NO",
    16: "BE",
    18: "DK FI FO GL NL",
    19: "MK SI",
    20: "AT BA EE KZ LT LU XK",
    21: "CH HR LI LV",
    22: "BG BH CR DE GB GE IE ME RS VA",
    23: "AE GI IL IQ TL",
    24: "AD CZ ES MD PK RO SA SE SK TN VG",
    25: "LY PT ST",
    26: "IS TR",
    27: "FR GR IT MC MR SM",
    28: "AL AZ BY CY DO GT HU LB PL SV",
    29: "BR EG PS QA UA",
    30: "JO KW MU",
    31: "MT SC",
    32: "LC",
}
_IBAN_LENGTHS = {
    country: length for length, countries in _IBAN_COUNTRIES.items() for country in countries.split()
}


def _card(text: str, match: re.Match[str]) -> Iterator[Span]:
    digits = "".join(filter(str.isdecimal, match[0]))
    is_other = _OTHER_NUMBER.search(text[max(0, match.start() - 20) : match.start()])
    if not is_other and _NETWORKS.fullmatch(digits) and _passes_luhn(digits):
        yield *match.span(), "[card]"


def _passes_luhn(written: str) -> bool:
    digits = [int(digit) for digit in written]
    doubled = [sum(divmod(2 * digit, 10)) for digit in digits[-2::-2]]
    return (sum(digits[-1::-2]) + sum(doubled)) % 10 == 0


def _account(text: str, match: re.Match[str]) -> Iterator[Span]:
    """Of the length of its country; the remainder of its digits, letters counted as 10 to 35, is 1."""
    length = _IBAN_LENGTHS[match[0][:2].upper()]
    places = [place for place in range(*match.span()) if text[place].isalnum()]
    if len(places) < length or text[places[length - 1] + 1 :][:1].isalnum():
        return
    written = "".join(text[place] for place in places[:length])
    if int("".join(str(int(letter, 36)) for letter in written[4:] + written[:4])) % 97 == 1:
        yield match.start(), places[length - 1] + 1, "[iban]"


_SMALL = "abcdefghijklmnopqrstuvwxyz"
_AREA = r"(?<![\w+./-])\(?[2-9][0-8]\d"  # of a phone number in North America

PERSONAL = [
    rule("@", _DOMAIN, read=with_what_is_before(r"(?<![\w.+-])(?!git\Z)[\w.+-]{1,64}", "[email]")),
    rule((".0.0", ".00.0", ".000.0"), r"(?:\.\d{1,3}+){3}", read=_client_v4),
    rule(
        ("000000000000", "0000 0000", "0000-0000", "0000+0000"),
        r"(?<![\w.%])(?<!\d[ +-])\d(?:[\s+-]?\d){12,18}(?![ +-]?\d)(?!\w|[.-]\w)",
        read=_card,
    ),
    rule(
        [f"{country.lower()}00{more}" for country in _IBAN_LENGTHS for more in (" ", "+", "0000", *_SMALL)],
        r"(?<![\w-])(?-i:[A-Z]{2}|[a-z]{2})\d\d(?:[\s+]?[a-z0-9]){11,28}",
        read=_account,
    ),
    rule("+0", r"(?<![\w+.])(\+[1-9](?:[\s.()+-]{0,2}\d){8,14})(?!\w)", "[phone]"),
    rule(
        "000-0000",
        r"[2-9]\d\d-\d{4}(?![\w-])",
        read=with_what_is_before(_AREA + r"(?:\)?[\s.+-]|\))", "[phone]"),
    ),
    rule("000.0000", r"[2-9]\d\d\.\d{4}(?![\w.-])", read=with_what_is_before(_AREA + r"\.", "[phone]")),
    rule(
        ("phone", "mobile", "whatsapp"),
        r"(?:phone|mobile|whatsapp)[a-z_]{0,12}[\"']?\s?[:=]\s?[\"']?(\+?\(?\d(?:[\s().-]{0,2}\d){6,14})(?!\w)",
        "[phone]",
    ),
]  # fmt: skip
