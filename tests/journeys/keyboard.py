"""Somebody without a mouse: Tab, Enter, the space bar, and typing; what has the focus must be seen to have it."""

from playwright.async_api import Page

MOST_TABS = 60
FOCUS = """() => {
  const element = document.activeElement;
  const style = getComputedStyle(element);
  const outlined = style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2;
  const label = element.labels?.[0]?.innerText ?? element.getAttribute('aria-label') ?? element.innerText ?? '';
  return [label.trim(), outlined || element === document.body];
}"""


class Keyboard:
    """Hands on the keys of one tab."""

    def __init__(self, page: Page) -> None:
        self._page = page

    async def tab_to(self, label: str) -> None:
        """Press Tab until the control whose text begins like this has the focus."""
        passed = []
        for _ in range(MOST_TABS):
            text, outlined = await self._page.evaluate(FOCUS)
            assert outlined, f"the focus is not seen on {text}"
            if text.startswith(label):
                return
            passed.append(text)
            await self._page.keyboard.press("Tab")
        raise AssertionError(f"{label} is not reached: {passed}")

    async def toggle(self, label: str) -> None:
        """Go to what opens or is ticked, and press the space bar."""
        await self.tab_to(label)
        await self._page.keyboard.press("Space")

    async def follow(self, label: str) -> None:
        """Go to a link or button that leads to another page, and press it."""
        await self.tab_to(label)
        await self.enter()

    async def enter(self) -> None:
        """Press Enter where it leads to another page."""
        async with self._page.expect_navigation():
            await self._page.keyboard.press("Enter")

    async def type(self, label: str, text: str) -> None:
        """Go to a field and type."""
        await self.tab_to(label)
        await self._page.keyboard.type(text)
