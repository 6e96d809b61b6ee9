"""What secrets look like in plain log text, each rule with the snippets that give it away.

A rule is tried where one of its snippets stands, on text without escapes: lib/logs/disguises.py undoes them.
Time is linear by construction. What decides whether a rule holds is bounded (`{0,64}`); what may be long
comes last, as a possessive class that cannot fail, and what it took is not looked at again.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from itertools import product
from typing import NamedTuple

Span = tuple[int, int, str]  # of the text, and what to write there
Read = Callable[[str, re.Match[str]], Iterable[Span]]

REDACTED = "[redacted]"


class SecretRule(NamedTuple):
    snippets: tuple[str, ...]  # in small letters, 0 for any digit
    behind: bool  # whether the pattern begins where the snippet ends, not where it begins
    pattern: re.Pattern[str]
    read: Read  # what of a match is masked


def rule(
    snippets: str | Iterable[str],
    pattern: str,
    mask: str = REDACTED,
    *,
    behind: bool = False,
    read: Read | None = None,
) -> SecretRule:
    """Without `read`, the last group that took part in the match is masked."""
    found_by = (snippets,) if isinstance(snippets, str) else tuple(snippets)

    def read_group(_: str, match: re.Match[str]) -> Iterable[Span]:
        return ((*match.span(match.lastindex or 0), mask),)

    return SecretRule(found_by, behind, re.compile(pattern, re.IGNORECASE | re.DOTALL), read or read_group)


def named(names: Iterable[str], ending: str = "") -> SecretRule:
    """A name, its `ending`, and the value behind it."""
    return rule(names, ending + _ABOUT + _VALUE, behind=True)


# ---- what stands behind a name

_QUOTED = (
    r"""(?:"((?:[^"\\]++|\\.)++)|'((?:[^'\\]++|\\.)++)|`((?:[^`\\]++|\\.)++))"""  # or to a cut message's end
)
_BARE = r"[^\s&,;\"'<>`{})\[\]\\，。；、）」]++"
_UNSPACED = r"\u2e80-\uffef"  # of Chinese and Japanese: no password, and whole sentences look like one word
_RANDOM = (  # prose has colons, too; and colours have digits
    rf"(?![{_UNSPACED}])(?=[^\s,;&\"'\\\x1b]{{0,64}}\d|[^\s,;&\"'\\\x1b]{{20}})"
)
_HARMLESS = (  # what a program says of a secret instead of the secret
    r"(?![\"'`]?(?:true|false|null|none|nil|nan|undefined|missing|required|optional|invalid|incorrect|wrong|empty"
    r"|unset|set|not|no|yes|ok|is|was|has|present|absent|expired|rejected|revoked|denied|malformed|mismatch"
    r"|unknown|hidden|masked|provided|given|found|string|function|object|include|omit|same-origin|\[?redacted"
    r"|\*{3,8}|\.{3}|\d{1,3}(?![+=/]\S{6}))(?![\w.*-]))"
)
_SEPARATOR = r"[\"'`\])]{0,2}+\s{0,4}+(?:=>|[:=：＝])\s{0,40}+"
_NEXT_ITEM = r"[\"'`]\s{0,4}+,\s{0,40}+b?[\"'`]"  # ['Authorization', 'Bearer …']
_LONG_AND_MIXED = r"(?=[^\s\"'`]{12})(?=[^\s\"'`]{0,64}\d)"
_UUID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_ELEMENT = (  # <apiKey>…</apiKey>, <entry key="apiKey">…</entry>, <key>apiKey</key> <string>…</string>
    rf"(?:[\"']|</key>\s{{0,40}}+<string)?>\s{{0,40}}+{_HARMLESS}(?=[^<>\s]{{1,512}}\s{{0,40}}</)"
)
_WRAPPED = r"(?:\[\s{0,40}+|Some\(|string\(\d{1,6}\) )?+"  # a list, what Rust and PHP print around a text
_ABOUT = (
    r"(?:[_-]?(?:id|prefix|suffix|start|end|preview|hint|last4|value|hash|base(?:64)?|b64|\d{1,3})"
    r"|\.\d{1,2})?"
)
_VALUE = (
    rf"(?:{_SEPARATOR}{_WRAPPED}{_HARMLESS}(?:{_QUOTED}|(?<==)({_BARE})|{_RANDOM}({_BARE}))"
    rf"|{_NEXT_ITEM}{_LONG_AND_MIXED}([^\"'`]++)|{_ELEMENT}([^<>\s]++))"
)

_KEY_NAMES = [
    f"{what}{joint}key"
    for what in (
        *("access", "account", "admin", "anon", "api", "auth", "client", "consumer", "deploy", "encryption"),
        *(
            "hmac",
            "license",
            "master",
            "private",
            "role",
            "secret",
            "service",
            "session",
            "shared",
            "signing",
        ),
        *("runway", "storage", "subscription", "webhook"),
    )
    for joint in ("", "_", "-", " ")
] + ["api.key"]
_SESSION_NAMES = [
    f"{what}{joint}{kind}"
    for what in ("session", "sess")
    for joint in ("", "_", "-")
    for kind in ("id", "token", "cookie")
]
_WORD_ON_PASS = (  # dbPass, not bypass
    r"(?:word|wd|phrase|wort)|(?:(?<![a-z]pass)|(?<=(?-i:P)ass))(?:code)?"  # noqa: S105
)
_RULE_OF_A_FORM = (  # `password: must have 8 characters`
    r"(?!(?:must|should|can|cannot|could|may|will|needs?|does|too|at|for|to|from|and|or|the|an?|of|in|with|field"
    rf"|reset|changed|updated|policy|please|enter)\b|[{_UNSPACED}])"
)
_SCHEMES = (
    r"(?:bearer|basic|token|api-?key|key|negotiate|ntlm|hmac|hawk|oauth|dpop|vapid|jwt|bot|ssws|signature"
    r"|aws4-hmac-sha256|goog4-rsa-sha256)"
)
_SIGNED = r"[tv]\d?[a-z]?[=,]"
_SPOKEN_OF = r"(?!(?:token|auth\w{0,16}|header|scheme|is|was|missing|required|not|or|and)\b)"

NAMED = [
    rule(
        "authorization",
        rf"(?:{_SEPARATOR}(?:\[\s{{0,40}}+)?+{_HARMLESS}"
        rf"(?:{_QUOTED}|({_SCHEMES}[\s+]{{1,40}}+{_SPOKEN_OF}{_BARE})|(?<==)({_BARE})|{_RANDOM}({_BARE}))"
        rf"|{_NEXT_ITEM}((?:{_SCHEMES}\s|{_LONG_AND_MIXED})[^\"'`]++))",
        behind=True,
    ),
    rule(  # a list, whose `response` is as good as the password
        ("digest ", "digest+"),
        r"[\s+]{0,40}+((?:[a-z]{1,20}+\s?=\s?(?:\"[^\"]{0,512}+\"|[^\s,\"]{1,512}+)(?:,[\s+]{0,40}+)?){2,32})",
        behind=True,
    ),
    rule(
        "cookie",
        rf"s?(?:{_SEPARATOR}(?:\[((?!\[?redacted)[^\]]++)|{_HARMLESS}{_QUOTED}"
        r"|((?=[^\s=&\"'`\[]{1,128}+=)[^\r\n\"'`\[]++))"
        rf"|{_NEXT_ITEM}((?=[^\s=&\"'`]{{1,128}}+=)[^\"'`]++))",
        behind=True,
    ),
    rule(
        ("bearer", "basic"),
        r"(?<![a-z]bearer)(?<![a-z]basic)[\s+]{1,40}+((?=[^\s\"',]{0,64}[0-9=]|\S{20})[\w.~+/=%-]{6,}+)",
        behind=True,
    ),
    named(_KEY_NAMES),
    named(_SESSION_NAMES),
    rule(  # variables of the environment: whose key it is, anybody may name
        "_key",
        rf"(?<=[a-z0-9])(?-i:_KEY)(?:_\d{{1,3}})?{_SEPARATOR}[\"'`]?(?:base64:)?{_HARMLESS}"
        rf"(?=[\w+/=.~-]{{12}})(?=[\w+/=.~-]{{0,64}}\d)({_BARE})",
    ),
    rule(  # of webhooks, with a time or a version, and some while keys are changed: `t=1764,v1=…,v1=…`
        "signature",
        rf"{_SEPARATOR}((?:{_SIGNED}[\w+/=-]{{8,512}}+(?:[, ]{{1,2}}(?={_SIGNED}))?){{1,16}}+)",
        behind=True,
    ),
    named(("token", "secret", "signature", "jwt", "jwe", "cvc", "cvv", "_auth", "connect.sid")),
    named(("credential", "pwd"), "s?"),
    named(("protection-bypass", "protection_bypass")),
    rule(  # beside its name in a table, or behind an arrow; as an id may stand beside `invalid token`
        [f"{joint}{name}" for joint in "_-" for name in ("key", "token", "secret", "pass")] + ["apikey"],
        r"(?=[\"'`\s_w→-])(?:(?<!key)|(?<=(?-i:_KEY))|(?<=(?:api|ess|ret)[_-]key)|(?<=apikey))"
        r"(?:(?<=pass)word)?(?:_\d{1,3})?[\"'`]?"
        r"(?:[ \t]{1,64}+[|│][ \t]{1,64}+| {0,64}+\t[ \t]{0,64}+|\s{0,4}+(?:->|→)\s{1,4}+)[\"'`]?"
        rf"(?!{_UUID}|\d{{4}}-\d\d-|\w{{1,32}}=\w)(?=[\w+/=.~-]{{12}})(?=[\w+/=.~-]{{0,64}}\d)"
        rf"(?=[\w+/=.~-]{{0,64}}[a-z])({_BARE})",
        behind=True,
    ),
    rule(
        [f"{name}{sign}" for name in ("sid", "sig", "pw") for sign in "=:'\""],
        rf"(?<![a-z])[a-z]{{2,3}}+{_VALUE}",
    ),
    named(("pass",), f"(?:{_WORD_ON_PASS})"),
    rule(  # not in prose: `the password: a song`
        ("pass", "pwd"),
        rf"(?<![a-z,] pass)(?<![a-z,] pwd)(?:(?<=pwd)|(?<=pass)(?:{_WORD_ON_PASS}))[\"'`]?"
        rf"[ \t]{{0,4}}[:=：][ \t]{{0,40}}+{_HARMLESS}{_RULE_OF_A_FORM}({_BARE})",
        behind=True,
    ),
]


# ---- the same in other languages, whose letters are all `?` in a snippet

_PASSWORDS = (
    *("contraseña", "contrasena", "kennwort", "wachtwoord", "senha", "hasło", "lösenord"),
    *("mot de passe", "mot_de_passe", "motdepasse"),
    *("passord", "adgangskode", "salasana", "heslo", "jelszó", "parola", "parolă", "şifre", "mật khẩu"),
)
_KEYS_ABROAD = (
    *(
        "clé secrète",
        "clave secreta",
        "chave secreta",
        "chiave segreta",
        "geheimschlüssel",
        "geheimer schlüssel",
    ),
    *(
        f"{key}{joint}api"
        for key in ("clé", "clef", "clave", "chave", "chiave", "klucz", "ключ", "cheia")
        for joint in (" ", "-", "_", " d'", " d’", " de ", " di ")
    ),
    *(
        f"api{joint}{key}"
        for key in ("schlüssel", "schluessel", "sleutel", "nyckel", "nøkkel", "nøgle", "avain", "klíč")
        for joint in ("", " ", "-", "_")
    ),
    *(
        f"api{joint}{key}"
        for key in ("キー", "鍵", "密钥", "密鑰", "金鑰", "키", "ключ")
        for joint in ("", " ", "-")
    ),
)
_OTHER_SCRIPTS = (
    *("пароль", "κωδικός πρόσβασης", "סיסמה", "كلمة المرور", "รหัสผ่าน", "पासवर्ड"),
    *("密码", "密碼", "口令", "密钥", "密鑰", "金鑰", "秘密鍵", "パスワード", "비밀번호", "패스워드"),
)
_INNER_CAPITAL = r"(?=[^\s,;&\"']{8})(?=[^\s,;&\"']{0,64}(?-i:[a-z][A-Z]))"

ABROAD = [
    rule(
        [re.sub("[^ -~]", "?", name) for name in (*_PASSWORDS, *_KEYS_ABROAD)],
        rf"(?:{'|'.join((*_PASSWORDS, *_KEYS_ABROAD))})s?"
        rf"(?:{_VALUE}|{_SEPARATOR}{_HARMLESS}{_INNER_CAPITAL}({_BARE}))",
    ),
    rule(  # prose would go on in its own letters
        ("?:", "?=", "? :", "? =", "?'", '?"'),
        rf".(?:{'|'.join(f'(?<={name})' for name in _OTHER_SCRIPTS)}){_SEPARATOR}{_HARMLESS}(?=[\"'`]?+[!-~])"
        rf"(?:{_QUOTED}|(?!(?-i:[A-Z_]{{6,64}}(?![\w-])))((?-i:[^\s&,;\"'<>`{{}})\[\]\\\u0080-\uffff]){{6,}}+))",
    ),
]


# ---- names and values that stand apart

_PAIRED = re.compile(
    r"(?<![\w-])(?:key|name|header|variable)[\"'`]?\s{0,4}(?:=>|[:=])\s{0,4}[\"'`]?([^\s\"'`,;{}<>]{1,64})",
    re.IGNORECASE,
)
_SECRET_NAME = re.compile(
    rf"(?:{'|'.join((*_KEY_NAMES, *_SESSION_NAMES))}|(?-i:[A-Z0-9]_KEY)|token|secret|signature|jwt|jwe"
    r"|auth|authorization|session|cookie|credentials?|protection-bypass|pwd"
    rf"|pass(?:{_WORD_ON_PASS})|(?<![a-z])(?:sid|sig|pw)){_ABOUT}\Z",
    re.IGNORECASE,
)
_QUOTED_WHOLE = re.compile(
    r""""((?:[^"\\]|\\.){1,4096}+)"|'((?:[^'\\]|\\.){1,4096}+)'|`((?:[^`\\]|\\.){1,4096}+)`""", re.DOTALL
)
_QUOTED_OR_BARE = re.compile(f"{_QUOTED}|({_BARE})", re.DOTALL)
_OF_A_FORM = re.compile(r"(?:\r?\n[a-z-]{1,40}: [^\r\n]{0,200})?(?:\r?\n){2}([^\r\n]+)", re.IGNORECASE)
_NAMES_A_PAIR = ("key", "name", "header", "variable")
_PAIR_BEGINS, _PAIR_ENDS = ("{", "}", "<", "- "), re.compile(r"[{}<>]|- ")


