"""What Chromium is asked of pages of the catalog: each number leads to its evidence by one click."""

from __future__ import annotations

#: Numbers that are shown outside of what a click opens; names and titles are words, whatever digits they have, and the
#: first sentence of a page counts what stands below it.
NAKED = """() => {
  const walker = document.createTreeWalker(document.querySelector("main"), NodeFilter.SHOW_TEXT);
  const found = [];
  for (let node; (node = walker.nextNode());) {
    const at = node.parentElement;
    if (!/[0-9]/.test(node.data) || at.closest("details, a, h1, h2, h3, th, caption, nav, .lead")) continue;
    if (at.closest("[data-label=Fact], [data-label=Day], .card p, .card dd, .name, option, code")) continue;  // words
    found.push(node.data.trim());
  }
  return found;
}"""
#: Of all values on a page, those whose click shows no quote and does not say what would settle them.
EMPTY = """() => [...document.querySelectorAll("details.fact:not(.narrowing)")].map(one => {
  const hidden = one.querySelector("blockquote, .aside");
  const before = hidden !== null && hidden.checkVisibility();
  one.querySelector("summary").click();
  const after = hidden !== null && hidden.checkVisibility();
  return before || !after ? one.querySelector("summary").innerText : null;
}).filter(one => one !== null)"""

#: Cells on a phone that are lower than the label before them, which then lies over the next.
SHORT = """() => [...document.querySelectorAll("td")].filter(one =>
  parseFloat(getComputedStyle(one, "::before").height) > one.clientHeight).map(one => one.dataset.label)"""
