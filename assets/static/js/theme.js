// Resolves the theme "auto" before the first paint. A classic script in <head>: it must run before the body is drawn.
// The choice itself is a cookie that the server reads, so "light" and "dark" arrive ready in the page.
(() => {
  const root = document.documentElement;
  const system = window.matchMedia("(prefers-color-scheme: dark)");
  const apply = () => {
    if (root.dataset.themeChoice === "auto") root.dataset.bsTheme = system.matches ? "dark" : "light";
  };
  apply();
  system.addEventListener("change", apply);
})();
