"""What secrets look like in log text, each rule with the snippets that give it away."""

from __future__ import annotations

import re
from typing import NamedTuple

_QUOTE = r"""(?:\\*["'`]|%22|%27)"""  # also escaped in JSON, several times over, or in a URL
_TO_QUOTE = rf"(?P<q>{_QUOTE})(?P<secret>(?:(?!(?P=q))(?:\\.|.))+)"  # or to the end of a cut message
_BARE = r"(?:(?!%26|%22|%27|\[)[^\s&,;\"'`<>{})\]\\])+"
_HARMLESS = (  # what a program says of a secret instead of the secret
    rf"(?!{_QUOTE}?(?:true|false|null|none|undefined|missing|invalid|empty|unset|set|present|\[?redacted|\d{{1,3}})"
    r"(?![\w.*-]))"
)

# What may follow the name of a secret.
_QUOTED = rf"{_QUOTE}?\s*(?:=>|[:=]|%3a|%3d)(?:\s|%20)*(?:\[(?!redacted)\s*)?{_HARMLESS}{_TO_QUOTE}"
_LISTED = rf"{_QUOTE}\s*,\s*{_TO_QUOTE}"  # ['Authorization', 'Bearer …']
_EQUALS = rf"(?:=|%3d){_HARMLESS}(?P<secret>{_BARE})"
_COLON = rf"{_QUOTE}?\s*:\s*{_HARMLESS}(?P<secret>(?=[^\s,;&]*\d|\S{{20}}){_BARE})"  # prose has colons, too
_COLON_ANY = rf"{_QUOTE}?\s*:\s*{_HARMLESS}(?P<secret>{_BARE})"
_WITH_SCHEME = (
    rf"{_QUOTE}?\s*(?:=>|[:=]|%3a|%3d)(?:\s|%20)*(?P<secret>(?!\[redacted)(?:\w+(?:[ +]|%20)+)?{_BARE})"
)
_TO_BRACKET = rf"{_QUOTE}?\s*(?:=>|[:=]|%3a)\s*\[(?P<secret>(?!\[?redacted)[^\]]+)"
_TO_LINE_END = r"\s*(?:=>|[:=])\s*(?P<secret>(?=[^\s=]+=)[^\r\n\"'`\[]+)"
_STARTS_LIST_ITEM = (
    "(?:"
    + "|".join(
        rf"(?<=[\"'`]{before})"
        for before in ("", "x-", "set-", "proxy-", "x-auth-", "x-access-", "x-vercel-")
    )
    + ")"
)

_KEY_NAMES = tuple(
    f"{what}{joint}key"
    for what in ("api", "secret", "private", "access", "role", "anon", "signing", "encryption", "auth")
    for joint in ("", "_", "-")
)
_KEY = r"[a-z]+[_-]?key(?:[_-]?(?:id|prefix|suffix|start|end|preview|hint|last4))?"
_SECRET_NAMES = (
    "token", "secret", "password", "passwd", "passphrase", "pwd", "jwt", "jwe", "credential", "credentials",
    "signature", "cvc", "cvv", "iban",
)  # fmt: skip
_CARD = r"(?:\d{4}[ -]?){3}\d{4}|3[47]\d\d[ -]?\d{6}[ -]?\d{5}"


class SecretRule(NamedTuple):
    snippets: tuple[str, ...]  # lower case; the pattern is tried where one stands
    pattern: re.Pattern[str]  # its group `secret` is masked
    mask: str


def _rule(snippets: str | tuple[str, ...], *patterns: str, mask: str = "[redacted]") -> list[SecretRule]:
    found_by = (snippets,) if isinstance(snippets, str) else snippets
    return [
        SecretRule(found_by, re.compile(pattern, re.IGNORECASE | re.DOTALL), mask) for pattern in patterns
    ]