def _of_a_pair(text: str, match: re.Match[str]) -> Iterator[Span]:
    """A value whose name stands beside it: `{"key": "API_KEY", "type": "plain", "value": "…"}`."""
    around = text[max(0, match.start() - 256) : match.end() + 4400].lower()
    if not any(word in around for word in _NAMES_A_PAIR):  # quicker than to look closely
        return
    quoted = _QUOTED_WHOLE.match(text, match.end())
    before = text[max(0, match.start() - 256) : match.start()]
    before = before[max(map(before.rfind, _PAIR_BEGINS)) + 1 :]
    after = _PAIR_ENDS.split(text[quoted.end() : quoted.end() + 256], 1)[0] if quoted else ""
    if any(_SECRET_NAME.search(name) for side in (before, after) for name in _PAIRED.findall(side)):
        value = quoted or _QUOTED_OR_BARE.match(text, match.end())
        if value:
            yield *value.span(value.lastindex or 0), REDACTED


def _of_a_form(text: str, match: re.Match[str]) -> Iterator[Span]:
    """What was typed into a field, as browsers send a form in parts: `name="password"`, an empty line, it."""
    field = _OF_A_FORM.match(text, match.end()) if _SECRET_NAME.search(match[1]) else None
    if field:
        yield *field.span(1), REDACTED


