"""Whether the database has the schema that this version of Dailies needs."""

from __future__ import annotations

from dataclasses import dataclass

from lib.data.database import Database
from lib.data.migrations import migrations
from lib.errors import SchemaMissing


@dataclass(frozen=True, slots=True)
class SchemaState:
    version: str | None
    expected: str
    missing: tuple[str, ...]

    @property
    def problem(self) -> str | None:
        """What is wrong and what to do, or None."""
        if self.version is None:
            return "The schema of Dailies is not there. Run `python -m lib migrate`."
        if self.missing:
            return f"The database lacks {', '.join(self.missing)}. Run `python -m lib migrate`."
        if self.version < self.expected:
            return (
                f"The schema is of version {self.version}, and this Dailies needs {self.expected}. "
                "Run `python -m lib migrate`."
            )
        return None


def check_schema(db: Database) -> SchemaState:
    """Raises DatabaseUnavailable; a schema that is missing is an answer, not an error."""
    expected = migrations()[-1].version
    try:
        row = db.call("dailies_schema")[0]
    except SchemaMissing:
        return SchemaState(None, expected, ())
    return SchemaState(row["version"], expected, tuple(row["missing"]))
