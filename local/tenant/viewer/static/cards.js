// Renders the Adaptive Cards of channel messages, in colours close to Teams'.
const font = '"Segoe UI", system-ui, sans-serif';
const config = new AdaptiveCards.HostConfig({
  fontFamily: font,
  spacing: { small: 4, default: 8, medium: 12, large: 16, extraLarge: 24, padding: 14 },
  containerStyles: {
    default: {
      backgroundColor: "#ffffff",
      foregroundColors: {
        default: { default: "#242424", subtle: "#616161" },
        accent: { default: "#5b5fc7", subtle: "#7b7fd4" },
        good: { default: "#13612f", subtle: "#2b7a46" },
        warning: { default: "#835c00", subtle: "#97700f" },
        attention: { default: "#b10e1c", subtle: "#c4314b" },
      },
    },
    emphasis: { backgroundColor: "#f5f5f5" },
    good: { backgroundColor: "#e7f2da" },
    attention: { backgroundColor: "#fcf4f6" },
    warning: { backgroundColor: "#fdf6e3" },
    accent: { backgroundColor: "#e8ebfa" },
  },
  actions: { buttonSpacing: 8, actionAlignment: "left" },
});

// The markdown that cards may use: bold, italics and links, on text that is escaped first.
AdaptiveCards.AdaptiveCard.onProcessMarkdown = (text, result) => {
  const escaped = text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/"/g, "&quot;");
  result.outputHtml = escaped
    .replace(/\*\*(.+?)\*\*/g, "<b>$1</b>")
    .replace(/(^|\W)_(.+?)_(?=\W|$)/g, "$1<i>$2</i>")
    .replace(/\[([^\]]+)\]\((https?:[^)\s]+)\)/g, '<a href="$2" target="_blank" rel="noopener">$1</a>')
    .replace(/\r?\n/g, "<br>");
  result.didProcess = true;
};

for (const place of document.querySelectorAll("[data-card]")) {
  const card = new AdaptiveCards.AdaptiveCard();
  card.hostConfig = config;
  card.onExecuteAction = (action) => {
    if (action.url) window.open(action.url, "_blank", "noopener");
  };
  try {
    const content = JSON.parse(place.dataset.card);
    const mentions = (content.msteams && content.msteams.entities) || [];
    let text = JSON.stringify(content);
    for (const entity of mentions) {
      const name = (entity.mentioned && entity.mentioned.name) || "";
      text = text.split(JSON.stringify(entity.text).slice(1, -1)).join(JSON.stringify("@" + name).slice(1, -1));
    }
    card.parse(JSON.parse(text));
    place.appendChild(card.render());
  } catch (problem) {
    place.textContent = "This card cannot be shown: " + problem.message;
  }
}