PAIRS = [
    rule('name="', r'name="([^"\r\n]{1,64})"', read=_of_a_form),
    rule(
        ("value'", 'value"', "value`", "value:", "value="),
        rf"(?<![\w-])value[\"'`]?\s{{0,4}}(?:=>|[:=])\s{{0,40}}+{_HARMLESS}",
        read=_of_a_pair,
    ),
]


# ---- what is given to a command

_NO_VALUE = (  # what help says behind an option
    r"(?!(?:flag|option|argument|parameter|value|file|stdin)s?\b|(?:instead|again|first|here|below|above)\b"
    r"|(?-i:[A-Z_]{1,64}(?![\w-])))"
)
_LAST_OF_A_COMMAND = (
    r"(?=[^\s\"'`]{4,64}[^\s\"'`.,:;!?](?:[\"'`]|\s{0,4}\Z|\s{0,4}[\r\n]| {1,4}(?:--?[a-z]|https?:)))"
)
_NEXT_COMMAND = re.compile(r"&&|[|;] |(?<!\\)\n")


def _given_to(*programs: str) -> Read:
    """An option has a password only there: `docker run -u 1000:1000 -p 80:80`."""

    def read(text: str, match: re.Match[str]) -> Iterator[Span]:
        before = max(0, match.start() - 512)
        begin = max(text.rfind(program, before, match.start()) for program in programs)
        if begin >= 0 and not _NEXT_COMMAND.search(text, begin, match.start()):
            start = match.end()
            found = (_UP_TO_QUOTE if match[1] else _UP_TO_SPACE).match(text, start)
            yield start, found.end() if found else start, REDACTED

    return read


