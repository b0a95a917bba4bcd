// The print button of a change sheet.
document.documentElement.classList.add("has-script");
document.querySelector("[data-print]")?.addEventListener("click", () => window.print());
