// The keyboard: j and k through a list, x ticks, / searches, r and n write, ? helps.

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

// A move whose needs are not met says so instead of being sent.
document.addEventListener("click", (event) => {
  const button = event.target.closest("button[aria-disabled=true]");
  if (button) event.preventDefault();
}, true);