_UP_TO_QUOTE, _UP_TO_SPACE = re.compile(r"[^\"'`\r\n]++"), re.compile(r"[^\s\"'`]++")

COMMANDS = [
    rule(
        "--",
        r"(?<![\w-])--(?=[a-z])(?:[a-z]{1,16}+-){0,3}?(?:token|secret|password|passwd|pass|pwd|api-?key"
        r"|(?:access|secret|private|auth|service-role)-key|bearer)(?:\s{1,8}+|=)"
        rf"{_HARMLESS}(?![-\[$]|id=)"
        rf"(?:{_QUOTED}|{_RANDOM}({_BARE})|{_RULE_OF_A_FORM}{_NO_VALUE}{_LAST_OF_A_COMMAND}({_BARE}))",
    ),
    rule(
        ("-u", "--user", "--proxy-u"),
        r"(?<![\w-])(?:(?-i:-[uU])|--(?:proxy-)?user)[\s=]{0,4}+([\"'`]?)[^\s:\"'`]{0,128}+:(?=[^\s\"'`])",
        read=_given_to("curl"),
    ),
    rule(" -p", r" (?-i:-p)([\"'`]?)(?=[^\s\"'`-])", read=_given_to("mysql", "mariadb", "sshpass")),
    rule(" -p ", r" (?-i:-p) ([\"'`]?)(?=[^\s\"'`-])", read=_given_to("sshpass")),
    rule(" -a ", r" (?-i:-a) ([\"'`]?)(?=[^\s\"'`-])", read=_given_to("redis-cli")),
    rule(  # of Windows, which has no `=` there
        "setx ",
        rf"setx \w{{0,64}}(?:key|token|secret|pass(?:word)?) {{1,4}}{_HARMLESS}(?:{_QUOTED}|({_BARE}))",
    ),
    rule(  # .netrc
        ("machine ", "default login "),
        r"(?:machine\s{1,4}\S{1,256}|default)\s{1,8}login\s{1,8}\S{1,256}\s{1,8}password\s{1,8}"
        rf"{_HARMLESS}{_RULE_OF_A_FORM}(\S++)",
    ),
    rule(  # .pgpass
        ":0000:",
        r"(?<=[\w.*-]):\d{4,5}:(?=[a-z_*])[\w*-]{1,63}:(?=[a-z_*])[\w.*-]{1,63}:([^\s\"'`]{4,}+)",
    ),
]


