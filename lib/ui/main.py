"""The script of every session. It lies here: `pages/` beside a main script would be served without it."""

from lib.ui.kit.router import run

run()
