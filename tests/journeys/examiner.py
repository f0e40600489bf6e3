"""Goes with a person from page to page and looks at each: axe, width, text spacing, sizes, keyboard, forced colours."""

from dataclasses import dataclass, field
from urllib.parse import urlsplit

from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Page, ViewportSize, expect

PHONE: ViewportSize = {"width": 320, "height": 640}
"""Also what is left of a screen of 1280 px at 400 % zoom (WCAG 1.4.10)."""
DESK: ViewportSize = {"width": 1280, "height": 800}
RULES = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    "resultTypes": ["violations"],
}
COLOURS = {"runOnly": {"type": "rule", "values": ["color-contrast"]}, "resultTypes": ["violations"]}
LOOKS = ((PHONE, "light", RULES), (DESK, "light", RULES), (DESK, "dark", COLOURS))

AXE = Axe().axe_script
VIOLATIONS = """rules => axe.run(document, rules).then(results =>
  results.violations.map(violation => `${violation.id} ${JSON.stringify(violation.nodes.map(node => node.target))}`))"""
"""What axe finds, without the long account of all that it did not: to bring that over takes as long as to look."""
SHAPE = """landmark => {
  const there = document.querySelector(landmark);
  const box = there?.getBoundingClientRect();
  return box?.width && box.height && there.checkVisibility({visibilityProperty: true})
    && [document.title, ...[...document.querySelectorAll('main [name], main [class], main a[href]')]
      .map(e => e.tagName + e.className + (e.name ?? '') + e.hasAttribute('aria-invalid'))].join();
}"""
"""What a page looks like to who only sees which elements it has; nothing before the landmark is there."""

WIDER = "document.documentElement.scrollWidth > document.documentElement.clientWidth"

SPACED = """() => {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync('* { line-height: 1.5 !important; letter-spacing: .12em !important;'
    + ' word-spacing: .16em !important } p { margin-bottom: 2em !important }');
  document.adoptedStyleSheets = [sheet];
  const cut = [...document.querySelectorAll('main :not(input, select, textarea)')].filter(element => {
    const style = getComputedStyle(element);
    return ['hidden', 'clip'].includes(style.overflowX) && style.clipPath === 'none'
      && (element.scrollWidth > element.clientWidth + 1 || element.scrollHeight > element.clientHeight + 1);
  }).map(element => element.outerHTML.slice(0, 80));
  const wider = document.documentElement.scrollWidth > document.documentElement.clientWidth;
  document.adoptedStyleSheets = [];
  return wider ? [...cut, 'wider than the window'] : cut;
}"""
"""WCAG 1.4.12: with this spacing nothing is cut off and nothing has to be moved sideways."""

SMALL = """([target, letters, line]) => {
  const found = [];
  const seen = element => element.checkVisibility({visibilityProperty: true}) && !element.closest('.unseen, .skip');
  for (const control of document.querySelectorAll(
      'button, .button, summary, nav a, .rows a, .aside a, select, input:not([type=hidden])')) {
    if (!seen(control)) continue;
    const tick = control.matches('[type=checkbox], [type=radio]');
    const box = (tick ? control.parentElement : control).getBoundingClientRect();
    if (box.height < target - .5) found.push(`${Math.round(box.height)} px: ${control.outerHTML.slice(0, 80)}`);
  }
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (letters && texts.nextNode()) {
    const element = texts.currentNode.parentElement;
    if (!texts.currentNode.data.trim() || !seen(element) || element.closest('script, noscript')) continue;
    const style = getComputedStyle(element);
    const size = parseFloat(style.fontSize);
    if (size < letters) found.push(`${size} px: ${texts.currentNode.data.trim().slice(0, 40)}`);
    const text = !element.closest('h1, h2, h3, nav, .button, summary') && element.closest('p, li, dd, dt, label, td');
    if (text && parseFloat(style.lineHeight) < size * line - .1) found.push(`line: ${text.outerHTML.slice(0, 80)}`);
  }
  return found;
}"""
"""Controls lower than `target`, text smaller than `letters` or with lines closer than `line`."""

TABBABLE = """() => [...document.querySelectorAll(
    'a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex]')]
  .filter(element => element.tabIndex >= 0 && !element.disabled && element.checkVisibility({visibilityProperty: true}))
  .filter((element, at, all) => element.type !== 'radio' || element.checked
    || !all.some(other => other !== element && other.type === 'radio' && other.name === element.name
      && (other.checked || all.indexOf(other) < at)))
  .map((element, at) => { element.dataset.tab = at; return element.outerHTML.slice(0, 120); })"""
