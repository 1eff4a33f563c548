// What only a script can do; without it the page shows all of its content.
"use strict";
const all = (selector, within = document) => [...within.querySelectorAll(selector)];
const made = (tag, properties) => Object.assign(document.createElement(tag), properties);

// Tables are sorted by a click on a column's head: up, down, as it was.
for (const table of all(".numbers table")) {
  const body = table.tBodies[0], rows = [...body.rows];
  const value = (row, place) => {
    const number = parseFloat(row.cells[place].dataset.value);
    return Number.isNaN(number) ? row.cells[place].textContent : number;
  };
  all("thead th", table).forEach((head, place) => {
    const button = made("button", { type: "button", title: "sort by this column" });
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => {
      const turn = { none: "ascending", ascending: "descending", descending: "none" };
      const way = turn[head.getAttribute("aria-sort") || "none"];
      all("thead th", table).forEach((other) => other.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", way);
      const sign = way === "descending" ? -1 : 1;
      const order = (a, b) => {
        const [x, y] = [value(a, place), value(b, place)];
        if (typeof x !== typeof y) return typeof x === "number" ? -1 : 1; // what is missing comes last
        return sign * (typeof x === "number" ? x - y : x.localeCompare(y));
      };
      body.append(...(way === "none" ? rows : [...rows].sort(order)));
    });
  });
}

// A field above tables shows the rows that hold its words, one above samples the sentences.
const filter = (section, label, items, text) => {
  const field = made("input", { type: "search", placeholder: label, ariaLabel: label });
  const count = made("output", {});
  const line = made("p", { className: "filter" });
  line.append(field, count);
  section.querySelector("h3").after(line);
  field.addEventListener("input", () => {
    const words = field.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const item of items) {
      item.hidden = !words.every((word) => text(item).toLowerCase().includes(word));
      shown += !item.hidden;
    }
    count.textContent = words.length ? ` ${shown} of ${items.length}` : "";
  });
};
for (const section of all("section.numbers"))
  filter(section, "only systems named …", all("tbody tr", section), (row) => row.cells[0].textContent);
for (const section of all("section.samples"))
  filter(section, "only sentences with …", all(".sentences li", section), (item) => item.textContent);

// The table of contents marks the part that is read.
const links = new Map(all(".contents a").map((link) => [link.hash.slice(1), link]));
const seen = new IntersectionObserver(
  (entries) => {
    for (const { target, isIntersecting } of entries)
      if (isIntersecting) {
        links.forEach((link) => link.removeAttribute("aria-current"));
        links.get(target.id).setAttribute("aria-current", "true");
      }
  },
  { rootMargin: "0px 0px -80% 0px" },
);
links.forEach((_, id) => seen.observe(document.getElementById(id)));