# ---- what people write of it

_IS = ("is", "was", "ist", "lautet", "est", "es", "è", "é")
_SAID_OF = ("key", "token", "secret", "password", "passwort", "kennwort", "schlüssel", "mot de passe", "clé",
            "contraseña", "clave", "senha")  # fmt: skip
_WHOSE = "|".join(
    f"(?<={whose})"
    for whose in ("the ", "my ", "our ", "your ", "this ", "api ", "api-", "api_", "api", "runway ")
)
_MEDIA = "mp4|mov|m4v|webm|gif|png|jpe?g|webp|avif|json"
_MADE_UP = (  # by a program: no word, no file, and no id
    rf"(?![\w+/=.~-]{{0,64}}{_UUID})(?![\w+/=.~-]{{1,128}}?\.(?:{_MEDIA})(?![\w+/=~-]))"
    r"(?=[\w+/=.~-]{0,32}[a-z0-9]{12})"
    r"(?=[\w+/=.~-]{0,64}\d)(?=[\w+/=.~-]{0,64}[a-z])"
)
_TYPED = r"(?=\S{6})(?=\S{0,64}\d)(?=\S{0,64}[a-z])(?![\w-]{0,64}[ .]?(?:characters|letters|digits))"

PROSE = [
    rule(
        [re.sub("[^ -~]", "?", f"{name} {verb}") for name, verb in product(_SAID_OF, _IS)],
        rf"(?:(?:{_WHOSE})key|token|secret|schlüssel|clé|clave|(password|passwort|kennwort|mot de passe"
        rf"|contraseña|senha)) (?:{'|'.join(_IS)})(?: now| set to)?:?\s{{1,4}}[\"'`]?{_HARMLESS}"
        rf"(?(1){_TYPED}|{_MADE_UP})({_BARE})",
    ),
    rule(
        [f"api{joint}key" for joint in ("", " ", "-", "_")],
        rf"(?: provided| given| sent| used)?:?\s{{1,4}}[\"'`]?{_HARMLESS}(?=\S{{20}}){_MADE_UP}({_BARE})",
        behind=True,
    ),
]


# ---- OAuth: in a query, and in printed parameters

