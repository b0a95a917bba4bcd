// The list: how many tickets are selected, all of a page at once, and the filters on a phone.

const ticks = () => [...document.querySelectorAll("#bulk input[name=ticket]")];

function count() {
  const all = ticks();
  const told = document.querySelector("[data-selected]");
  if (!told) return;
  const chosen = all.filter((tick) => tick.checked).length;
  told.textContent = `${chosen} selected`;
  const every = document.querySelector("[data-select-all]");
  every.checked = chosen === all.length;
  every.indeterminate = chosen > 0 && chosen < all.length;
}

document.addEventListener("change", (event) => {
  if (event.target.matches("[data-select-all]")) {
    for (const tick of ticks()) tick.checked = event.target.checked;
  }
  if (event.target.closest("#bulk")) count();
});

document.addEventListener("click", (event) => {
  const more = event.target.closest("[data-more]");
  if (more) more.setAttribute("aria-expanded", String(more.getAttribute("aria-expanded") !== "true"));
});

document.addEventListener("htmx:afterSettle", count);
window.addEventListener("pageshow", count); // a browser that comes back keeps what was ticked
