"""`make hostile`: who gets where, as a table; ends with 1 where it is not as it should be."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from tests.hostile.matrix import CALLERS, Server, everything, expected

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
print(f"\n{wrong} of these are not as they should be.")
sys.exit(wrong > 0)
