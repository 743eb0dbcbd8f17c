// Command palette: Ctrl/Cmd+K. What is typed goes by htmx POST, never into an address; it is emptied when closed.
const palette = document.getElementById("palette");
if (palette) {
  const input = palette.querySelector("input");
  const results = palette.querySelector("#palette-results");
  const hint = results.innerHTML;
  const links = () => [...results.querySelectorAll("a[href]")];

  document.addEventListener("keydown", (event) => {
    if ((event.ctrlKey || event.metaKey) && !event.shiftKey && !event.altKey && event.key.toLowerCase() === "k") {
      event.preventDefault();
      if (palette.open) palette.close();
      else if (!document.querySelector("dialog[open]")) palette.showModal();
    }
  });

  palette.addEventListener("keydown", (event) => {
    const all = links();
    if (event.key === "Enter" && event.target === input && all.length === 1) {
      event.preventDefault();
      all[0].click();
    }
    if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
    event.preventDefault();
    const at = all.indexOf(document.activeElement) + (event.key === "ArrowDown" ? 1 : -1);
    if (at < 0) input.focus();
    else all[Math.min(at, all.length - 1)]?.focus();
  });

  palette.addEventListener("close", () => {
    input.value = "";
    results.innerHTML = hint;
  });
}