_ERROR_CODE = r"(?-i:[A-Z0-9][A-Z0-9_.]{0,64}+(?![\w.%-]))"
_LOOKS_RANDOM = r"(?=[^\s&\"'`]{0,64}\d)(?=[^\s&\"'`]{0,64}(?-i:[a-z]))(?=[^\s&\"'`]{16})"
_RANDOM_HERE, _BARE_HERE = re.compile(_LOOKS_RANDOM), re.compile(_BARE)
_BESIDE_CODE = re.compile(r"[?&]code=|(?<![a-z_])code=(?!\d{1,4}(?![\w%/-]))[^\s&]{1,256}&", re.IGNORECASE)


def _of_a_sign_in(text: str, match: re.Match[str]) -> Iterator[Span]:
    """`state` and `nonce` are common words: masked beside a code, or where they are random."""
    start, end = match.span(1)
    around = text[max(0, match.start() - 256) : match.start()] + text[end : end + 256]
    if _BESIDE_CODE.search(around) or _RANDOM_HERE.match(text, start):
        whole = _BARE_HERE.match(text, start)
        yield start, whole.end() if whole else end, REDACTED


OAUTH = [
    rule(
        ("code=", "oauth_token=", "oauth_verifier=", "code_verifier="),
        rf"(?:(?<=[?&])|(?<![a-z_])(?=[a-z_]{{4,16}}=(?:[^\s&]{{1,256}}&|{_LOOKS_RANDOM})))"
        rf"[a-z_]{{4,16}}=(?!\d{{1,4}}(?![\w%/-]))(?!{_ERROR_CODE})({_BARE})",
    ),
    rule(("state=", "nonce="), r"(?<![a-z_])[a-z]{5}=([^\s&,;\"'<>`{})\[\]\\]{1,64}+)", read=_of_a_sign_in),
    rule(  # Google's keys, and links that let anybody in; a `key` of storage is a path
        ("key=", "auth=", "session=", "_vercel_share="),
        rf"(?<=[?&])[a-z_]{{3,13}}=(?![^\s&]{{0,256}}[/.]|{_UUID}){_LOOKS_RANDOM}({_BARE})",
    ),
    rule(
        ("code:", "code'", 'code"', "state:", "state'", 'state"'),
        rf"(?<![a-z])(?:code|state){_SEPARATOR}[\"'`]({_LOOKS_RANDOM}[^\s\"'`\\]++)",
    ),
]


# ---- what shows itself

_CUT = r"(?:\.{3}|…)?"  # programs print beginnings of keys


def _begins(prefixes: str, letters: str, count: str) -> SecretRule:
    """Tokens that begin with one of `prefixes` and go on with `count` of `letters`."""
    names = prefixes.split()
    start = f"(?:{'|'.join(map(re.escape, names))})"
    snippets = [re.sub(r"\d", "0", name.lower()) for name in names]
    return rule(snippets, rf"(?<![a-z0-9])({start}{letters}{{{count}}}+{_CUT})")


def with_what_is_before(before: str, mask: str = REDACTED) -> Read:
    """Masks the match and what stands before it: `before`, at most 64 characters."""
    pattern = re.compile(rf"{before}\Z", re.IGNORECASE)

    def read(text: str, match: re.Match[str]) -> Iterator[Span]:
        if found := pattern.search(text[max(0, match.start() - 64) : match.start()]):
            yield match.start() - len(found[0]), match.end(), mask

    return read


_SECRET_KEY = re.compile(
    r"(?:(?<![A-Za-z0-9+/])|(?<=[A-Z0-9]{16}[+/]))[A-Za-z0-9+/]{40}(?![A-Za-z0-9+/])"  # or joined to its id
)


def _with_secret_key(text: str, match: re.Match[str]) -> Iterator[Span]:
    """An AWS key id, and the 40 characters of its secret that stand nearby without a name."""
    start, end = match.span(1)
    yield start, end, REDACTED
    for first, last in ((max(0, start - 160), start), (end, end + 160)):
        for found in _SECRET_KEY.finditer(text, first, last):
            yield *found.span(), REDACTED


_PEM_END = re.compile(r"-----END[A-Z0-9 +]{1,60}-----")
_PEM_LINES = re.compile(
    r"(?:[\s\"'`+,\\]{0,48}(?:[A-Za-z0-9+/=]{16,}|[A-Za-z-]{3,24}: [^\r\n]{1,128}))*+"
    r"(?:[\s\"'`+,\\]{0,48}[A-Za-z0-9+/]{0,16}={1,2})?+"
)


