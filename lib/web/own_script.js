// What Streamlit leaves out of the page in the browser: one step of Back for one step of a person, and keys.
"use strict";
(() => {
  // For one click Streamlit may write the address several times: the parameters of the next page, its path, what
  // that page adds. The first of them is a step, the others belong to it.
  let acted = false;
  for (const kind of ["pointerdown", "keydown"]) addEventListener(kind, () => { acted = true; }, true);
  addEventListener("popstate", () => { acted = false; }, true);
  const push = history.pushState;
  history.pushState = (...step) => {
    (acted ? push : history.replaceState).apply(history, step);
    acted = false;
  };

  // `/` goes to the search of the header, from wherever nobody is typing.
  addEventListener("keydown", (event) => {
    const typing = event.target.closest?.("input, textarea, select, [contenteditable]");
    if (event.key !== "/" || typing || event.ctrlKey || event.metaKey || event.altKey) return;
    const search = document.querySelector(".st-key-find input");
    if (!search) return;
    event.preventDefault();
    search.focus();
    search.select();
  });
})();
