"""A walk at random: what nobody planned is done to the pages, step by step, the same way for the same seed.

`python -m tests.browser.walk ADDRESS --steps 3000 --seed 7` walks on a server that runs already.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import click
from playwright.sync_api import ConsoleMessage, Error, Locator, Page, Position, Request, sync_playwright

from tests.browser.chromium import launch
from tests.browser.looking import BROKEN

WORDS = (
    "flagged",
    "3f2a",
    "",
    "  ",
    "'; drop table videos; --",
    "<b>x</b>",
    "*bold* [a](b)",
    "0" * 300,
    "swan",
)
QUICK = 250  # milliseconds: what takes longer to click is covered, or gone
_MAIN = '[data-testid="stMain"]'
_SOUGHT = {
    "button": f"{_MAIN} button:visible:enabled, {_MAIN} [role='combobox']:visible,"
    f" {_MAIN} [role='tab']:visible, {_MAIN} [data-testid='stCheckbox'] label:visible",
    "link": f'{_MAIN} a:visible, [data-testid="stTopNavLink"]:visible',
    "text": f'{_MAIN} input[type="text"]:visible:enabled, {_MAIN} input[type="search"]:visible,'
    f' {_MAIN} [data-testid="stChatInput"] textarea:visible:enabled',
    "point": f"{_MAIN} [data-testid='stDataFrame'] canvas:visible, {_MAIN} .nsewdrag:visible",
    "choice": '[role="option"]:visible, [role="dialog"] button:visible:enabled,'
    ' [data-testid="stPopoverBody"] button:visible',
}
# Streamlit asks for these two below the address of a page first, and then where they are.
_KNOWN = re.compile(r"/_stcore/(?:health|host-config)$")


@dataclass
class Walker:
    """`done` says what was done, `wrong` what must not be."""

    page: Page
    address: str
    seed: int
    done: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)
        self._seen = [f"{self.address}/overview"]
        self.page.on("console", self._heard)
        self.page.on("pageerror", lambda error: self.wrong.append(f"page error: {error}"))
        self.page.on("request", self._asked)

    def walk(self, steps: int) -> None:
        """Stops at the first thing that is wrong."""
        self.page.goto(self._seen[0])
        self._look()
        moves: list[tuple[Callable[[], str], int]] = [
            (lambda: self._click("button"), 6),
            (lambda: self._click("link"), 3),
            (lambda: self._click("choice"), 3),
            (lambda: self._click("point"), 2),
            (self._write, 2),
            (self._go_back, 2),
            (self._press, 1),
            (self._reload, 1),
        ]
        for _ in range(steps):
            (move,) = self._random.choices([m for m, _ in moves], [weight for _, weight in moves])
            self.done.append(move())
            self._look()
            if self.wrong:
                return

    def _click(self, kind: str) -> str:
        """Where there is nothing of the kind, a button; on a table or a chart, any point of it.

        A dialog covers the rest of the page.
        """
        covered = self.page.get_by_role("dialog").count() > 0
        kind = "choice" if covered else kind
        found = self.page.locator(_SOUGHT[kind])
        number = found.count()
        if covered and not number:
            self.page.keyboard.press("Escape")
            return "a dialog without a choice, left"
        if not number:
            return self._click("button") if kind in ("link", "choice", "point") else "no button"
        chosen, name = found.nth(self._random.randrange(number)), ""
        if kind == "point" and (box := chosen.bounding_box()):
            at = Position(x=self._random.uniform(1, box["width"]), y=self._random.uniform(1, box["height"]))
            clicked = self._try(lambda: chosen.click(timeout=QUICK, position=at, force=True))
        else:
            name = self._name(chosen)
            clicked = self._try(lambda: chosen.click(timeout=QUICK))
        return f"{kind} {name!r}" if clicked else f"{kind}, gone"

    def _write(self) -> str:
        found, word = self.page.locator(_SOUGHT["text"]), self._random.choice(WORDS)
        number = found.count()
        if not number:
            return "nothing to write into"
        chosen = found.nth(self._random.randrange(number))

        def write() -> None:
            chosen.fill(word, timeout=QUICK)
            chosen.press("Enter", timeout=QUICK)

        return f"write {word[:30]!r}" if self._try(write) else "write, gone"

    def _go_back(self) -> str:
        """Or forward; never out of Dailies."""
        before = self.page.url
        if self._random.random() < 0.3:
            self._try(lambda: self.page.go_forward(timeout=10_000))
        elif len(self._seen) > 3:
            self._try(lambda: self.page.go_back(timeout=10_000))
            if not self.page.url.startswith(self.address):
                self.page.goto(before)
            elif self.page.url not in self._seen:
                self.wrong.append(f"Back led from {before} to {self.page.url}, where nobody was")
        return "back or forward"

    def _press(self) -> str:
        key = self._random.choice(("Escape", "/", "Tab", "Enter", "Escape"))
        self.page.keyboard.press(key)
        return f"press {key}"

    def _reload(self) -> str:
        self.page.reload()
        return "reload"

    def _look(self) -> None:
        """Comes to rest, and nothing is broken."""
        page = self.page
        page.wait_for_timeout(120)  # a run begins so long after its click
        try:
            page.wait_for_selector(
                '[data-testid="stApp"][data-test-script-state="notRunning"]', state="attached", timeout=30_000
            )
        except Error:
            self.wrong.append(f"{page.url} does not come to rest")
            return
        if page.locator(BROKEN).count() or page.get_by_text("This app has encountered").count():
            self.wrong.append(f"an error that nobody foresaw at {page.url}")
        if page.url not in self._seen:
            self._seen.append(page.url)

    def _try(self, act: Callable[[], object]) -> bool:
        """What was there a moment ago may be gone or covered: that is no fault."""
        try:
            act()
        except Error:
            return False
        return True

    @staticmethod
    def _name(of: Locator) -> str:
        try:
            return (of.get_attribute("aria-label", timeout=QUICK) or of.inner_text(timeout=QUICK))[:40]
        except Error:
            return "?"

    def _heard(self, message: ConsoleMessage) -> None:
        if message.type == "error" and not _KNOWN.search(urlsplit(message.location["url"]).path):
            self.wrong.append(f"console: {message.text[:300]}")

    def _asked(self, request: Request) -> None:
        host = urlsplit(request.url).hostname
        if request.url.startswith("http") and host != urlsplit(self.address).hostname:
            self.wrong.append(f"a foreign host was asked: {request.url[:200]}")


@click.command()
@click.argument("address")
@click.option("--steps", default=1000, show_default=True)
@click.option("--seed", default=1, show_default=True)
def main(address: str, steps: int, seed: int) -> None:
    with sync_playwright() as playwright:
        browser = launch(playwright.chromium)
        walker = Walker(browser.new_page(viewport={"width": 1440, "height": 1000}), address, seed)
        walker.walk(steps)
        browser.close()
    click.echo("\n".join(walker.done[-15:]))
    click.echo(f"{len(walker.done)} steps. " + ("; ".join(walker.wrong) or "Nothing is wrong."))


if __name__ == "__main__":
    main()
