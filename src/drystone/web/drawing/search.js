// Keys for who walks through results: / to the query, j and k (or the arrows, once among results) from one to the next.
// The page does everything without this.
"use strict";
(() => {
  const query = document.getElementById("q");
  const results = [...document.querySelectorAll(".results a.place")];
  const typing = (element) => element instanceof HTMLElement && element.matches("input, textarea, select, [contenteditable]");
  const go = (step) => {
    if (!results.length) return false;
    const at = results.indexOf(document.activeElement);
    const next = at < 0 ? (step > 0 ? 0 : results.length - 1) : at + step;
    if (next < 0 || next >= results.length) return false;
    results[next].focus({ preventScroll: true });
    results[next].closest("li").scrollIntoView({ block: "nearest" });
    return true;
  };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    if (typing(event.target)) {
      if (event.key === "Escape") event.target.blur();
      else if (event.key === "ArrowDown" && event.target === query && go(1)) event.preventDefault();
      return;
    }
    const among = results.includes(document.activeElement);
    let done = false;
    if (event.key === "/") {
      query.focus();
      query.select();
      done = true;
    } else if (event.key === "j" || (event.key === "ArrowDown" && among)) done = go(1);
    else if (event.key === "k" || (event.key === "ArrowUp" && among)) done = go(-1);
    if (done) event.preventDefault();
  });
})();
