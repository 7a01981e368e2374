// A button to copy each form of a citation. Without this, or without leave to use the clipboard, one selects the text.
"use strict";
(() => {
  for (const form of document.querySelectorAll("pre[data-copy]")) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "plain copy";
    button.textContent = "Copy";
    button.setAttribute("aria-label", `Copy as ${form.dataset.copy}`);
    const said = document.createElement("span");
    said.setAttribute("role", "status");
    said.className = "aside";
    button.addEventListener("click", async () => {
      try {
        await navigator.clipboard.writeText(form.textContent);
        said.textContent = "Copied";
      } catch {
        getSelection().selectAllChildren(form);
        said.textContent = "Selected: press Ctrl+C";
      }
      setTimeout(() => { said.textContent = ""; }, 4000);
    });
    form.before(button, said);
  }
})();
