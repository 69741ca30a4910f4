"use strict";
(() => {
  const root = document.documentElement;
  const button = document.getElementById("theme");
  const system = matchMedia("(prefers-color-scheme: dark)");
  let chosen = null; // until the button is pressed, the system decides
  const isDark = () => (chosen === null ? system.matches : chosen);
  const show = () => {
    if (chosen !== null) root.dataset.theme = chosen ? "dark" : "light";
    button.setAttribute("aria-pressed", String(isDark()));
  };
  button.addEventListener("click", () => {
    chosen = !isDark();
    show();
  });
  system.addEventListener("change", show);
  button.hidden = false;
  show();
})();
