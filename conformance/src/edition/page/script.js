"use strict";
(() => {
  const root = document.documentElement;
  const q = document.getElementById("q");
  const found = document.getElementById("found");
  const menu = document.getElementById("menu");
  const contents = document.getElementById("contents");
  root.classList.add("js");

  // What the search looks through: requirements, headings, cases, failures.
  const entries = [];
  const add = (element, kind, title, text) => {
    if (element.id && title) entries.push({ id: element.id, kind, title, text, low: (title + " " + text).toLowerCase() });
  };
  const plain = (element) => element.textContent.replace(/\s+/g, " ").trim();
  for (const element of document.querySelectorAll("main h2, main h3, main h4, main h5")) {
    add(element, "section", plain(element).replace(/ #$/, ""), "");
  }
  for (const element of document.querySelectorAll(".requirement")) {
    const badges = [...element.querySelectorAll(".badge")].map(plain).join(" ");
    const text = element.querySelector(".text");
    add(element, badges, element.id, plain(text));
  }
  for (const element of document.querySelectorAll(".case")) {
    add(element, "case", element.id.slice(5), plain(element.querySelector("summary span")));
  }
  for (const element of document.querySelectorAll("tr[id^=failure-]")) {
    add(element, "failure", element.id.slice(8), [...element.cells].slice(2).map(plain).join(" "));
  }

  const rank = (entry, words, all) => {
    if (!words.every((word) => entry.low.includes(word) || entry.kind.toLowerCase().includes(word))) return 0;
    const title = entry.title.toLowerCase();
    // Requirements and sections come before the cases about them.
    const ahead = entry.kind === "case" ? 0 : 1;
    if (title === all) return 8;
    if (title.includes(all)) return 6 + ahead;
    return (words.every((word) => title.includes(word)) ? 3 : 1) + ahead;
  };

  // A text with the words marked, as nodes: nothing is ever parsed as HTML.
  const marked = (text, words) => {
    const out = document.createDocumentFragment();
    const low = text.toLowerCase();
    let at = 0;
    while (at < text.length) {
      let next = -1, length = 0;
      for (const word of words) {
        const i = low.indexOf(word, at);
        if (i >= 0 && (next < 0 || i < next)) { next = i; length = word.length; }
      }
      if (next < 0) break;
      const mark = document.createElement("mark");
      mark.textContent = text.slice(next, next + length);
      out.append(text.slice(at, next), mark);
      at = next + length;
    }
    out.append(text.slice(at));
    return out;
  };

  const SHOWN = 60;
  let chosen = -1;
  const search = () => {
    const all = q.value.trim().toLowerCase().replace(/^\[|\]$/g, "");
    chosen = -1;
    found.replaceChildren();
    found.hidden = all === "";
    if (all === "") return;
    const words = all.split(/\s+/);
    const hits = entries.map((entry) => [rank(entry, words, all), entry]).filter(([score]) => score > 0);
    hits.sort((a, b) => b[0] - a[0]);
    const count = document.createElement("p");
    count.textContent = hits.length === 0 ? "Nothing has all these words."
      : hits.length > SHOWN ? `${hits.length} found, the best ${SHOWN}:` : `${hits.length} found`;
    found.append(count);
    for (const [, entry] of hits.slice(0, SHOWN)) {
      const link = document.createElement("a");
      link.href = "#" + entry.id;
      const kind = document.createElement("span");
      kind.className = "kind";
      kind.textContent = entry.kind;
      const title = document.createElement("b");
      title.append(marked(entry.title, words));
      const text = document.createElement("span");
      text.className = "of";
      text.append(marked(entry.text, words));
      link.append(title, kind, text);
      found.append(link);
    }
    found.parentElement.scrollTop = 0;
  };

  const choose = (step) => {
    const links = found.querySelectorAll("a");
    if (links.length === 0) return;
    links[chosen]?.classList.remove("at");
    chosen = (chosen + step + links.length) % links.length;
    links[chosen].classList.add("at");
    links[chosen].scrollIntoView({ block: "nearest" });
  };
  const clear = () => { q.value = ""; search(); };
  const narrow = matchMedia("(max-width: 60rem)");

  q.addEventListener("input", search);
  q.addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown") choose(1);
    else if (event.key === "ArrowUp") choose(-1);
    else if (event.key === "Enter") found.querySelectorAll("a")[Math.max(chosen, 0)]?.click();
    else if (event.key === "Escape") { clear(); q.blur(); }
    else return;
    event.preventDefault();
  });
  document.addEventListener("keydown", (event) => {
    const typing = /^(INPUT|TEXTAREA|SELECT)$/.test(document.activeElement?.tagName ?? "");
    if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey) {
      event.preventDefault();
      q.focus();
      q.select();
    }
  });
  // On a narrow screen contents and results cover the text: a choice closes them.
  document.querySelector("nav").addEventListener("click", (event) => {
    if (event.target.closest("a") && narrow.matches) { menu.checked = false; clear(); }
  });

  // A link to something folded unfolds it, and what it lies in.
  const unfold = () => {
    const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (!target) return;
    for (let at = target; at; at = at.parentElement) if (at.tagName === "DETAILS") at.open = true;
    target.scrollIntoView();
  };
  addEventListener("hashchange", unfold);
  if (location.hash) unfold();

  // The contents show where the reader is.
  const links = new Map([...contents.querySelectorAll("a")].map((link) => [link.hash.slice(1), link]));
  const headings = [...document.querySelectorAll("main h2, main h3")].filter((h) => links.has(h.id));
  let current = null;
  const follow = () => {
    let low = 0, high = headings.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (headings[middle].getBoundingClientRect().top < 120) low = middle + 1; else high = middle;
    }
    const link = links.get(headings[Math.max(low - 1, 0)]?.id);
    if (!link || link === current) return;
    current?.classList.remove("at");
    for (const item of contents.querySelectorAll(".here")) item.classList.remove("here");
    current = link;
    link.classList.add("at");
    for (let at = link; at !== contents; at = at.parentElement) if (at.tagName === "LI") at.classList.add("here");
    const nav = contents.parentElement, box = link.getBoundingClientRect(), frame = nav.getBoundingClientRect();
    if (box.top < frame.top || box.bottom > frame.bottom) nav.scrollTop += box.top - frame.top - frame.height / 3;
  };
  let waiting = false;
  addEventListener("scroll", () => {
    if (waiting) return;
    waiting = true;
    requestAnimationFrame(() => { waiting = false; follow(); });
  }, { passive: true });
  follow();

  // A link may carry a search: page.html?q=greeting.nonce
  const asked = new URLSearchParams(location.search).get("q");
  if (asked) { q.value = asked; search(); }
})();
