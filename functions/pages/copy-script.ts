/**
 * Gives every snippet a button that copies it. Without it a snippet is selected by a click, and copied by hand. It touches
 * nothing else, and sends nothing.
 */
export const COPY_SCRIPT = `
"use strict";
for (const snippet of document.querySelectorAll("[data-copy]")) {
  if (navigator.clipboard === undefined) break;
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = "Copy";
  button.setAttribute("aria-label", "Copy " + snippet.dataset.copy);
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(snippet.textContent);
    button.textContent = "Copied";
    setTimeout(() => { button.textContent = "Copy"; }, 2000);
  });
  snippet.after(button);
}
`;