FOCUSED = """() => {
  const element = document.activeElement;
  if (!element || element === document.body) return null;
  const style = getComputedStyle(element);
  const box = element.getBoundingClientRect();
  const middle = document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2);
  return {
    at: Number(element.dataset.tab ?? -1),
    outlined: style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2,
    covered: middle !== null && !element.contains(middle) && !middle.contains(element)
      && !(element.labels && [...element.labels].some(label => label.contains(middle))),
  };
}"""
DATE_STOPS = ("month", "day", "calendar")
"""A field for a date is one control with more than one stop."""
BARE = """() => [...document.querySelectorAll('button, .button, input:not([type=hidden]), select, textarea')]
  .filter(element => element.checkVisibility({visibilityProperty: true}))
  .filter(element => !element.matches('[type=checkbox], [type=radio]'))
  .filter(element => parseFloat(getComputedStyle(element).borderTopWidth) < 1)
  .map(element => element.outerHTML.slice(0, 80))"""
"""In forced colours, backgrounds vanish: a control needs a border to be seen as one."""


@dataclass
class Examiner:
    """What was found so far on the pages of one tab; `elder` asks for what the elder mode promises."""

    page: Page
    elder: bool = False
    keyboard: bool = False
    found: list[str] = field(default_factory=list)
    seen: set[str] = field(default_factory=set)
    looked: set[tuple[str, str]] = field(default_factory=set)

    async def look(self, place: str, landmark: str = "h1") -> None:
        """Once the landmark is there, note what is wrong; a page that was seen just so is not examined again."""
        shape = await self.page.evaluate(SHAPE, landmark)
        if not shape:
            await expect(self.page.locator(landmark).first).to_be_visible()
            shape = await self.page.evaluate(SHAPE, landmark)
        path = urlsplit(self.page.url).path
        self.seen.add(path)
        if (path, shape) in self.looked:
            return
        self.looked.add((path, shape))
        await self.page.evaluate(AXE)
        for size, scheme, rules in LOOKS if self.keyboard else LOOKS[:2]:
            await self.page.set_viewport_size(size)
            await self.page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
            where = f"{place}, {size['width']}, {scheme}"
            violations = await self.page.evaluate(VIOLATIONS, rules)
            self.found += [f"{where}: {violation}" for violation in violations]
            if await self.page.evaluate(WIDER):
                self.found.append(f"{where}: wider than the window")
            if rules is RULES:
                sizes = [48, 22, 1.6] if self.elder else [40, 0, 0]
                self._note(where, "small", await self.page.evaluate(SMALL, sizes))
            if size is PHONE:
                self._note(where, "text spacing", await self.page.evaluate(SPACED))
        await self._forced_colours(place)
        if self.keyboard:
            await self._tab_through(place)

    async def _forced_colours(self, place: str) -> None:
        await self.page.emulate_media(color_scheme="light", forced_colors="active", reduced_motion="reduce")
        self._note(place, "forced colours", await self.page.evaluate(BARE))
        running = "document.getAnimations().filter(each => each.playState === 'running').length"
        if await self.page.evaluate(running):
            self.found.append(f"{place}: moves although asked not to")
        await self.page.emulate_media(
            color_scheme="light", forced_colors="none", reduced_motion="no-preference"
        )

    async def _tab_through(self, place: str) -> None:
        """Every control is reached in the order of the page, shows that it has the focus, and lets it go again."""
        controls = await self.page.evaluate(TABBABLE)
        await self.page.evaluate("document.body.tabIndex = -1; document.body.focus()")
        for at, control in enumerate(controls):
            await self.page.keyboard.press("Tab")
            focus = await self.page.evaluate(FOCUSED)
            for _ in DATE_STOPS if at and 'type="date"' in controls[at - 1] else ():
                if focus is not None and focus["at"] == at - 1:
                    await self.page.keyboard.press("Tab")
                    focus = await self.page.evaluate(FOCUSED)
            if focus is None or focus["at"] != at:
                self.found.append(f"{place}: Tab does not reach {control} but {focus}")
                return
            if not focus["outlined"] or focus["covered"]:
                self.found.append(f"{place}: the focus is not seen on {control}: {focus}")
        await self.page.keyboard.press("Tab")
        focus = await self.page.evaluate(FOCUSED)
        if focus is not None and focus["at"] == len(controls) - 1:
            self.found.append(f"{place}: Tab does not leave {controls[-1]}")

    def _note(self, where: str, what: str, findings: list[str]) -> None:
        if findings:
            self.found.append(f"{where}: {what}: {findings}")
