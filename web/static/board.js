// Drag and drop in Ready for sprint; the buttons beside each ticket do the same by keyboard.

let dragged = null;
let placed = null;

const cardOf = (event) => event.target.closest?.("[draggable=true]");

function send(card, field, neighbour) {
  window.htmx.ajax("POST", card.dataset.url, {
    target: "#board",
    select: "#board",
    swap: "outerHTML",
    values: { command: "rank", back: "board", version: card.dataset.version, [field]: neighbour },
  });
}

document.addEventListener("dragstart", (event) => {
  dragged = cardOf(event);
  if (!dragged) return;
  placed = null;
  dragged.classList.add("is-dragged");
  event.dataTransfer.effectAllowed = "move";
  event.dataTransfer.setData("text/plain", dragged.dataset.number);
});

document.addEventListener("dragover", (event) => {
  const over = cardOf(event);
  if (!dragged || !event.target.closest?.("[data-drop]")) return;
  event.preventDefault();
  if (!over || over === dragged) return;
  const box = over.getBoundingClientRect();
  const field = event.clientY < box.top + box.height / 2 ? "before" : "after";
  document.querySelectorAll(".drop-before, .drop-after").forEach((card) => card.classList.remove("drop-before", "drop-after"));
  over.classList.add(`drop-${field}`);
  placed = { field, neighbour: over.dataset.number };
});

document.addEventListener("drop", (event) => {
  if (!dragged || !event.target.closest?.("[data-drop]")) return;
  event.preventDefault();
  if (placed) send(dragged, placed.field, placed.neighbour);
});

document.addEventListener("dragend", () => {
  document.querySelectorAll(".is-dragged, .drop-before, .drop-after").forEach((card) => card.classList.remove("is-dragged", "drop-before", "drop-after"));
  dragged = null;
});
