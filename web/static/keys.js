// The keyboard: j and k through a list, x ticks, / searches, r and n write, Ctrl+Enter sends, ? helps.

const rows = () => [...document.querySelectorAll("[data-row]")];

function step(by) {
  const all = rows();
  if (!all.length) return;
  const at = all.findIndex((row) => row.contains(document.activeElement));
  const next = at < 0 ? (by > 0 ? 0 : all.length - 1) : Math.min(all.length - 1, Math.max(0, at + by));
  all[next].querySelector("[data-open]").focus();
}

function write(key) {
  const field = document.querySelector(`[data-shortcut="${key}"]`);
  const pane = field?.closest("[data-pane]");
  if (!field) return;
  if (pane.hidden) document.getElementById(`tab-${pane.dataset.pane}`).click();
  field.focus();
}

const ACTIONS = {
  j: () => step(1),
  k: () => step(-1),
  x: () => document.activeElement.closest("[data-row]")?.querySelector("input[type=checkbox]").click(),
  "/": () => document.querySelector("[data-search]")?.focus(),
  "?": () => document.getElementById("help")?.showModal(),
  r: () => write("r"),
  n: () => write("n"),
};

document.addEventListener("keydown", (event) => {
  const typing = event.target.closest("input:not([type=checkbox]), textarea, select, dialog, [contenteditable]");
  if (typing || event.ctrlKey || event.metaKey || event.altKey || !(event.key in ACTIONS)) return;
  event.preventDefault();
  ACTIONS[event.key]();
});

document.addEventListener("keydown", (event) => {
  // A list of people to mention has taken its Enter already.
  if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey) || event.defaultPrevented) return;
  const send = event.target.closest("[data-shortcut]")?.form.querySelector("button.primary");
  if (send && !send.disabled) send.form.requestSubmit(send);
});

// Menus of the bar close on Escape, which leads back to what opened them, and by a click elsewhere.
const openMenus = () => [...document.querySelectorAll("details.menu[open]")];

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const menu of openMenus()) {
    if (menu.contains(document.activeElement)) menu.querySelector("summary").focus();
    menu.open = false;
  }
});

document.addEventListener("click", (event) => {
  for (const menu of openMenus()) if (!menu.contains(event.target)) menu.open = false;
});

// A move whose needs are not met says so instead of being sent.
document.addEventListener("click", (event) => {
  const button = event.target.closest("button[aria-disabled=true]");
  if (button) event.preventDefault();
}, true);
