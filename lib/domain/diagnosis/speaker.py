"""Who failed or refused, as an error text says: by a sentence or code of their own, by name, or by host."""

from __future__ import annotations

from enum import StrEnum

from lib.domain.diagnosis import signatures as known
from lib.domain.diagnosis.text import any_of, by_table, table_of


class Speaker(StrEnum):
    """Who failed or refused, as far as a text says."""

    RUNWAY = "runway"
    DATABASE = "database"
    STORAGE = "storage"  # of files: a bucket, the function's own disk
    PLATFORM = "platform"  # Vercel, Lambda: what runs the app's functions
    SERVICE = "service"  # any other service or tool: OpenAI, Stripe, mail, sign-in, ffmpeg, a download
    APP = "app"  # the app's own settings, before anybody was asked
    UNKNOWN = "unknown"


OTHERS = frozenset({Speaker.DATABASE, Speaker.STORAGE, Speaker.PLATFORM, Speaker.SERVICE})


# Where two begin at the same place, the first row wins: "failed to save the video to storage" is storage's.
_SIGNED = by_table(
    {
        Speaker.RUNWAY: known.RUNWAY,
        Speaker.PLATFORM: (
            *known.PLATFORM_TIMEOUT,
            *known.PLATFORM_STOP,
            *known.PLATFORM_PAGE,
            *known.PLATFORM_REFUSAL,
        ),
        Speaker.STORAGE: known.STORAGE,
        Speaker.SERVICE: known.SERVICE,
        Speaker.DATABASE: known.DATABASE,
    }
)
_NAMED = by_table(
    {
        Speaker.STORAGE: known.NAMES_STORAGE,
        Speaker.DATABASE: known.NAMES_DATABASE,
        Speaker.SERVICE: known.NAMES_SERVICE,
    }
)
_THROWN = by_table(
    {
        Speaker.RUNWAY: known.FRAMES_RUNWAY,
        Speaker.STORAGE: known.FRAMES_STORAGE,
        Speaker.DATABASE: known.FRAMES_DATABASE,
        Speaker.SERVICE: known.FRAMES_SERVICE,
    }
)
_SAYS_RUNWAY = any_of(*known.SAYS_RUNWAY)
_NAMES_RUNWAY = any_of(*known.NAMES_RUNWAY)
_FAILURE = any_of(*known.FAILURE)
# The host that did not answer, or refused: any that is not Runway's.
_NAME = r"[a-z0-9][a-z0-9.-]{1,80}\.[a-z]{2,12}\b"
_HOST = any_of(
    r"(?:enotfound|eai_again) [a-z0-9]",
    r"(?:econnrefused|econnreset|etimedout|getaddrinfo|lookup|connect to host|host:?|host=)"
    rf" ?['\"]?{_NAME}",
    rf"(?:for url:?|\burl['\"]?:|\bget|\bpost|\bput|\bfetch|\bto|\bfrom) ?['\"(`\[]?https?://{_NAME}",
)
# An error that is an object, or a message beside a code: Runway's error is a string.
_FOREIGN_BODY = any_of(
    r"['\"]error['\"]\s?:\s?\{\s?['\"](?:message|code|type|status|details)['\"]",
    r"\{\s?['\"]code['\"]\s?:\s?['\"]?\w{1,40}['\"]?\s?,\s?['\"](?:message|msg)['\"]",
)


def who_says(said: str, *, failed: bool) -> tuple[Speaker, bool]:
    """Who failed in a text of small letters without its stack, and whether a sentence of their own says so.

    Of several such sentences the first counts: what follows is quoted, or a consequence. `failed` says that
    something did, whatever the words.
    """
    if signed := _SIGNED.search(said):
        return Speaker(table_of(signed)), True
    if failed or _FAILURE.search(said):
        return _who_is_named(said), False
    return Speaker.UNKNOWN, False


def _who_is_named(said: str) -> Speaker:
    if _SAYS_RUNWAY.search(said):
        return Speaker.RUNWAY
    if named := _NAMED.search(said):
        return Speaker(table_of(named))
    if _NAMES_RUNWAY.search(said):
        return Speaker.RUNWAY
    return Speaker.SERVICE if _HOST.search(said) or _FOREIGN_BODY.search(said) else Speaker.UNKNOWN


def who_threw(text: str) -> Speaker:
    """Whose code a stack in small letters names first: a last resort, it passes through the innocent, too."""
    thrown = _THROWN.search(text)
    return Speaker(table_of(thrown)) if thrown else Speaker.UNKNOWN


def names_another(said: str) -> bool:
    """Whether anybody but Runway speaks or is named anywhere in a text."""
    signed = (table_of(found) for found in _SIGNED.finditer(said))
    return any(who != Speaker.RUNWAY for who in signed) or bool(_NAMED.search(said))