def _whole_block(text: str, match: re.Match[str]) -> Iterator[Span]:
    """To its end; of a block that was cut off, as far as its lines go."""
    end = text.find("-----END", match.end(), match.end() + 8_000)
    rest = _PEM_END.match(text, end) if end >= 0 else None
    rest = rest or _PEM_LINES.match(text, match.end())
    yield match.start(), rest.end() if rest else match.end(), REDACTED


_USER_INFO = re.compile(
    r"[^\s/\"'`<>]{1,256}|[^\s/:@\"'`<>]{0,128}:(?!\d{1,5}/)[^\s\"'`<>]{1,256}"  # a password may have a slash
)


def _user_info(text: str, match: re.Match[str]) -> Iterator[Span]:
    """User name and password in an address, from `://` to the @ at `match`."""
    start = text.rfind("://", max(0, match.start() - 400), match.start()) + 3
    if start > 2 and _USER_INFO.fullmatch(text, start, match.start()):
        yield start, match.start(), REDACTED


SHOWN = [
    rule("-----begin", r"-----BEGIN[A-Z0-9 +]{0,40}PRIVATE[ +]KEY(?:[ +]BLOCK)?-----", read=_whole_block),
    # JSON web tokens, signed (three parts) or encrypted (five), and other base64 of a JSON object
    rule("eyj", r"(?<![a-z0-9])((?-i:eyJ)[\w-]{8,}+(?:\.[\w-]*+){0,4})"),
    rule(
        "key_",
        r"(?:(?<![a-z0-9_])|(?=key_[0-9a-f]{64}))"
        rf"(key_(?=[a-z]{{0,16}}\d|[0-9a-f]{{4}}|\w{{16}})\w++{_CUT})",
    ),
    rule("sk-", rf"(?<![a-z0-9])(sk-(?=[a-z_-]{{0,24}}\d|[\w-]{{16}})[\w-]++{_CUT})"),
    rule(("akia", "asia"), r"(?<![a-z0-9])((?-i:AKIA|ASIA)[A-Z0-9]{12,}+)", read=_with_secret_key),
    rule(("0//0", "0/0a"), r"(?<![a-z0-9])(\d/{1,2}0[\w-]{8,}+)"),  # Google's refresh tokens and codes
    _begins(
        "sk_live_ sk_test_ pk_live_ pk_test_ rk_live_ rk_test_ sb_secret_ sb_publishable_ sbp_ "
        "whsec_ ghp_ gho_ ghs_ ghu_ ghr_ github_pat_ vercel_blob_rw_ glpat- gldt- glrt- glptt- "
        "glcbt- glft- glsoat- glimt- glagent- gloas- xoxa- xoxb- xoxc- xoxd- xoxe- xoxo- xoxp- "
        "xoxr- xoxs- xapp- dop_v1_ doo_v1_ dor_v1_ shpat_ shpca_ shppa_ shpss_ lin_api_ lin_oauth_ "
        "PMAK- figd_ figo_ dckr_pat_ dckr_oat_ rubygems_ glsa_ nvapi- GOCSPX- sq0atp- sq0csp- "
        "pscale_tkn_ pscale_pw_ tskey- polar_oat_ pcsk_",
        r"[\w-]",
        "4,",
    ),
    _begins("vcp_ vci_ vca_ vcr_ vck_ hf_ r8_ gsk_ xai- pplx- ntn_ rnd_ nfp_ phx_", "[a-z0-9]", "20,"),
    _begins("secret_", "[a-z0-9]", "40,"),
    rule(  # by two digits that may be of a number: `sk_` alone is in `task_id`
        [
            *(f"sk_{one}{two}" for one, two in product("0abcdef", repeat=2)),
            *(f"sk_{what}_" for what in ("org", "prod", "dev", "stag", "staging")),
        ],
        r"(?<![a-z0-9_])(sk_(?:[a-z]{3,8}_){0,3}(?=[a-z]{0,40}\d)[a-z0-9]{20,}+)",
    ),
    _begins("pypi- lsv2_pt_ lsv2_sk_ tvly-", r"[\w-]", "28,"),
    _begins("hvs. hvb. hvr.", r"[\w-]", "16,"),
    _begins("dp.pt. dp.st. dp.ct. dp.sa. dp.scim. dp.audit.", r"[\w.-]", "16,"),  # dp.st.prd.…
    _begins("IQoJb3JpZ2lu FwoGZXIvYXdz FQoGZXIvYXdz sntrys_ sntryu_ ATATT3 glc_", r"[\w+/=-]", "20,"),
    _begins("AIza ya29.", r"[\w.-]", "12,"),
    _begins("npm_", "[a-z0-9]", "36"),
    _begins("napi_", "[a-z0-9]", "64"),
    _begins("npg_", "[a-z0-9]", "12,"),
    _begins("fm2_ fm1a_ fm1r_", "[a-z0-9+/=]", "40,"),
    _begins("fo1_ tfp_ CFPAT- duffel_live_ duffel_test_ HRKU-AA", r"[\w-]", "40,"),
    _begins("jina_ tr_prod_ tr_stg_ tr_dev_ NRAK- AVNS_ rdme_ pnu_", "[a-z0-9]", "19,"),
    _begins("e2b_ bkua_ pul- shippo_live_ shippo_test_ live_ test_", "[0-9a-f]", "35,"),
    _begins("signkey-prod- signkey-test- signkey-branch- v1.0-", "[0-9a-f-]", "64,"),
    _begins("xkeysib-", r"[\w-]", "64,"),
    _begins("AKCp EZAK EZTK AGE-SECRET-KEY-1 oy2 dt0c01.", "[a-z0-9.]", "43,"),
    _begins("pat-na1- pat-eu1- xaat- xapt-", "[0-9a-f-]", "36"),
    _begins("luma-", "[0-9a-f-]", "73"),
    rule("ccipat_", r"(?<![a-z0-9])(CCIPAT_[a-z0-9]{16,32}_[0-9a-f]{40})"),
    rule("pat", r"(?<![a-z0-9])(pat[a-z0-9]{14}\.[0-9a-f]{64})"),  # Airtable
    rule("eaaa", r"(?<![a-z0-9+/])((?-i:EAAA)[\w-]{56,60}(?![\w+/-]))"),  # Square
    rule("access_token$", r"(access_token\$[a-z]{4,16}\$[a-z0-9]{8,32}\$[0-9a-f]{32})"),  # PayPal
    rule(".atlasv0.", r"\.atlasv1\.[\w=-]{60,}+", read=with_what_is_before(r"(?<![a-z0-9])[a-z0-9]{14}")),
    rule("-us00", r"-us\d{2}(?!\w)", read=with_what_is_before(r"(?<![0-9a-f])[0-9a-f]{32}")),  # Mailchimp
    _begins("dapi key-", "[0-9a-f]", "32,40"),
    rule(  # Twilio's, by their first digits: SK and AC alone are in many words
        [f"{kind}{''.join(digits)}" for kind in ("sk", "ac") for digits in product("0abcdef", repeat=3)],
        r"(?<![a-z0-9])((?-i:SK|AC)[0-9a-f]{32})(?![a-z0-9])",
    ),
    rule("re_", r"(?<![a-z0-9])((?-i:re_)(?=\w{0,24}\d)(?=\w{0,40}(?-i:[A-Z]))\w{16,}+)"),
    rule("sg.", r"(?<![a-z0-9])((?-i:SG)\.[\w-]{16,32}+\.[\w-]{16,}+)"),
    rule(":aa", r":(?-i:AA)[\w-]{30,}+", read=with_what_is_before(r"(?<!\d)\d{8,10}")),  # Telegram
    # addresses that anybody may post to who knows them
    rule("hooks.slack", r"hooks\.slack(?:-gov)?\.com/(?:services|workflows|triggers)/([\w/-]++)"),
    rule("/webhooks/", r"/webhooks/(\d{6,24}/[\w-]{16,}+)"),
    rule("/webhookb0/", r"/webhookb2/([\w@/.-]++)"),
    rule("@", "@", read=_user_info),
    rule("jdbc:oracle:", r"jdbc:oracle:[a-z]{3,8}:([^\s/@]{1,64}/[^\s@]{1,128})@"),
]

# Two have no snippet: a Discord bot's token, and a uuid with its secret, as fal writes keys.
_DISCORD = re.compile(r"\.(?<=[\w-]{23}\.)[\w-]{6,7}\.[\w-]{27,38}(?![\w-])")
_FAL = re.compile(r":(?<=[0-9a-f]{4}-[0-9a-f]{12}:)[0-9a-f]{32}(?![0-9a-f])", re.IGNORECASE)
_BEFORE_DISCORD = with_what_is_before(r"[\w-]{23,28}")
_BEFORE_FAL = with_what_is_before(_UUID)


def unmarked(text: str) -> Iterator[Span]:
    """The tokens that no snippet gives away."""
    for match in _DISCORD.finditer(text):
        yield from _BEFORE_DISCORD(text, match)
    for match in _FAL.finditer(text):
        yield from _BEFORE_FAL(text, match)
