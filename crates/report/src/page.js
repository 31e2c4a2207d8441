// Sorting by column, only where rows may be reordered. Without this script the page is complete.
const hint = document.currentScript.dataset.sort;
for (const table of document.querySelectorAll("table.sortable")) {
  const heads = [...table.tHead.rows[table.tHead.rows.length - 1].cells];
  heads.forEach((head, column) => {
    if (!head.textContent.trim()) return;
    const button = document.createElement("button");
    button.type = "button";
    button.title = hint.replace("{}", head.textContent);
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => {
      const down = head.getAttribute("aria-sort") === "ascending";
      heads.forEach((other) => other.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", down ? "descending" : "ascending");
      for (const body of table.tBodies) sort(body, column, down ? -1 : 1);
    });
  });
}
function sort(body, column, sign) {
  const key = (row) => row.cells[column];
  const rows = [...body.rows].filter((row) => !row.classList.contains("panel"));
  const compare = (a, b) => {
    const [x, y] = [key(a), key(b)];
    const [m, n] = [x.dataset.value, y.dataset.value];
    if (m !== undefined && n !== undefined) return sign * (m - n);
    // Missing values stay below, whichever way the others go.
    if ((m === undefined) !== (n === undefined)) return m === undefined ? 1 : -1;
    return sign * x.textContent.localeCompare(y.textContent, document.documentElement.lang);
  };
  body.append(...rows.sort(compare));
}
