// What Streamlit leaves out of the page in the browser: one step of Back for one step of a person, links within
// Dailies that keep the session, keys, names for what is only drawn, and where the server is.
"use strict";
// Streamlit would look for its server below the page that an address names, twice in vain, before it asks here.
window.__streamlit = { BACKEND_BASE_URL: new URL(".", document.currentScript.src).href };
(() => {
  // The scripts of charts and of coloured code are large: they run once the page has been still for a moment. What
  // is still to come beside charts React shows up to 300 ms after its place.
  const IDLE = '[data-testid="stApp"][data-test-script-state="notRunning"]';
  const TO_COME = '[data-testid="stElementContainer"]:not(.stPrintGraphic) [data-testid="stSkeleton"]';
  let still;
  window.dailiesShown = new Promise((resolve) => {
    still = () => {
      clearTimeout(still.timer);
      if (!document.querySelector(IDLE)) return;
      still.timer = setTimeout(resolve, document.querySelector(TO_COME) ? 350 : 120);
    };
    setTimeout(resolve, 3_000);
  });

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

  // Streamlit shows what the address says when Back changes it, and so it does here.
  const visit = (address) => {
    push.call(history, null, "", address);
    dispatchEvent(new PopStateEvent("popstate"));
  };
  addEventListener("click", (event) => {
    const link = event.target.closest?.(".dailies-list a[href], .dailies-link a[href]")
      ?? event.target.closest?.(".dailies-matrix tbody tr")?.querySelector("a[href]");
    if (!link || event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    visit(link.href);
  });

  // Keys, from wherever nobody is typing.
  const GO = {
    o: "overview", v: "videos", s: "stages", e: "errors", r: "recover", a: "audit", m: "generate", n: "environment",
  };
  const KEYS = [
    ["/", "find a video by its id or task"],
    ["j  k", "the next or the previous video of a list"],
    ["Enter", "open it"],
    ...Object.entries(GO).map(([key, page]) => [`g ${key}`, page[0].toUpperCase() + page.slice(1)]),
    ["r", "read everything anew"],
    [":", "pages and actions, by name"],
    ["?", "this list"],
    ["Esc", "close"],
  ];
  let before = "";
  addEventListener("keydown", (event) => {
    const typing = event.target.closest?.("input, textarea, select, [contenteditable], [role=dialog], dialog");
    if (typing || event.ctrlKey || event.metaKey || event.altKey || event.key === "Shift") return;
    const [first, key] = [before, event.key];
    before = key;
    let done = true;
    if (first === "g" && GO[key]) [before] = ["", visit(new URL(GO[key], location.href))];
    else if (key === "/") focusSearch();
    else if (key === "j" || key === "k") step(key === "j" ? 1 : -1);
    else if (key === "?") showKeys();
    else if (key === ":") showCommands();
    else done = false;
    if (!done) return;
    event.preventDefault();
    event.stopImmediatePropagation();
  }, true);

  const focusSearch = () => {
    const search = document.querySelector(".st-key-find input");
    search?.focus();
    search?.select();
  };
  const step = (by) => {
    const found = document.querySelectorAll('[data-testid="stMain"] a[href*="video?id="]');
    const links = [...found].filter((link) => link.checkVisibility());
    const at = links.indexOf(document.activeElement);
    const next = links[at < 0 ? 0 : Math.min(Math.max(at + by, 0), links.length - 1)];
    next?.focus();
    next?.scrollIntoView({ block: "nearest" });
  };
  const open = (name, ...parts) => {
    const dialog = document.createElement("dialog");
    dialog.className = "dailies-keys";
    dialog.ariaLabel = name;
    dialog.append(...parts);
    dialog.addEventListener("close", () => dialog.remove());
    dialog.addEventListener("click", () => dialog.close());
    document.querySelector('[data-testid="stApp"]').append(dialog);
    dialog.showModal();
    return dialog;
  };
  const showKeys = () => {
    const table = document.createElement("table");
    for (const [keys, meaning] of KEYS) {
      const row = table.insertRow();
      for (const key of keys.split(/ +/)) {
        row.cells[0] ?? row.insertCell();
        row.cells[0].append(Object.assign(document.createElement("kbd"), { textContent: key }), " ");
      }
      row.insertCell().textContent = meaning;
    }
    open("Keys", table);
  };

  // Every page, and what can be clicked on this one, narrowed by what is typed; Enter does the first.
  const showCommands = () => {
    const shown = [...document.querySelectorAll(
      '[data-testid="stTopNavLink"], [data-testid="stMain"] :is([data-testid^="stBaseButton"], [data-testid="stPageLink-NavLink"])',
    )].filter((each) => each.checkVisibility() && !each.disabled);
    const commands = new Map();
    for (const each of shown) {
      const said = [...each.querySelectorAll("p")].map((p) => p.textContent.trim()).join(" ") || each.innerText.trim();
      if (said && !commands.has(said)) commands.set(said, each);
    }
    const field = Object.assign(document.createElement("input"), { type: "search", placeholder: "Page or action" });
    field.ariaLabel = "Page or action";
    const list = document.createElement("ul");
    const dialog = open("Commands", field, list);
    const fill = () => {
      const typed = field.value.toLowerCase();
      list.replaceChildren(...[...commands].filter(([said]) => said.toLowerCase().includes(typed)).map(([said, each]) => {
        const button = Object.assign(document.createElement("button"), { textContent: said });
        button.onclick = () => { dialog.close(); each.click(); };
        const item = document.createElement("li");
        item.append(button);
        return item;
      }));
    };
    field.onclick = (event) => event.stopPropagation();
    field.oninput = fill;
    field.onkeydown = (event) => { if (event.key === "Enter") list.querySelector("button")?.click(); };
    fill();
    field.focus();
  };

  // A list is drawn anew while somebody is on one of its links: they stay there.
  let held = null;
  addEventListener("focusin", (event) => { held = event.target.closest?.(".dailies-list a[href]")?.href; }, true);
  addEventListener("pointerdown", () => { held = null; }, true);
  const hold = () => {
    if (!held || document.activeElement !== document.body) return;
    for (const link of document.querySelectorAll(".dailies-list a[href]")) {
      if (link.href === held) return link.focus({ preventScroll: true });
    }
  };

  new MutationObserver(() => { hold(); still(); }).observe(document, {
    childList: true, subtree: true, attributeFilter: ["data-test-script-state"],
  });
})();
