"""Settings: environment, then `.env`, then `.streamlit/secrets.toml`. The names are the production app's."""

from __future__ import annotations

import getpass
import io
import json
import os
import re
import tomllib
from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import unquote, urlsplit

from dotenv.parser import parse_stream
from pydantic import (
    AliasChoices,
    Field,
    PrivateAttr,
    SecretStr,
    ValidationError,
    ValidationInfo,
    field_validator,
)
from pydantic_settings import (
    BaseSettings,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from lib import outgoing
from lib.domain.link import check_template
from lib.errors import SettingsError, everything_wrong

ROOT = Path(__file__).resolve().parent.parent
RUNWAY_BASE_URL = "https://api.dev.runwayml.com"


def _operating_system_user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # a container's user may have no name
        return f"uid {os.getuid()}"


_PASSWORD = re.compile(r"://[^:/?#]{0,200}:(.{1,500})@|[?&]password=([^&]{1,500})")
# lengths of time in their unit: a year, and ten, are as good as for ever
Minutes = Annotated[float, Field(gt=0, le=525_600)]
Days = Annotated[int, Field(ge=1, le=3_650)]
Hours = Annotated[float, Field(gt=0, le=87_600)]


def _names(*names: str) -> AliasChoices:
    return AliasChoices(*names, *(name.lower() for name in names))


def _named(*names: str, default: object = None) -> Any:
    return Field(default=default, validation_alias=_names(*names))


class _Secrets(TomlConfigSettingsSource):
    """`[auth]` is Streamlit's own name; as a variable of the environment it could be anybody's."""

    def __call__(self) -> dict[str, Any]:
        return {
            "DAILIES_AUTH" if name == "auth" else name: value for name, value in super().__call__().items()
        }


class Settings(BaseSettings):
    """One immutable value; `load_settings()` is the only reader of the environment."""

    model_config = SettingsConfigDict(
        env_file=ROOT / ".env",
        toml_file=ROOT / ".streamlit" / "secrets.toml",
        extra="ignore",
        frozen=True,
        hide_input_in_errors=True,
        populate_by_name=True,
    )

    supabase_url: str | None = _named("SUPABASE_URL", "NEXT_PUBLIC_SUPABASE_URL")
    supabase_key: SecretStr | None = _named("SUPABASE_SERVICE_ROLE_KEY", "SUPABASE_SECRET_KEY")
    database_url: SecretStr | None = _named("DATABASE_URL", "POSTGRES_URL_NON_POOLING", "POSTGRES_URL")
    runway_api_key: SecretStr | None = _named("RUNWAY_API_KEY", "RUNWAYML_API_SECRET")
    runway_base_url: str | None = _named("RUNWAY_BASE_URL", "RUNWAYML_BASE_URL")
    runway_model: str = _named("RUNWAY_MODEL_ID", default="gen4_turbo")
    data_dir: Path = _named("DAILIES_DATA", default=ROOT / ".dailies")
    operator: str = Field(default_factory=_operating_system_user, validation_alias=_names("DAILIES_OPERATOR"))
    stuck_after_minutes: Minutes = _named("DAILIES_STUCK_AFTER_MINUTES", default=5)
    log_retention_hours: Hours = _named("DAILIES_LOG_RETENTION_HOURS", default=24)
    keep_logs_days: Days | None = _named("DAILIES_KEEP_LOGS_DAYS")
    flows_dir: Path | None = _named("DAILIES_FLOWS")
    auto_retry: bool = _named("DAILIES_AUTO_RETRY", default=False)
    take_queued: bool = _named("DAILIES_TAKE_QUEUED", default=False)
    outputs: str | None = _named("DAILIES_OUTPUTS")
    output_hosts: str = _named("DAILIES_OUTPUT_HOSTS", default="dnznrvs05pmza.cloudfront.net")
    links: Annotated[dict[str, str], NoDecode] = Field(
        default_factory=dict, validation_alias=_names("DAILIES_LINKS")
    )
    demo: bool = _named("DAILIES_DEMO", default=True)
    address: str | None = _named("DAILIES_URL")
    hosts: str | None = _named("DAILIES_HOSTS")
    read_only: bool = _named("DAILIES_READ_ONLY", default=False)
    anyone: Literal["viewer", "operator", "admin"] | None = _named("DAILIES_ANYONE")
    auth: Annotated[dict[str, Any] | None, NoDecode] = Field(
        default=None, validation_alias=_names("DAILIES_AUTH"), repr=False
    )
    admins: str | None = _named("DAILIES_ADMINS")
    operators: str | None = _named("DAILIES_OPERATORS")
    viewers: str | None = _named("DAILIES_VIEWERS")
    paid_per_minute: Annotated[int, Field(ge=1, le=10_000)] = _named("DAILIES_PAID_PER_MINUTE", default=20)
    session_hours: Hours = _named("DAILIES_SESSION_HOURS", default=12)
    log_drain_secret: SecretStr | None = _named("DAILIES_LOG_DRAIN_SECRET")
    log_drain_verify: str | None = _named("DAILIES_LOG_DRAIN_VERIFY")
    cron_secret: SecretStr | None = _named("CRON_SECRET")
    metrics_token: SecretStr | None = _named("DAILIES_METRICS_TOKEN")
    vercel_token: SecretStr | None = _named("VERCEL_TOKEN")
    vercel_project: str | None = _named("VERCEL_PROJECT_ID")
    vercel_team: str | None = _named("VERCEL_TEAM_ID")
    alert_webhook: SecretStr | None = _named("DAILIES_ALERT_WEBHOOK")
    alert_rules: Path | None = _named("DAILIES_ALERT_RULES")

    @field_validator("auth", "links", mode="before")
    @classmethod
    def _is_json(cls, value: object) -> object:
        """Here, and not by pydantic's own decoder, whose error names no variable."""
        if not isinstance(value, str):
            return value
        try:
            return json.loads(value)
        except ValueError:
            raise ValueError("this is no JSON") from None

    _left_out: tuple[str, ...] = PrivateAttr(())

    @property
    def left_out(self) -> tuple[str, ...]:
        """What of the files and the environment was not used, each in a sentence without its value."""
        return self._left_out

    @field_validator("*", mode="before")
    @classmethod
    def _blank_is_unset(cls, value: object, info: ValidationInfo) -> object:
        """A variable that is set but empty counts as not set; pasted values often end in a newline."""
        if not isinstance(value, str):
            return value
        field = cls.model_fields[info.field_name or ""]
        return value.strip() or field.get_default(call_default_factory=True)

    @field_validator("links")
    @classmethod
    def _lead_somewhere(cls, value: dict[str, str]) -> dict[str, str]:
        for template in value.values():
            check_template(template)
        return value

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return init_settings, env_settings, dotenv_settings, _Secrets(settings_cls)

    @property
    def database_kind(self) -> str:
        """`postgres` (DATABASE_URL wins), else `supabase`, else `embedded`, the default."""
        if self.database_url:
            return "postgres"
        return "supabase" if self.supabase_url or self.supabase_key else "embedded"

    @property
    def runway_kind(self) -> str:
        """`runway` with a key, `simulator` without."""
        return "runway" if self.runway_api_key else "simulator"

    @property
    def has_runway(self) -> bool:
        """Whether there is one to ask: the simulator knows nothing of the tasks of another database."""
        return self.runway_kind == "runway" or self.database_kind == "embedded"

    def secrets(self) -> Iterator[str]:
        """Everything in them that nobody may see: keys and tokens, the database's password, what a webhook's
        address ends with; also under names that another one wins over."""
        for name, field in type(self).model_fields.items():
            alias = field.validation_alias
            if field.annotation == SecretStr | None and isinstance(alias, AliasChoices):
                given = getattr(self, name)
                in_use = given.get_secret_value() if given else ""
                for value in (in_use, *(os.environ.get(str(each), "") for each in alias.choices)):
                    yield from _secret_parts(value)
        for section in (self.auth or {}, *(self.auth or {}).values()):
            if isinstance(section, dict):
                yield from (str(value) for name, value in section.items() if "secret" in name)


def _secret_parts(value: str) -> Iterator[str]:
    """Of an address the password, else what stands behind the host; of anything else the whole."""
    if "://" not in value:
        yield value.strip()
    elif found := _PASSWORD.search(value):
        password = found[1] or found[2]
        yield from (password, unquote(password))
    elif value.startswith("https:"):
        parts = urlsplit(value.strip())
        yield f"{parts.path}?{parts.query}".strip("/?")


@cache
def load_settings() -> Settings:
    """The settings of this process. Raises SettingsError naming every malformed variable, never its value."""
    try:
        settings = Settings()
        outgoing.know(settings.secrets())
        settings._left_out = tuple(_left_out())
        return settings
    except ValidationError as error:
        raise SettingsError(f"Settings that cannot be used: {everything_wrong(error)}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        file = "secrets.toml" if isinstance(error, tomllib.TOMLDecodeError) else ".env or secrets.toml"
        raise SettingsError(f"Settings that cannot be read: {file} is malformed: {error}") from None


def setting_names() -> set[str]:
    """Every variable that is read."""
    aliases = (field.validation_alias for field in Settings.model_fields.values())
    return {str(name).upper() for each in aliases if isinstance(each, AliasChoices) for name in each.choices}


def _left_out() -> Iterator[str]:
    """Raises SettingsError for what cannot be left out: it may say what may be spent, or who may act."""
    file, toml = (Settings.model_config.get(name) for name in ("env_file", "toml_file"))
    if isinstance(file, Path) and file.is_file():
        yield from _left_out_of(file.read_text("utf-8"))
    yield from _unknown(os.environ, "The environment")
    if isinstance(toml, Path) and toml.is_file():
        yield from _unknown(tomllib.loads(toml.read_text("utf-8")), "secrets.toml")


def _left_out_of(text: str) -> Iterator[str]:
    """Of a `.env` file: lines that are none, and names that are set twice."""
    names, seen = setting_names(), set[str]()
    for line in parse_stream(io.StringIO(text)):
        where = f"Line {line.original.line} of .env"
        # the rest of a line is lost, or the lines that an open quotation mark took along
        is_bad = line.error or (line.key is not None and line.value is None)
        lost = line.original.string if is_bad else (line.value or "").partition("\n")[2]
        if named := sorted(name for name in names if re.search(rf"\b{name}\b", lost, re.IGNORECASE)):
            raise SettingsError(
                f"{where} cannot be read, and {named[0]} would be left out with it. Is a quotation mark open?"
            )
        if is_bad:
            yield f"{where} is no NAME=value: it is left out."
        elif line.key:
            yield from _unknown([line.key], where)
            if line.key.upper() in seen:
                yield f"{where} sets {line.key.upper()} again: the last one counts."
            seen.add(line.key.upper())


def _unknown(given: Iterable[str], where: str) -> Iterator[str]:
    names = setting_names()
    for name in given:
        if name.upper().startswith("DAILIES_") and name.upper() not in names:
            meant = get_close_matches(name.upper()[:100], names, 1)
            hint = f" Is {meant[0]} meant?" if meant else ""
            yield f"{where} sets {name[:100]}, which is no setting of Dailies.{hint}"
