"""What a person sees on a page: all texts through shadow roots, what sticks out of the window, and a picture of it."""

from pathlib import Path
from typing import Any, Final

from newcomer_words import Words
from playwright.async_api import ConsoleMessage, Error, Page, ViewportSize

_WINDOWS: Final[dict[str, ViewportSize]] = {
    "wide": {"width": 1280, "height": 900},
    "narrow": {"width": 390, "height": 844},
}
# Which of both is dark, by language: every page is seen in both, in each size.
_DARK: Final = {"en": "narrow", "pl": "wide"}

# Waits until nothing moves but what always does, a second at most.
_REST: Final = """
async () => {
  const end = performance.now() + 1000;
  const moves = (a) => a.playState === "running" && Number.isFinite(a.effect.getComputedTiming().endTime);
  const frames = (count) => new Promise((done) => {
    const next = () => (count-- > 0 ? requestAnimationFrame(next) : done());
    next();
  });
  await document.fonts.ready;
  // A change of the theme begins to move things a little later.
  await frames(6);
  while (performance.now() < end && document.getAnimations().some(moves)) {
    await frames(1);
  }
  await frames(2);
}
"""
# Returns the texts that can be seen, but code, and those that are outside the window without a way to scroll there.
_READ: Final = """
() => {
  const texts = [], outside = [];
  const up = (node) => node.assignedSlot || node.parentElement || node.getRootNode().host || null;
  const clipped = (node) => {
    for (let at = node; at; at = up(at)) if (getComputedStyle(at).overflowX !== "visible") return true;
    return false;
  };
  const isCode = (node) => {
    for (let at = node; at; at = up(at)) if (["CODE", "PRE", "HA-CODE-EDITOR"].includes(at.tagName)) return true;
    return false;
  };
  const walk = (root) => {
    for (const node of root.childNodes) {
      if (node.nodeType === Node.TEXT_NODE) {
        const text = node.textContent.replace(/\\s+/g, " ").trim(), parent = node.parentElement ?? root.host;
        if (!text || !parent?.checkVisibility({checkOpacity: true, checkVisibilityCSS: true})) continue;
        if (["STYLE", "SCRIPT", "TEMPLATE", "TITLE"].includes(parent.tagName)) continue;
        const range = document.createRange();
        range.selectNodeContents(node);
        const box = range.getBoundingClientRect();
        if (!box.width || !box.height) continue;
        if (!isCode(parent)) texts.push(text);
        if ((box.right > innerWidth + 1 || box.left < -1) && !clipped(parent)) outside.push(text);
      } else if (node.nodeType === Node.ELEMENT_NODE) {
        if (node.shadowRoot) walk(node.shadowRoot);
        walk(node);
        const style = getComputedStyle(node);
        if (["auto", "scroll"].includes(style.overflowX) && node.scrollWidth > node.clientWidth + 1
            && node.checkVisibility() && !isCode(node)) {
          outside.push(`${node.tagName} ${node.className} ${node.scrollWidth} > ${node.clientWidth}`);
        }
      }
    }
  };
  walk(document);
  const page = document.scrollingElement;
  if (page.scrollWidth > innerWidth) outside.push(`the page ${page.scrollWidth} > ${innerWidth}`);
  return {texts, outside};
}
"""


class Eyes:
    """Looks at pages in two windows, and remembers what is wrong with them."""

    def __init__(self, words: Words, folder: Path) -> None:
        """Initialize. folder: for the pictures."""
        self.words = words
        self.wrong: list[str] = []
        self._folder = folder
        self._count = 0

    def watch(self, page: Page) -> None:
        """Hear what a page complains of."""
        page.on("console", self._hears)
        page.on("pageerror", self._fails)

    def _hears(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"} and "tesla_scout_worker" in message.text:
            self.wrong.append(f"console: {message.text[:300]}")

    def _fails(self, error: Error) -> None:
        if "tesla_scout_worker" in str(error.stack):
            self.wrong.append(f"page: {error}")

    async def look(self, page: Page, name: str) -> None:
        """Look at a page, in a narrow window and then in a wide one, which it is left in."""
        self._count += 1
        for window in ("narrow", "wide"):
            await page.emulate_media(color_scheme="dark" if _DARK[self.words.language] == window else "light")
            await page.set_viewport_size(_WINDOWS[window])
            await page.evaluate(_REST)
            file = f"{self.words.language}_{self._count:02}_{name}_{window}.png"
            await page.screenshot(path=self._folder / file)
            seen: dict[str, Any] = await page.evaluate(_READ)
            self.wrong += [f"{file}: {text}" for text in self.words.wrong(seen["texts"])]
            self.wrong += [f"{file} sticks out: {text}" for text in seen["outside"]]
