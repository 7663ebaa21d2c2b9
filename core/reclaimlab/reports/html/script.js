"use strict";
for (const head of document.querySelectorAll("table.sortable thead th")) {
  const button = document.createElement("button");
  button.type = "button";
  button.append(...head.childNodes);
  head.append(button);
  button.addEventListener("click", () => {
    const up = head.getAttribute("aria-sort") !== "ascending";
    const body = head.closest("table").tBodies[0];
    const place = head.cellIndex;
    for (const each of head.parentNode.children) each.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", up ? "ascending" : "descending");
    const value = row => row.cells[place].textContent;
    const order = new Intl.Collator("en", { numeric: true });
    const compare = (a, b) => {
      const x = parseFloat(value(a)), y = parseFloat(value(b));
      return Number.isNaN(x) || Number.isNaN(y) ? order.compare(value(a), value(b)) : x - y;
    };
    body.append(...[...body.rows].sort((a, b) => (up ? compare(a, b) : compare(b, a))));
  });
}
