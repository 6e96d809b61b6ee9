"""The HTTP status that an error text reports, in whatever words."""

from __future__ import annotations

import re

from lib.domain.diagnosis.text import LONGEST, any_of, without_stack

_AT_ALL = re.compile(r"[45]\d\d")
_END = r"(?![\d%]|[.,]\d|-?\w|/\d|:\d)"
_ANY = rf"([45]\d\d){_END}"
_MANY = r"(?:m?s|sec(?:ond)?s|min(?:ute)?s|videos|clips|images|pictures|files|tasks|users|rows|items|times)\b"
# Where the words around it are weaker, only numbers that are a status in use.
_KNOWN = (
    r"(4(?:0\d|1[0-8]|2[1-689]|31|51|99)|5(?:0\d|1[01]|2[0-79]|30|4[046]|9[89]))"
    rf"{_END}(?! ?(?:is|are|was|were|has|have|of|or|per|not supported|exceeds?)\b| {_MANY})"
)
_REASON = (
    r"(?:bad request|unauthori[sz]ed|payment required|forbidden|not found|page not found|method not allowed"
    r"|not acceptable|request time-?out|conflict|gone|(?:payload|content|entity) too large|uri too long"
    r"|unsupported media type|unprocessable|too many requests|internal (?:server )?error|not implemented"
    r"|bad gateway|service (?:temporarily )?unavailable|gateway time-?out|client error|server error"
    r"|errors?\b|status\b|responses?\b)"
)
_OPEN = r"\s?[:=]?\s?['\"`(\[\\]{0,2}"
_UNIT = (
    r"(?:m?s|msec|m(?:illi)?seconds?|sec(?:ond)?s?|min(?:ute)?s?|hours?|days?|[kmg]i?b|bytes?|px|pixels?|x|fps"
    r"|frames?|credits?|char(?:acter)?s?|tokens?|words?|lines?|rows?|records?|items?|results?|entries|videos?"
    r"|clips?|images?|pictures?|files?|tasks?|users?|times|attempts?|retries|percent|points?|steps?)\b"
)

# A number that these words explain is no status: it is passed over. They have no group.
_SOMETHING_ELSE = (
    r"\b(?:video|clip|task|scene|shot|batch|image|picture|row|user|job|item|id|number|no\.?|frame|line|column|page"
    r"|seed|port|step|chunk|part|pid)s? ?#?\d{3,9}(?!\s?-)",
    r"\b(?:id|seed|port|pid|size|width|height|length|duration|timeout|count|total|limit|max\w{0,8}|min\w{0,8})"
    r"['\"]?\s?[:=]\s?\d{3,9}",
    r"\b(?:than|least|most|over|under|after|exceed(?:s|ed)?|equal to|up to|only|timeout of|long|large|big"
    r"|small|short|length|limit|size) (?:the )?(?:maximum |limit )?(?:of |is |was )?\(?\d{3,9}",
    rf"\d{{3,9}}\s?{_UNIT}",
)
_AFTER = r"(?=\s?(?:$|[:;,.(){}\[\]<>\"'\n|–—-]))"
_SAYS_SO = (
    rf"status(?:[ _-]?code)?['\"]?(?::? (?:is|was|of|got))?{_OPEN}{_ANY}",
    rf"indicate success:? ?{_ANY}",
    rf"\bhttps?(?:/[\d.]{{1,3}})?(?:[ _-]?(?:error|code|status|response)){{0,2}}_?{_OPEN}{_ANY}",
    rf"(?:response|error|result|status)[ _-]?code['\"]?(?: (?:is|was|of))?{_OPEN}{_ANY}",
    rf"(?<!exit )\bcode['\"]?\s?[:=]\s?['\"]?{_ANY}",
    rf"(?:error|exception|failure)s?['\"]?\s?[:=#_-]?{_OPEN}{_KNOWN}",
    r"\b(?:return|respond|repl[iy]|answer|fail|reject|refus|result|gave|threw|response)(?:s|es|ed|ied)?"
    r"(?:,? (?:with|in|by|an?|http|status|error|code)){0,4}"
    rf"[:,]?\s?-?{_OPEN}{_KNOWN}",
    rf"(?:fail|error|unable|cannot|could not|refus|reject|creat|poll|call)[^\n:]{{0,60}}: {_KNOWN}{_AFTER}",
    rf"(?<![\w.$#/:-]){_KNOWN}['\"]?\s?[:,-]?\s?['\"(\[]?{_REASON}",
    rf"{_REASON}['\")]{{0,2}}\s?[:,-]?\s?[(\[]?{_KNOWN}",
    rf"(?<![\w\]'\"])\[{_KNOWN}\]",
    rf"[a-z]['\"`)]? \({_KNOWN}\)(?= ?(?:$|[:;,.\n-]))",
    rf"\b(?:get|post|put|patch|delete|head) \S{{1,200}} :? ?{_KNOWN}",
    rf"(?:->|=>|→) ?{_KNOWN}",
    rf"(?<![\w.$#/:-]){_KNOWN} from (?:the )?(?:runway|upstream|api)",
    rf"\({_KNOWN}, [a-z]",
    rf"\b(?:runway(?:ml)?|_to_video|_to_image|api|upstream|gateway|server|request|fetch)['\"`)]?(?: api)?"
    rf" ?[:=–—-] ?{_KNOWN}",
    rf"(?:runway(?:ml)?(?: api)?|_to_video|_to_image) {_KNOWN}(?:{_AFTER}|(?= [a-z]))",
    # Spanish and Italian, Slavic, Japanese, Chinese; French, Spanish, German, Swedish, Dutch for "answered"
    rf"(?:c[oó]di(?:go|ce)|\bkode?m?|код\w{{0,2}}(?: \w{{1,10}})?|コード|代码|状态码|返回){_OPEN}{_KNOWN}",
    r"(?:répondu?|respondió|risposto|antwortete?|svarade|antwoordde)(?: (?:par|con|mit|med|met))?"
    rf"{_OPEN}{_KNOWN}",
)
_REPORTED = any_of(*_SOMETHING_ELSE, *_SAYS_SO)
# A text that begins with its status, also behind tags and as the value of `message`.
_BEGINS = re.compile(
    r"\A\s*(?:\[[^\]\n]{1,60}\]\s?){0,3}(?:[Ee]rror: )?([45]\d\d)(?=[\s:,-]{0,3}(?:[\[{\"'<(]|[A-Z]|\Z))"
    rf"(?!\s(?i:{_UNIT}))"
    r"|(?:[Mm]essage|[Ee]rror|reason|details?)['\"]?\s?[:=]\s?['\"`]([45]\d\d)(?=\s?[\[{\"'<A-Z])"
)


def http_status(text: str) -> int | None:
    """The first HTTP error status (400 to 599) that a text reports; None when it reports none."""
    said = without_stack(text[:LONGEST])
    if not _AT_ALL.search(said):
        return None
    begins = _BEGINS.search(said)
    if begins and begins.start() == 0:
        return _number(begins)
    reported = next((found for found in _REPORTED.finditer(said.lower()) if any(found.groups())), None)
    if begins and (reported is None or begins.start() <= reported.start()):
        return _number(begins)
    return _number(reported) if reported else None


def _number(found: re.Match[str]) -> int:
    return int(next(group for group in found.groups() if group))
