"use strict";
const box = document.getElementById("search");
const buttons = [...document.querySelectorAll(".tools button")];
const cases = [...document.querySelectorAll("details.case")];
function sift() {
  const words = box.value.toLowerCase().split(/\s+/).filter(Boolean);
  const wanted = buttons.filter(b => b.getAttribute("aria-pressed") === "true").map(b => b.dataset.outcome);
  for (const one of cases) {
    const fits = words.every(word => one.dataset.words.includes(word));
    one.classList.toggle("hidden", !fits || (wanted.length > 0 && !wanted.includes(one.dataset.outcome)));
  }
  for (const level of document.querySelectorAll("section.level")) {
    level.classList.toggle("hidden", !level.querySelector("details.case:not(.hidden)"));
  }
}
if (box) {
  box.addEventListener("input", sift);
  for (const button of buttons) {
    button.addEventListener("click", () => {
      button.setAttribute("aria-pressed", button.getAttribute("aria-pressed") !== "true");
      sift();
    });
  }
  for (const link of document.querySelectorAll(".grid a")) {
    link.addEventListener("click", event => {
      event.preventDefault();
      box.value = link.dataset.id;
      sift();
      for (const one of cases) { one.open = !one.classList.contains("hidden"); }
      box.scrollIntoView();
    });
  }
  const go = () => {
    const target = document.getElementById(location.hash.slice(1));
    if (target && target.matches("details.case")) { target.open = true; target.scrollIntoView(); }
  };
  addEventListener("hashchange", go);
  go();
}
