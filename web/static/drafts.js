// Keeps what is written but not sent, for this tab: it comes back after a reload, another page or a
// sign-in. Not in localStorage, since work notes are not to lie on a shared computer.

const key = (field) => `docket:draft:${field.dataset.draft}`;

// A browser may refuse its storage; then nothing is kept, and writing works all the same.
function stored(action) {
  try {
    return action(sessionStorage);
  } catch {
    return null;
  }
}

const tabOf = (field) => document.getElementById(`tab-${field.closest("[data-pane]").dataset.pane}`);

function keep(field) {
  if (field.value.trim()) stored((store) => store.setItem(key(field), field.value));
  else stored((store) => store.removeItem(key(field)));
  tabOf(field)?.toggleAttribute("data-unsent", Boolean(field.value.trim()));
}

function discard(field, notice) {
  field.value = "";
  keep(field);
  notice.remove();
  field.focus();
}

function tell(field) {
  const notice = document.createElement("p");
  notice.className = "row small kept";
  notice.setAttribute("role", "status");
  const button = document.createElement("button");
  button.type = "button";
  button.className = "quiet tight";
  button.textContent = "Discard it";
  button.addEventListener("click", () => discard(field, notice));
  notice.append("Your draft is back.", button);
  field.before(notice);
}

// A text that the server gave back with a refusal goes before the draft, which is the same or older.
function restore(field) {
  const text = stored((store) => store.getItem(key(field)));
  if (!field.value && text) {
    field.value = text;
    tell(field);
  }
  keep(field);
}

const fieldsOf = (root) => [...root.querySelectorAll("[data-draft]")];

function start() {
  fieldsOf(document).forEach(restore);
  const unsent = fieldsOf(document).filter((field) => field.value);
  if (unsent.length === 1) tabOf(unsent[0])?.click();
}

document.addEventListener("input", (event) => {
  if (event.target.matches("[data-draft]")) keep(event.target);
});

// Sent is what the server has taken; a refusal or a lost sign-in keeps the draft.
document.addEventListener("htmx:beforeSwap", (event) => {
  const { xhr, requestConfig } = event.detail;
  if (xhr.status >= 400) return;
  for (const field of fieldsOf(requestConfig.elt)) stored((store) => store.removeItem(key(field)));
});

document.addEventListener("docket:fresh", (event) => fieldsOf(event.detail).forEach(restore));
start();
