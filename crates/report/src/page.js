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

// A multiverse: filter by choice, walk along the curve, see what each universe rests on and how to run it alone.
document.querySelectorAll("script.universes").forEach((data) => universes(data));
function universes(data) {
  const { questions, rows } = JSON.parse(data.textContent);
  const number = (x) => x ?? NaN;
  const all = rows.map(([universe, choices, estimate, low, high, p, nobs]) => ({
    universe, choices, estimate, low: number(low), high: number(high), p: number(p), nobs,
  }));
  all.sort((a, b) => a.estimate - b.estimate);
  const frame = make("div", { class: "universes" });
  const filters = questions.map((question, q) => {
    const select = make("select", {}, make("option", { value: "" }, say.everyChoice));
    question.alternatives.forEach((label, a) => select.append(make("option", { value: a }, label)));
    select.addEventListener("change", draw);
    frame.append(make("label", { class: "filter" }, question.name + " ", select));
    return select;
  });
  const told = make("p", { role: "status" });
  const picture = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const slider = make("input", { type: "range", min: 0, value: 0, "aria-label": say.universe });
  const details = make("dl");
  frame.append(told, picture, slider, details);
  data.after(frame);
  const [width, height, pad] = [720, 220, 46];
  const round = (x) => String(Number(x.toPrecision(4))).replace("-", "\u2212");
  const drawn = (name, attributes) => {
    const element = document.createElementNS(picture.namespaceURI, name);
    Object.entries(attributes).forEach(([key, value]) => element.setAttribute(key, value));
    picture.append(element);
    return element;
  };
  let shown = all;
  function draw() {
    shown = all.filter((u) => filters.every((f, q) => f.value === "" || u.choices[q] === Number(f.value)));
    const n = shown.length;
    const middle = n ? (shown[(n - 1) >> 1].estimate + shown[n >> 1].estimate) / 2 : NaN;
    const share = (test) => (n ? Math.round((1000 * shown.filter(test).length) / n) / 10 : 0);
    const words = [n, n ? round(middle) : "", share((u) => u.estimate > 0), share((u) => u.p < 0.05)];
    told.textContent = words.reduce((text, word) => text.replace("{}", word), say.universesSaid);
    slider.max = Math.max(0, n - 1);
    slider.value = Math.max(0, shown.findIndex((u) => u.universe === 0));
    tell();
  }
  function paint() {
    const ends = shown.flatMap((u) => [u.low, u.high, u.estimate]).filter(Number.isFinite);
    const [least, most] = ends.reduce(([a, b], v) => [Math.min(a, v), Math.max(b, v)], [0, 0]);
    const x = (i) => pad + ((i + 0.5) * (width - pad - 8)) / Math.max(1, shown.length);
    const y = (v) => 8 + ((most - v) * (height - 24)) / (most - least || 1);
    picture.replaceChildren();
    picture.setAttribute("viewBox", `0 0 ${width} ${height}`);
    picture.setAttribute("role", "img");
    picture.setAttribute("aria-label", told.textContent);
    for (const v of [least, 0, most]) {
      drawn("path", { d: `M${pad} ${y(v)}H${width - 8}`, class: v ? "grid" : "zero" });
      drawn("text", { x: pad - 6, y: y(v) + 4, "text-anchor": "end" }).textContent = round(v);
    }
    const spans = shown.map((u, i) => (Number.isFinite(u.low) ? `M${x(i)} ${y(u.low)}V${y(u.high)}` : "")).join("");
    drawn("path", { d: spans, class: "span", "stroke-width": Math.min(3, (0.7 * width) / (shown.length || 1)) });
    for (const [name, test] of [["hollow", (u) => !(u.p < 0.05)], ["dot", (u) => u.p < 0.05]]) {
      drawn("path", { d: shown.map((u, i) => (test(u) ? `M${x(i)} ${y(u.estimate)}h0` : "")).join(""), class: name });
    }
    const at = Number(slider.value);
    if (shown[at]) drawn("circle", { cx: x(at), cy: y(shown[at].estimate), r: 6, class: "here" });
  }
  function tell() {
    paint();
    const u = shown[Number(slider.value)];
    details.replaceChildren();
    if (!u) return;
    const row = (head, ...text) => details.append(make("div", {}, make("dt", {}, head), make("dd", {}, ...text)));
    row(say.universe, `#${u.universe}`);
    row(say.estimate, `${round(u.estimate)} [${round(u.low)}, ${round(u.high)}], p = ${round(u.p)}, n = ${u.nobs}`);
    questions.forEach((question, q) => row(question.name, question.alternatives[u.choices[q]]));
    const quote = (text) => (/^[\w.,:=+-]+$/.test(text) ? text : "'" + text.replaceAll("'", "'\\''") + "'");
    const sets = questions.flatMap((question, q) => question.set[u.choices[q]]).map((text) => `--set ${quote(text)}`);
    row(say.runAlone, make("code", {}, ["plim run study.toml", ...sets].join(" ")));
  }
  slider.addEventListener("input", tell);
  picture.addEventListener("click", (event) => {
    const box = picture.getBoundingClientRect();
    const at = (((event.clientX - box.left) / box.width) * width - pad) / (width - pad - 8);
    slider.value = Math.max(0, Math.min(shown.length - 1, Math.floor(at * shown.length)));
    tell();
  });
  draw();
}
