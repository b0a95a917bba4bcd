// Keeps a page true while it stays open: exchanges the panels that others changed, never one in
// which somebody is writing.

const EVERY = 8000;
const asSent = new WeakMap(); // panel -> its HTML as the server sent it
let cameFrom = ""; // the id of what had the focus when a command was sent

const panels = (root) => [...root.querySelectorAll("[data-live][id]")];
const remember = (root) => panels(root).forEach((panel) => asSent.set(panel, panel.outerHTML));

function isWritten(field) {
  if (field.type === "hidden" || field.type === "submit" || field.type === "button") return false;
  if (field.type === "checkbox" || field.type === "radio") return field.checked !== field.defaultChecked;
  if (field.type === "file") return field.files.length > 0;
  if (field.options) {
    const chosen = [...field.options].some((option) => option.defaultSelected);
    return [...field.options].some((o, i) => o.selected !== (chosen ? o.defaultSelected : i === 0));
  }
  return field.value !== field.defaultValue;
}

function isBusy(panel) {
  const at = document.activeElement;
  const writing = panel.contains(at) && at.matches("textarea, input, select");
  return writing || [...panel.querySelectorAll("input, select, textarea")].some(isWritten);
}

function exchange(old, fresh) {
  const open = [...old.querySelectorAll("details[open][id]")].map((details) => details.id);
  const focused = old.contains(document.activeElement) ? document.activeElement.id : "";
  const html = fresh.outerHTML;
  const next = document.adoptNode(fresh);
  old.replaceWith(next);
  asSent.set(next, html);
  open.forEach((id) => document.getElementById(id)?.setAttribute("open", ""));
  window.htmx.process(next);
  if (focused) document.getElementById(focused)?.focus();
  document.dispatchEvent(new CustomEvent("docket:fresh", { detail: next }));
}

// A panel that this page did not have (another type brings other panels) stands where the fresh one does.
function add(fresh, before) {
  const html = fresh.outerHTML;
  const next = document.adoptNode(fresh);
  before.after(next);
  asSent.set(next, html);
  window.htmx.process(next);
  document.dispatchEvent(new CustomEvent("docket:fresh", { detail: next }));
}

// Takes over every panel of a page that differs from what is shown; `except` was exchanged already.
export function refreshFrom(page, except = "") {
  // Read first: a panel that is taken over leaves the fresh page.
  const all = panels(page).map((fresh) => [fresh, fresh.previousElementSibling?.id]);
  const there = new Set(all.map(([fresh]) => fresh.id));
  for (const old of all.length ? panels(document) : []) {
    if (!there.has(old.id) && !isBusy(old)) old.remove();
  }
  for (const [fresh, beforeId] of all) {
    const old = document.getElementById(fresh.id);
    const before = beforeId && document.getElementById(beforeId);
    if (!old && before) add(fresh, before);
    if (!old || old.id === except || asSent.get(old) === fresh.outerHTML) continue;
    if (!isBusy(old)) exchange(old, fresh);
  }
}

export function say(text) {
  const toast = document.getElementById("toast");
  if (!toast) return;
  // Empty it takes no room, but it is never hidden: what appears with its text is not read aloud.
  toast.textContent = text;
  clearTimeout(toast.timer);
  toast.timer = setTimeout(() => toast.replaceChildren(), 8000);
}

const parse = (html) => new DOMParser().parseFromString(html, "text/html");

async function refetch(url) {
  try {
    const answer = await fetch(url, { headers: { "HX-Request": "true" } });
    if (answer.ok) refreshFrom(parse(await answer.text()));
  } catch {
    // The next look tries again.
  }
}

function look() {
  if (document.visibilityState !== "visible") return;
  const live = document.getElementById("live");
  if (live) window.htmx.trigger(live, "docket:poll");
  for (const panel of document.querySelectorAll("[data-refetch]")) {
    if (!document.querySelector(".is-dragged")) refetch(panel.dataset.refetch);
  }
}

document.addEventListener("htmx:configRequest", () => {
  // Read before the button is disabled, which takes the focus from it.
  cameFrom = document.activeElement?.id ?? "";
});

// After a command the keyboard goes on where it was: at the refusal, the same control, or the panel.
function putFocus(panel) {
  const at = document.activeElement;
  if (at && at !== document.body) return;
  const next = panel.querySelector("[data-refused]") ?? (cameFrom && document.getElementById(cameFrom));
  if (next) return next.focus();
  panel.tabIndex = -1;
  panel.focus({ preventScroll: true });
}

// While a command is under way its form sends nothing else, and the pressed button shows that it works.
document.addEventListener("htmx:beforeRequest", (event) => {
  const { elt, requestConfig } = event.detail;
  if (!elt.matches("form[method=post]")) return;
  requestConfig.triggeringEvent?.submitter?.setAttribute("aria-busy", "true");
  for (const button of elt.querySelectorAll("button")) button.disabled = true;
});

document.addEventListener("htmx:afterRequest", (event) => {
  const { elt } = event.detail;
  if (!elt.matches("form[method=post]")) return;
  const pressed = elt.querySelector("[aria-busy]");
  for (const button of elt.querySelectorAll("button")) button.disabled = false;
  pressed?.removeAttribute("aria-busy");
  if (document.activeElement === document.body) pressed?.focus();
});

// Events that the server raises: what a command did, and that the sign-in is over.
document.addEventListener("docket:done", (event) => say(event.detail.text));

document.addEventListener("docket:signed-out", (event) => {
  const notice = document.getElementById("signed-out");
  const link = notice.querySelector("a");
  link.href = event.detail.url;
  notice.hidden = false;
  if (event.target.matches("form[method=post]")) link.focus();
});

document.addEventListener("htmx:beforeSwap", (event) => {
  const { xhr, target } = event.detail;
  const live = target.id === "live" || target.id === "undelivered-banner";
  // The banner may have been asked for before the sign-in ended.
  if (xhr.status < 400 && target.id !== "undelivered-banner") document.getElementById("signed-out").hidden = true;
  if (live && xhr.status >= 400) event.detail.shouldSwap = false;
  if (live || !target.id) return;
  if (event.detail.shouldSwap && xhr.status >= 400 && !parse(xhr.responseText).getElementById(target.id)) {
    // An answer without the panel (the storage is away, the ticket is gone): what was typed stays.
    event.detail.shouldSwap = false;
    const title = parse(xhr.responseText).querySelector("h1")?.textContent;
    say(`${title || "That did not work"}. Your text is still here.`);
  }
});

document.addEventListener("htmx:afterSwap", (event) => {
  const { xhr, target } = event.detail;
  const old = target.id;
  if (old === "live") {
    const live = document.getElementById("live");
    if (live && Number(live.dataset.version) > Number(live.dataset.known)) {
      const news = [...live.querySelectorAll("li")].map((item) => item.textContent);
      if (news.length) say(`${news.join(". ")}.`);
      refetch(location.href);
    }
    return;
  }
  const now = old && document.getElementById(old);
  if (!now || !now.matches("[data-live]")) return;
  asSent.set(now, "");
  document.dispatchEvent(new CustomEvent("docket:fresh", { detail: now }));
  putFocus(now);
  refreshFrom(parse(xhr.responseText), old);
});

for (const name of ["htmx:sendError", "htmx:timeout"]) {
  document.addEventListener(name, (event) => {
    if (event.detail.target?.id !== "live") say("Docket cannot be reached just now. Your text is still here.");
  });
}

remember(document);
document.documentElement.classList.add("has-script");
setInterval(look, EVERY);
document.addEventListener("visibilitychange", look);
