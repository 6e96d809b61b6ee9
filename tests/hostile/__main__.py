"""`make hostile`: who gets where, and which secrets get through; ends with 1 where something is wrong."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from lib.logs.redact import redact
from tests.hostile.matrix import CALLERS, Server, everything, expected
from tests.planted import planted
from tests.unit.test_redact_disguises import DISGUISES, HARMLESS

wrong = 0
with tempfile.TemporaryDirectory() as folder:
    server = Server(Path(folder))
    print(f"{'':44}" + "".join(f"{caller:>14}" for caller in CALLERS))
    # signing out last: it ends the sign-in that the others need
    for asked in sorted(everything(), key=lambda each: each.path == "/auth/logout"):
        cells = []
        for caller in CALLERS:
            found = server.ask(asked, caller)
            as_wanted = found == expected(asked, caller)
            wrong += not as_wanted
            cells.append(f"{found if as_wanted else found + ' WRONG':>14}")
        print(f"{asked.method:7}{asked.path:37}" + "".join(cells))
secrets = planted()
print(
    f"\n{'secrets and harmless texts, in disguise':44}{'masked':>14}{'got through':>14}{'false alarms':>14}"
)
for name, disguise in DISGUISES.items():
    through = sum(each.secret in redact(disguise(each.text)) for each in secrets)
    alarms = sum(redact(disguise(text)) != disguise(text) for text in HARMLESS)
    wrong += through + alarms
    print(f"{name:44}{len(secrets) - through:>14}{through:>14}{alarms:>14}")
print(f"\n{wrong} of these are not as they should be.")
sys.exit(wrong > 0)
