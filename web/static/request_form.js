// Questions that depend on an answer, limits of files, and one click for one request.
// Without this script the page shows every question with its condition, and the server checks.

const given = (form, name) =>
  [...form.elements]
    .filter((input) => input.name === name && (input.checked || !["radio", "checkbox"].includes(input.type)))
    .map((input) => input.value);

function follow(form, { silently }) {
  const hidden = new Set();
  let changed = false;
  for (const group of form.querySelectorAll(".depends")) {
    const { field, options } = group.dataset;
    const wanted = options.split(" ");
    const asked = !hidden.has(field) && given(form, field).some((value) => wanted.includes(value));
    const shown = !group.classList.contains("unasked") && !group.hidden;
    group.classList.toggle("unasked", !asked);
    group.hidden = !asked;
    changed ||= asked !== shown;
    if (!asked) for (const question of group.querySelectorAll("[data-question]")) hidden.add(question.dataset.question);
  }
  const status = form.querySelector("[role=status]");
  if (changed && !silently && status) {
    status.textContent = "";
    requestAnimationFrame(() => { status.textContent = form.dataset.changed; });
  }
}

function fileMistakes(input) {
  const { most, each, all, manyText, largeText, allText } = input.dataset;
  const files = [...input.files];
  const found = files.filter((file) => file.size > Number(each)).map((file) => largeText.replace("%s", () => file.name));
  if (files.length > Number(most)) found.push(manyText);
  if (files.reduce((sum, file) => sum + file.size, 0) > Number(all)) found.push(allText);
  return found;
}

function tell(input) {
  const found = fileMistakes(input);
  let note = input.parentElement.querySelector(".wrong.live");
  if (!note) {
    note = document.createElement("span");
    note.className = "wrong live";
    note.id = `${input.id}-live`;
    note.setAttribute("role", "alert");
    note.hidden = true;
    input.after(note);
    input.setAttribute("aria-describedby", `${input.getAttribute("aria-describedby") ?? ""} ${note.id}`.trim());
  }
  note.hidden = found.length === 0;
  note.textContent = found.join(" ");
  if (found.length) input.setAttribute("aria-invalid", "true");
  else input.removeAttribute("aria-invalid");
  return found.length === 0;
}

function send(event) {
  const form = event.currentTarget;
  const wrong = [...form.querySelectorAll("input[type=file]")].filter((input) => !tell(input));
  if (form.dataset.sent || wrong.length) {
    event.preventDefault();
    wrong[0]?.focus();
    return;
  }
  form.dataset.sent = "yes";
  const button = form.querySelector("button[type=submit]");
  button.setAttribute("aria-disabled", "true");
  button.dataset.label = button.textContent;
  button.textContent = form.dataset.sending;
}

// A page that the browser kept for its Back button can be sent again.
function revive() {
  for (const form of document.querySelectorAll("form[data-sending]")) {
    delete form.dataset.sent;
    const button = form.querySelector("button[type=submit]");
    button.removeAttribute("aria-disabled");
    if (button.dataset.label) button.textContent = button.dataset.label;
    follow(form, { silently: true });
  }
}

for (const form of document.querySelectorAll("form[data-sending]")) {
  form.addEventListener("change", (event) => {
    if (event.target.type === "file") tell(event.target);
    follow(form, { silently: false });
  });
  form.addEventListener("submit", send);
}
addEventListener("pageshow", revive);
revive();