RULES = [
    *_rule(
        "authorization",
        "authorization" + _QUOTED,
        "authorization" + _WITH_SCHEME,
        _STARTS_LIST_ITEM + "authorization" + _LISTED,
    ),
    *_rule(
        "cookie",
        "cookies?" + _TO_BRACKET,
        "cookies?" + _QUOTED,
        "cookies?" + _TO_LINE_END,
        _STARTS_LIST_ITEM + "cookie" + _LISTED,
    ),
    *_rule(
        ("bearer", "basic"),
        r"\b(?:bearer|basic)(?:\s|%20|\+)+(?P<secret>(?=[^\s\"',]*[0-9=]|\S{20})[\w.~+/=%-]{6,})",
    ),
    *_rule(_KEY_NAMES, _KEY + _QUOTED, _KEY + _EQUALS, _KEY + _COLON, _STARTS_LIST_ITEM + _KEY + _LISTED),
    *_rule(
        _SECRET_NAMES,
        *(
            rf"{start}(?:{'|'.join(sorted(_SECRET_NAMES, key=len, reverse=True))}){shape}"
            for start, shape in (("", _QUOTED), ("", _EQUALS), ("", _COLON), (_STARTS_LIST_ITEM, _LISTED))
        ),
    ),
    *_rule(("password", "passwd", "passphrase", "pwd"), r"[a-z]+" + _COLON_ANY),
    # JSON web tokens, signed (three parts) or encrypted (five), and other base64 of a JSON object
    *_rule("eyj", r"(?<![a-z0-9])(?P<secret>(?-i:eyJ)[\w-]{8,}(?:(?:\.|%2e)[\w-]*){0,4})"),
    # keys that show what they are
    *_rule("key_", r"(?<![a-z0-9_])(?P<secret>key_(?=[a-z]*\d|[0-9a-f]{4}|\w{16})\w+(?:\.{3}|…)?)"),
    *_rule("sk-", r"(?<![a-z0-9])(?P<secret>sk-(?=[a-z_-]*\d|[\w-]{16})[\w-]+(?:\.{3}|…)?)"),
    *_rule(
        (
            "sk_live_",
            "sk_test_",
            "pk_live_",
            "pk_test_",
            "rk_live_",
            "rk_test_",
            "sb_secret_",
            "sb_publishable_",
            "sbp_",
            "whsec_",
            "ghp_",
            "gho_",
            "ghs_",
            "ghu_",
            "ghr_",
            "github_pat_",
            "vercel_blob_rw_",
            "glpat-",
            "xoxa-",
            "xoxb-",
            "xoxe-",
            "xoxp-",
            "xoxr-",
            "xoxs-",
        ),
        r"(?<![a-z0-9])(?P<secret>[\w-]+(?:\.{3}|…)?)",
    ),
    *_rule(("npm_", "akia", "aiza", "ya29."), r"(?<![a-z0-9])(?P<secret>(?=[\w.-]{16})[\w.-]+)"),
    *_rule(("1//0", "4/0a", "4%2f0a"), r"(?<![a-z0-9])(?P<secret>\d(?:/+|%2f)0[\w-]{8,})"),
    # OAuth, in a query string and in printed search parameters
    *_rule(
        ("code", "state", "nonce", "code_verifier", "oauth_verifier", "oauth_token"),
        r"(?:(?<=[?&\"'`])|(?<=%3f)|(?<=%26)|^|(?<![a-z_])(?=\S+(?:&|%26)))"
        rf"[a-z_]+(?:=|%3d)(?!\d{{1,4}}\b)(?P<secret>{_BARE})",
        rf"(?<![a-z])(?:code|state){_QUOTE}?\s*(?:=>|:)\s*{_QUOTE}"
        r"(?P<secret>(?=[^\s\"'`]*(?-i:[a-z]))(?=[^\s\"'`]*\d)[^\s\"'`\\]{20,})",
    ),
    # user name and password in a URL
    *_rule(
        "://",
        r"://(?P<secret>[^\s/@\"'`<>]+)@",
        r"://(?P<secret>[^\s/:@\"'`<>]*:(?!\d{1,5}/)[^\s@\"'`<>]+)@",
    ),
    *_rule("%3a%2f%2f", r"%3a%2f%2f(?P<secret>(?:(?!%40|%2f)[^\s/@\"'`<>])+)%40"),
    *_rule(("card", "payment", "number"), rf"[a-z]+[^\d\n]{{0,30}}(?P<secret>{_CARD})(?!\w)", mask="[card]"),
]


def is_card_number(written: str) -> bool:
    """Whether the digits of `written` pass the check that card numbers do (Luhn)."""
    digits = [int(digit) for digit in written if digit.isdigit()]
    doubled = [sum(divmod(2 * digit, 10)) for digit in digits[-2::-2]]
    return (sum(digits[-1::-2]) + sum(doubled)) % 10 == 0
