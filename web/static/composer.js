// Writing on a ticket: tabs that say who will read it, ready-made texts, completion of mentions.

const SHOWN = 8;

function tabs(composer) {
  const panes = [...composer.querySelectorAll("[data-pane]")];
  if (panes.length < 2 || composer.querySelector("[role=tablist]")) return;
  const list = document.createElement("div");
  list.setAttribute("role", "tablist");
  list.setAttribute("aria-label", "Who reads it");
  const buttons = panes.map((pane) => {
    const button = document.createElement("button");
    button.type = "button";
    button.id = `tab-${pane.dataset.pane}`;
    button.className = `tab tab-${pane.dataset.pane}`;
    button.textContent = pane.dataset.tab;
    button.setAttribute("role", "tab");
    button.setAttribute("aria-controls", pane.id);
    pane.setAttribute("role", "tabpanel");
    pane.setAttribute("aria-labelledby", button.id);
    list.append(button);
    return button;
  });
  const show = (index, focus) => {
    panes.forEach((pane, i) => {
      pane.hidden = i !== index;
      buttons[i].setAttribute("aria-selected", String(i === index));
      buttons[i].tabIndex = i === index ? 0 : -1;
    });
    if (focus) buttons[index].focus();
  };
  buttons.forEach((button, i) => button.addEventListener("click", () => show(i)));
  list.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const at = buttons.indexOf(document.activeElement);
    show((at + step + panes.length) % panes.length, true);
  });
  panes[0].before(list);
  show(Math.max(0, panes.findIndex((pane) => "first" in pane.dataset)));
}

function canned(composer) {
  for (const button of composer.querySelectorAll("[data-insert]")) {
    button.addEventListener("click", () => {
      const field = document.getElementById(button.dataset.insert);
      const text = button.parentElement.querySelector("[data-canned]").textContent;
      field.setRangeText(text, field.selectionStart, field.selectionEnd, "end");
      field.dispatchEvent(new Event("input", { bubbles: true })); // by script it is not raised
      field.focus();
    });
  }
}

function mentions(composer, field) {
  const people = [...composer.querySelectorAll("[data-people] > li")].map((item) => item.dataset);
  const list = document.createElement("ul");
  list.id = `${field.id}-people`;
  list.className = "mentions";
  list.setAttribute("role", "listbox");
  list.setAttribute("aria-label", "People to mention");
  list.hidden = true;
  field.after(list);
  field.setAttribute("aria-autocomplete", "list");
  field.setAttribute("aria-controls", list.id);
  let at = 0;

  const word = () => /(?:^|[\s(,;:])@([\p{L}\p{M}\p{N}_.%+@-]*)$/u.exec(field.value.slice(0, field.selectionStart))?.[1];
  const close = () => {
    list.hidden = true;
    field.removeAttribute("aria-activedescendant");
  };
  const mark = () => {
    [...list.children].forEach((item, i) => item.setAttribute("aria-selected", String(i === at)));
    field.setAttribute("aria-activedescendant", list.children[at]?.id ?? "");
  };
  const take = (handle) => {
    const end = field.selectionStart;
    field.setRangeText(`@${handle} `, end - word().length - 1, end, "end");
    field.dispatchEvent(new Event("input", { bubbles: true }));
    close();
    field.focus();
  };
  const offer = () => {
    const typed = word();
    if (typed === undefined) return close();
    const wanted = typed.toLowerCase();
    const found = people.filter((p) => `${p.handle} ${p.name}`.toLowerCase().includes(wanted)).slice(0, SHOWN);
    if (!found.length) return close();
    list.replaceChildren(
      ...found.map((person, i) => {
        const item = document.createElement("li");
        item.id = `${list.id}-${i}`;
        item.setAttribute("role", "option");
        const name = document.createElement("strong");
        name.textContent = person.name;
        item.append(name, ` @${person.handle} · ${person.hint}`);
        item.addEventListener("mousedown", (event) => {
          event.preventDefault();
          take(person.handle);
        });
        return item;
      }),
    );
    list.hidden = false;
    at = 0;
    mark();
  };
  field.addEventListener("input", offer);
  field.addEventListener("click", offer);
  field.addEventListener("blur", close);
  field.addEventListener("keydown", (event) => {
    if (list.hidden) return;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) at = (at + step + list.children.length) % list.children.length;
    else if (event.key === "Escape") close();
    else if (event.key === "Enter" || event.key === "Tab") {
      list.children[at].dispatchEvent(new MouseEvent("mousedown", { cancelable: true }));
    } else return;
    event.preventDefault();
    mark();
  });
}

function enhance(composer) {
  tabs(composer);
  canned(composer);
  composer.querySelectorAll("[data-mentions]").forEach((field) => mentions(composer, field));
}

const start = (root) => {
  if (root.matches?.("[data-composer]")) enhance(root);
  else root.querySelectorAll("[data-composer]").forEach(enhance);
};
start(document);
document.addEventListener("docket:fresh", (event) => start(event.detail));
