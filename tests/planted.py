"""Secrets of every shape, made when the tests run: no scanner is to find one in the repository."""

from __future__ import annotations

import base64
import random
import string
import uuid
from collections.abc import Callable, Iterable
from contextlib import suppress
from mmap import PROT_READ, mmap
from pathlib import Path
from typing import NamedTuple

from ahocorasick_rs import BytesAhoCorasick, Implementation

LETTERS = string.ascii_letters + string.digits
CAPITALS = string.ascii_uppercase + string.digits
BASE64 = LETTERS + "+/"
URL_SAFE = LETTERS + "-_"
HEX = "0123456789abcdef"


class Planted(NamedTuple):
    shape: str
    text: str  # as a program writes it
    secret: str  # the part of it that must not be left


def planted(seed: int = 1) -> list[Planted]:
    """One secret of each shape."""
    some = Maker(random.Random(seed))
    shown = [Planted(name, secret, secret) for name, secret in some.shown()]
    named = [Planted(name, text.replace("@", secret, 1), secret) for name, text, secret in some.named()]
    return shown + named + list(some.whole())


class Maker:
    def __init__(self, random_: random.Random) -> None:
        self._random = random_

    def of(self, letters: str, length: int) -> str:
        """Random letters, a digit, a small letter and a capital among them where there are some."""
        while True:
            made = "".join(self._random.choices(letters, k=length))
            kinds: list[Callable[[str], bool]] = [str.isdigit, str.islower, str.isupper]
            if all(any(map(kind, made)) for kind in kinds if any(map(kind, letters))):
                return made

    def uuid(self) -> str:
        return str(uuid.UUID(int=self._random.getrandbits(128), version=4))

    def digits(self, length: int) -> str:
        return str(self._random.randrange(1, 10)) + self.of("0123456789", length - 1)

    def card(self, start: str, length: int) -> str:
        body = start + "".join(self._random.choices("0123456789", k=length - len(start) - 1))
        return body + next(last for last in "0123456789" if _luhn(body + last))

    def iban(self, country: str, length: int) -> str:
        account = "".join(self._random.choices("0123456789", k=length - 4))
        check = 98 - int("".join(str(int(c, 36)) for c in account + country + "00")) % 97
        return f"{country}{check:02}{account}"

    def pem(self, kind: str) -> str:
        body = self.of(BASE64, 700) + "=="
        lines = [body[at : at + 64] for at in range(0, len(body), 64)]
        return "\n".join((f"-----BEGIN {kind}-----", *lines, f"-----END {kind}-----"))

    def jwt(self) -> str:
        header, body = (
            base64.urlsafe_b64encode(part).decode().rstrip("=")
            for part in (b'{"alg":"HS256"}', b'{"sub":"' + self.digits(12).encode() + b'"}')
        )
        return f"{header}.{body}.{self.of(URL_SAFE, 43)}"

    def shown(self) -> list[tuple[str, str]]:
        """Secrets that show what they are, wherever they stand."""
        prefixes = {
            "AWS key": ("AKIA", CAPITALS, 16),
            "AWS temporary key": ("ASIA", CAPITALS, 16),
            "GCP key": ("AIza", URL_SAFE, 35),
            "GCP access token": ("ya29.", URL_SAFE, 60),
            "GitHub personal": ("ghp_", LETTERS, 36),
            "GitHub OAuth": ("gho_", LETTERS, 36),
            "GitHub server": ("ghs_", LETTERS, 36),
            "GitHub fine-grained": ("github_pat_", LETTERS + "_", 82),
            "GitLab personal": ("glpat-", LETTERS, 20),
            "GitLab deploy": ("gldt-", LETTERS, 20),
            "GitLab runner": ("glrt-", LETTERS, 20),
            "Stripe": ("sk_live_", LETTERS, 24),
            "Stripe restricted": ("rk_live_", LETTERS, 24),
            "Stripe webhook": ("whsec_", LETTERS, 32),
            "OpenAI": ("sk-", LETTERS, 48),
            "OpenAI project": ("sk-proj-", URL_SAFE, 60),
            "OpenAI service": ("sk-svcacct-", URL_SAFE, 60),
            "Anthropic": ("sk-ant-api03-", URL_SAFE, 90),
            "Slack app": ("xapp-1-", CAPITALS, 40),
            "Slack bot": ("xoxb-", LETTERS + "-", 50),
            "Supabase secret": ("sb_secret_", URL_SAFE, 31),
            "Supabase access": ("sbp_", HEX, 40),
            "PyPI": ("pypi-", URL_SAFE, 150),
            "Hugging Face": ("hf_", LETTERS, 34),
            "Replicate": ("r8_", LETTERS, 37),
            "Twilio key": ("SK", HEX, 32),
            "Twilio account": ("AC", HEX, 32),
            "Mailgun": ("key-", HEX, 32),
            "Resend": ("re_", LETTERS, 32),
            "Groq": ("gsk_", LETTERS, 52),
            "xAI": ("xai-", LETTERS, 80),
            "Perplexity": ("pplx-", LETTERS, 48),
            "DigitalOcean": ("dop_v1_", HEX, 64),
            "Shopify": ("shpat_", HEX, 32),
            "Linear": ("lin_api_", LETTERS, 40),
            "Notion": ("ntn_", LETTERS, 46),
            "Databricks": ("dapi", HEX, 32),
            "Doppler": ("dp.pt.", LETTERS, 43),
            "Doppler service": ("dp.st.prd_eu.", LETTERS, 40),
            "ElevenLabs": ("sk_", HEX, 48),
            "Stripe organisation": ("sk_org_live_", LETTERS, 40),
            "Figma": ("figd_", URL_SAFE, 40),
            "Vault": ("hvs.", URL_SAFE, 90),
            "Vercel": ("vcp_", LETTERS, 24),
            "Vercel blob": ("vercel_blob_rw_", LETTERS + "_", 40),
            "Runway": ("key_", HEX, 128),
            "npm": ("npm_", LETTERS, 36),
            "Neon": ("napi_", string.ascii_lowercase + string.digits, 64),
            "Neon, a password": ("npg_", LETTERS, 12),
            "Fly.io": ("fm2_", BASE64, 120),
            "Fly.io, older": ("fo1_", URL_SAFE, 43),
            "Square": ("EAAA", URL_SAFE, 60),
            "New Relic": ("NRAK-", CAPITALS, 27),
            "Tailscale": ("tskey-auth-", LETTERS, 40),
            "Heroku": ("HRKU-AA", URL_SAFE, 58),
            "Pulumi": ("pul-", HEX, 40),
            "EasyPost": ("EZAK", LETTERS, 54),
            "Pinecone": ("pcsk_", LETTERS + "_", 69),
            "Typeform": ("tfp_", URL_SAFE, 59),
            "Brevo": ("xkeysib-", LETTERS + "-", 81),
        }
        made = [
            (name, prefix + self.of(letters, length)) for name, (prefix, letters, length) in prefixes.items()
        ]
        return [
            *made,
            ("JSON web token", self.jwt()),
            ("AWS session token", "IQoJb3JpZ2lu" + self.of(BASE64, 300) + "="),
            ("Discord", f"{self.of(LETTERS, 24)}.{self.of(LETTERS, 6)}.{self.of(LETTERS, 27)}"),
            ("Telegram", f"{self.digits(10)}:AA{self.of(URL_SAFE, 33)}"),
            ("SendGrid", f"SG.{self.of(LETTERS, 22)}.{self.of(URL_SAFE, 43)}"),
            ("fal", f"{self.uuid()}:{self.of(HEX, 32)}"),
            ("Airtable", f"pat{self.of(LETTERS, 14)}.{self.of(HEX, 64)}"),
            ("Braintree", f"access_token$production${self.of(HEX, 16)}${self.of(HEX, 32)}"),
            ("HubSpot", f"pat-na1-{self.uuid()}"),
            ("Axiom", f"xaat-{self.uuid()}"),
            ("Luma", f"luma-{self.uuid()}-{self.uuid()}"),
            ("Terraform", f"{self.of(LETTERS, 14)}.atlasv1.{self.of(URL_SAFE, 67)}"),
            ("Mailchimp", f"{self.of(HEX, 32)}-us21"),
            ("CircleCI", f"CCIPAT_{self.of(LETTERS, 22)}_{self.of(HEX, 40)}"),
            ("Postman", f"PMAK-{self.of(HEX, 24)}-{self.of(HEX, 34)}"),
            ("phone, E.164", f"+4915{self.digits(9)}"),
            ("phone, US", f"({self._random.randrange(201, 209)}) 555-{self.digits(4)}"),
            ("phone, US with hyphens", f"{self._random.randrange(201, 209)}-555-{self.digits(4)}"),
            ("card", self.card("4", 16)),
            ("card in groups", " ".join(_groups(self.card("51", 16)))),
            ("card of 15 digits", self.card("37", 15)),
            ("IBAN", self.iban("DE", 22)),
            ("IBAN in groups", " ".join(_groups(self.iban("NL", 18)))),
            ("e-mail", f"{self.of(string.ascii_lowercase, 9)}@mail.example.com"),
            ("e-mail, international", f"{self.of(string.ascii_lowercase, 9)}@bücher-müller.example"),
            ("IPv4", "203.0.113.77"),
            ("IPv6", "2001:db8:85a3:8d3:1319:8a2e:370:7348"),
        ]

    def named(self) -> list[tuple[str, str, str]]:
        """Name, text with @ for the secret, the secret. Their name gives them away."""
        names = (
            "sessionId=@", "session_id: @", "x-session-id: @", "connect.sid=@", "?sig=@", "pass=@", "pw=@",
            "Passwort: @", "password: @", "token=@", "refresh_token: @", "client_secret=@", "DB_PASSWORD=@",
            "RUNWAYML_API_SECRET=@", "SUPABASE_SERVICE_ROLE_KEY=@", "x-api-key: @", "_vercel_jwt=@",
            "x-vercel-protection-bypass: @", "Authorization: Bearer @", "Authorization: Basic @",
            "Proxy-Authorization: Basic @", "Cookie: theme=dark; sid=@", "Set-Cookie: sid=@; Path=/",
            "?X-Amz-Signature=@&x=1", "?Expires=1&Signature=@&Key-Pair-Id=K1", "?token=@",
            "GET /cb?code=@&state=x1",
            "x-vercel-signature: @", "AWS_SECRET_ACCESS_KEY=@", "AccountKey=@",
        )  # fmt: skip
        return [
            *((name, name, self.of(LETTERS, 32)) for name in names),
            ("x-hub-signature-256", "x-hub-signature-256: sha256=@", self.of(HEX, 64)),
            ("Azure's signature", "?sv=2024-11-04&sig=@", self.of(LETTERS, 40) + "%2B%3D"),
            ("Google's signature", "?X-Goog-Algorithm=a&X-Goog-Signature=@", self.of(HEX, 128)),
            ("a password in an address", "postgres://app:@@db.example.com:5432/x", self.of(LETTERS, 20)),
            ("Slack's webhook", "https://hooks.slack.com/services/@",
             f"T{self.of(CAPITALS, 9)}/B{self.of(CAPITALS, 9)}/{self.of(LETTERS, 24)}"),
            ("Discord's webhook", "https://discord.com/api/webhooks/@",
             f"{self.digits(18)}/{self.of(URL_SAFE, 68)}"),
        ]  # fmt: skip

    def whole(self) -> list[Planted]:
        digest, nonce = self.of(HEX, 32), self.of(HEX, 16)
        header = f'Digest username="ada", realm="r", nonce="{nonce}", uri="/v", response="{digest}", qop=auth'
        key_id, secret = "AKIA" + self.of(CAPITALS, 16), self.of(BASE64, 40)
        rsa, openssh = self.pem("RSA PRIVATE KEY"), self.pem("OPENSSH PRIVATE KEY")
        return [
            Planted("digest", f"Authorization: {header}", digest),
            Planted("AWS secret", f"{key_id} {secret}", secret),
            Planted("AWS secret first", f"{secret}:{key_id}", secret),
            *(
                Planted("PEM", pem, pem.splitlines()[number])
                for pem in (rsa, openssh)
                for number in (1, 5, -2)
            ),
        ]


