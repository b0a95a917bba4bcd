// From a ticket back to the list as it was left, and on to the ticket above or below it there.

const LIST = "docket:list";

// A browser may refuse its storage; then the links lead where they would without this script.
function stored(action) {
  try {
    return action(sessionStorage);
  } catch {
    return null;
  }
}

function remember() {
  if (!document.getElementById("list")) return;
  const tickets = [...document.querySelectorAll("[data-open]")].map((link) => link.pathname);
  const left = { path: location.pathname, search: location.search, tickets };
  stored((store) => store.setItem(LIST, JSON.stringify(left)));
}

function lead(root) {
  const back = root.querySelector("[data-back]");
  const left = JSON.parse(stored((store) => store.getItem(LIST)) ?? "null");
  if (!back || left?.path !== back.pathname) return;
  back.search = left.search;
  const at = left.tickets.indexOf(location.pathname);
  for (const link of root.querySelectorAll("[data-neighbour]")) {
    const there = at < 0 ? undefined : left.tickets[at + Number(link.dataset.neighbour)];
    link.hidden = !there;
    if (there) link.href = there;
  }
}

addEventListener("pagehide", remember);
document.addEventListener("docket:fresh", (event) => lead(event.detail));
lead(document);
