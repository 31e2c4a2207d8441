// Without this script the page is complete. What it adds stands in `.tools`, which neither paper nor a reader without
// JavaScript sees. Texts enter by textContent only: what a study calls its columns is never markup.
const say = document.currentScript.dataset;
const make = (name, attributes = {}, ...children) => {
  const element = document.createElement(name);
  Object.entries(attributes).forEach(([key, value]) => element.setAttribute(key, value));
  element.append(...children);
  return element;
};

for (const frame of document.querySelectorAll("div.table")) {
  const table = frame.querySelector("table");
  const tools = make("div", { class: "tools" });
  if (table.classList.contains("sortable")) sortable(table, tools);
  switchable(frame, table, tools);
  copyable(frame, table, tools);
  frame.prepend(tools);
  traceable(table);
}

// Sorting by column and searching, only where rows may be reordered.
function sortable(table, tools) {
  const heads = [...table.tHead.rows[table.tHead.rows.length - 1].cells];
  heads.forEach((head, column) => {
    if (!head.textContent.trim()) return;
    const button = make("button", { type: "button", title: say.sortHint.replace("{}", head.textContent) });
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => {
      const down = head.getAttribute("aria-sort") === "ascending";
      heads.forEach((other) => other.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", down ? "descending" : "ascending");
      for (const body of table.tBodies) sort(body, column, down ? -1 : 1);
    });
  });
  if ([...table.tBodies].reduce((n, body) => n + body.rows.length, 0) < 6) return;
  const search = make("input", { type: "search", "aria-label": say.search, placeholder: say.search });
  search.addEventListener("input", () => {
    const wanted = search.value.trim().toLowerCase();
    for (const body of table.tBodies) {
      for (const row of body.rows) row.hidden = !row.textContent.toLowerCase().includes(wanted);
    }
  });
  tools.append(search);
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

// The same estimates under other standard errors.
function switchable(frame, table, tools) {
  const variants = [...frame.querySelectorAll("template.variant")];
  if (!variants.length) return;
  const notes = frame.querySelector(".notes");
  const own = { bodies: [...table.tBodies], notes: [...(notes?.childNodes ?? [])] };
  const select = make("select", { "aria-label": say.errorsUnder }, make("option", { value: "" }, say.asEstimated));
  variants.forEach((v, i) => select.append(make("option", { value: i }, v.dataset.label)));
  select.addEventListener("change", () => {
    const chosen = variants[select.value]?.content.cloneNode(true);
    [...table.tBodies].forEach((body) => body.remove());
    table.append(...(chosen ? [...chosen.querySelectorAll("tbody")] : own.bodies));
    notes?.replaceChildren(...(chosen ? [...chosen.querySelector("div").childNodes] : own.notes));
    traceable(table);
  });
  tools.append(make("label", {}, say.errorsUnder + " ", select));
}

// LaTeX and Markdown as the templates hold them, cells between tabs as the table stands now.
function copyable(frame, table, tools) {
  const told = make("span", { role: "status" });
  const texts = [...frame.querySelectorAll("template.copy")].map((t) => [t.dataset.as, () => t.content.textContent]);
  const lines = (cell) => cell.innerText.trim().replace(/\s*\n\s*/g, " ").replaceAll("\u2212", "-");
  const rows = () => [...table.rows].filter((row) => !row.hidden);
  const spread = (cell) => [lines(cell), ...Array(cell.colSpan - 1).fill("")];
  texts.push(["TSV", () => rows().map((row) => [...row.cells].flatMap(spread).join("\t")).join("\n") + "\n"]);
  tools.append(make("span", { class: "word" }, say.copy));
  for (const [name, text] of texts) {
    const button = make("button", { type: "button" }, name);
    button.addEventListener("click", async () => {
      await copy(text());
      told.textContent = say.copied;
      setTimeout(() => (told.textContent = ""), 2000);
    });
    tools.append(button);
  }
  tools.append(told);
}
async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    // Browsers that keep the clipboard from files still copy a selection.
    const area = make("textarea", { class: "skip", "aria-hidden": "true" });
    area.value = text;
    document.body.append(area);
    area.select();
    document.execCommand("copy");
    area.remove();
  }
}

// One cell of a table can be reached by Tab, the others by arrows; Enter or a click tells where its number comes from.
function traceable(table) {
  const cells = [...table.querySelectorAll("td[data-of]")];
  cells.forEach((cell, i) => (cell.tabIndex = i ? -1 : 0));
  if (!cells.length || table.dataset.traceable) return;
  table.dataset.traceable = "yes";
  const cellOf = (event) => event.target.closest("td[data-of]");
  table.addEventListener("click", (event) => cellOf(event) && tell(table, cellOf(event)));
  table.addEventListener("keydown", (event) => {
    const cell = cellOf(event);
    if (!cell) return;
    if (event.key === "Enter" || event.key === " ") {
      event.preventDefault();
      return tell(table, cell);
    }
    const [down, right] = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[event.key] ?? [0, 0];
    if (!down && !right) return;
    event.preventDefault();
    const rows = [...table.rows].filter((row) => !row.hidden);
    let [r, c] = [rows.indexOf(cell.parentElement) + down, cell.cellIndex + right];
    while (rows[r]?.cells[c] && !rows[r].cells[c].matches("td[data-of]")) [r, c] = [r + down, c + right];
    const next = rows[r]?.cells[c];
    if (!next) return;
    cell.tabIndex = -1;
    next.tabIndex = 0;
    next.focus();
  });
}

const dialog = document.body.appendChild(make("dialog", { class: "tools" }));
function tell(table, cell) {
  const name = cell.dataset.of.split("/")[1];
  const section = (wanted) => [...document.querySelectorAll("[data-result]")].find((s) => s.dataset.result === wanted);
  // The models of one step are NAME.1, NAME.2, …
  const origin = section(name) ?? section(name.replace(/\.\d+$/, ""));
  const label = cell.parentElement.cells[0].textContent.trim();
  const list = make("dl");
  const item = (term, ...text) => list.append(make("div", {}, make("dt", {}, term), make("dd", {}, ...text)));
  item(say.fullValue, cell.dataset.exact.replaceAll(" ", "\n"));
  item("results.json", cell.dataset.of);
  origin?.querySelectorAll(".lineage > div").forEach((fact) => list.append(fact.cloneNode(true)));
  const close = make("button", { type: "button" }, say.close);
  close.addEventListener("click", () => dialog.close());
  const heading = make("h2", { id: "told" }, `${label}: ${cell.innerText.trim().replace(/\s*\n\s*/g, " ")}`);
  dialog.replaceChildren(heading, make("p", {}, table.caption.textContent), list);
  if (origin) {
    const there = make("a", { href: "#" + origin.querySelector("[id]").id }, say.goThere);
    dialog.append(make("p", {}, there));
  }
  dialog.append(close);
  // A link leads out of the dialog.
  dialog.querySelectorAll("a").forEach((a) => a.addEventListener("click", () => dialog.close()));
  dialog.setAttribute("aria-labelledby", "told");
  dialog.showModal();
}