def _luhn(number: str) -> bool:
    digits = [int(digit) for digit in number]
    return (sum(digits[-1::-2]) + sum(sum(divmod(2 * digit, 10)) for digit in digits[-2::-2])) % 10 == 0


def _groups(text: str) -> list[str]:
    return [text[at : at + 4] for at in range(0, len(text), 4)]


def _environment() -> dict[str, str]:
    some = Maker(random.Random(77))
    names = ("OPENAI_API_KEY", "AWS_SECRET_ACCESS_KEY", "STRIPE_SECRET_KEY", "GITHUB_TOKEN", "NPM_TOKEN")
    more = ("SENTRY_AUTH_TOKEN", "SMTP_PASSWORD")
    return {f"PLANTED_{name}": some.of(LETTERS, 40) for name in (*names, *more)}


ENVIRONMENT = _environment()  # of the tests and of every process they start; none of it is for Dailies


def written(folder: Path, secrets: Iterable[str]) -> list[str]:
    """Which files below `folder` hold one of `secrets`, as it is or in base64."""
    forms = [form for secret in secrets for form in (secret.encode(), base64.b64encode(secret.encode())[:-4])]
    finder = BytesAhoCorasick(forms, implementation=Implementation.DFA)
    found = []
    for path in folder.rglob("*"):
        with suppress(OSError):  # a socket, or what a test has locked away
            if path.is_file() and not path.is_symlink() and path.stat().st_size:
                with path.open("rb") as file, mmap(file.fileno(), 0, prot=PROT_READ) as content:
                    if finder.find_matches_as_indexes(content):
                        found.append(str(path.relative_to(folder)))
    return found
