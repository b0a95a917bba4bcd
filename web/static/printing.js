// Printing: the button, and what is folded on the page but belongs on paper.

document.documentElement.classList.add("has-script");

document.addEventListener("click", (event) => {
  if (event.target.closest("[data-print]")) window.print();
});

let unfolded = [];

addEventListener("beforeprint", () => {
  unfolded = [...document.querySelectorAll("details[data-on-paper]:not([open])")];
  for (const part of unfolded) part.open = true;
});

addEventListener("afterprint", () => {
  for (const part of unfolded) part.open = false;
});
