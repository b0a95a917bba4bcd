// Gives each message frame the height of its content; the frames themselves run no scripts.
for (const frame of document.querySelectorAll("iframe.body")) {
  const fit = () => {
    const page = frame.contentDocument;
    if (page && page.documentElement) {
      frame.style.height = page.documentElement.scrollHeight + 4 + "px";
    }
  };
  frame.addEventListener("load", fit);
  window.addEventListener("resize", fit);
  fit();
}
