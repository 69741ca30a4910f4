"use strict";
(() => {
  const info = document.getElementById("token-info");
  const GAP = 8; // pixels between a token and what is told of it
  let described = null; // the token whose facts are shown

  function fact(list, name, value) {
    const row = document.createElement("div");
    const term = document.createElement("dt");
    const detail = document.createElement("dd");
    term.textContent = name;
    detail.textContent = value;
    row.append(term, detail);
    list.append(row);
  }

  function describe(token) {
    if (described === token) return;
    hide();
    described = token;
    const { id, spelling, label, weight } = token.dataset;
    const list = document.createElement("dl");
    fact(list, "id", id);
    fact(list, "spelling", spelling);
    fact(list, "label", label === "masked" ? "masked (-100)" : label);
    fact(list, "loss weight", weight);
    info.replaceChildren(list);
    info.hidden = false;
    token.setAttribute("aria-describedby", info.id);
    token.classList.add("described");
    place(token);
  }

  function place(token) {
    const box = token.getClientRects()[0];
    if (!box) return;
    const width = document.documentElement.clientWidth;
    const left = Math.max(GAP, Math.min(box.left, width - info.offsetWidth - GAP));
    let top = box.bottom + GAP;
    if (top + info.offsetHeight > innerHeight) top = box.top - info.offsetHeight - GAP;
    info.style.left = `${left}px`;
    info.style.top = `${Math.max(GAP, top)}px`;
  }

  function hide() {
    if (!described) return;
    described.removeAttribute("aria-describedby");
    described.classList.remove("described");
    described = null;
    info.hidden = true;
  }

  const tokenAt = (node) => node.closest(".tokens .token");

  // one token of a sequence is in the tab order, and the arrow keys move it
  function enter(group, token) {
    for (const other of group.querySelectorAll(".token[tabindex='0']")) other.tabIndex = -1;
    token.tabIndex = 0;
    token.focus({ preventScroll: false });
  }

  function step(group, token, key) {
    const tokens = [...group.querySelectorAll(".token")];
    const at = tokens.indexOf(token);
    const to = { ArrowLeft: at - 1, ArrowRight: at + 1, Home: 0, End: tokens.length - 1 }[key];
    return to === undefined ? null : tokens[Math.max(0, Math.min(tokens.length - 1, to))];
  }

  for (const group of document.querySelectorAll(".tokens")) {
    const first = group.querySelector(".token");
    if (first) first.tabIndex = 0;
    group.addEventListener("pointerover", (event) => {
      const token = tokenAt(event.target);
      if (token) describe(token);
    });
    group.addEventListener("pointerleave", () => {
      const focused = group.querySelector(".token:focus");
      if (focused) describe(focused);
      else hide();
    });
    group.addEventListener("click", (event) => {
      const token = tokenAt(event.target);
      if (token) enter(group, token);
    });
    group.addEventListener("focusin", (event) => {
      const token = tokenAt(event.target);
      if (token) describe(token);
    });
    group.addEventListener("focusout", hide);
    group.addEventListener("keydown", (event) => {
      const token = tokenAt(event.target);
      const next = token && step(group, token, event.key);
      if (!next) return;
      event.preventDefault();
      enter(group, next);
    });
  }
  addEventListener("keydown", (event) => {
    if (event.key === "Escape") hide();
  });
  addEventListener("scroll", () => described && place(described), { passive: true });
  addEventListener("resize", hide);

  const filters = [...document.querySelectorAll(".filter")];
  for (const filter of filters) {
    filter.addEventListener("click", () => {
      const { code } = filter.dataset;
      for (const other of filters) other.setAttribute("aria-pressed", String(other === filter));
      let shown = 0;
      for (const row of document.querySelectorAll(".findings tbody tr")) {
        row.hidden = code !== "" && row.dataset.code !== code;
        shown += row.hidden ? 0 : 1;
      }
      document.getElementById("filter-status").textContent = `${shown} ${shown === 1 ? "row is" : "rows are"} shown`;
    });
  }
  for (const bar of document.querySelectorAll(".filters")) bar.hidden = false;

  async function copy(text) {
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      // not allowed here: pages that are not served safely have the older way only
      const area = document.createElement("textarea");
      area.value = text;
      document.body.append(area);
      area.select();
      document.execCommand("copy");
      area.remove();
    }
  }

  for (const button of document.querySelectorAll(".copy")) {
    const words = button.textContent;
    button.hidden = false;
    button.addEventListener("click", async () => {
      const json = button.closest(".copied").querySelector("code").textContent;
      await copy(button.dataset.copies === "json" ? json : JSON.parse(json));
      button.textContent = "Copied";
      document.getElementById("copy-status").textContent = "copied";
      button.focus();
      setTimeout(() => {
        button.textContent = words;
      }, 1500);
    });
  }
})();
