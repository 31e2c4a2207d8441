// Opens a report in the system's Chromium and behaves like its readers: with a mouse, with a keyboard,
// without JavaScript, on a telephone, on paper. `PLIM_REPORT` names the report; without it the gallery
// of plim-report is drawn first. `CHROMIUM` names the browser when it is not in the usual places.

import { test, before, after } from "node:test";
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import puppeteer from "puppeteer-core";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

const usual = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];
const executablePath = [process.env.CHROMIUM, ...usual].find((path) => path && existsSync(path));
let browser, url;

before(async () => {
  assert.ok(executablePath, `no Chromium: install one (apt-get install chromium) or set CHROMIUM; looked at ${usual}`);
  let report = process.env.PLIM_REPORT;
  if (!report) {
    const dir = mkdtempSync(join(tmpdir(), "plim-gallery-"));
    const root = resolve(import.meta.dirname, "../..");
    execFileSync("cargo", ["run", "--quiet", "-p", "plim-report", "--example", "gallery", "--", dir], { cwd: root, stdio: "inherit" });
    report = join(dir, "report.html");
  }
  url = pathToFileURL(resolve(report)).href;
  // The sandbox of Chromium refuses to run as root, as in most containers.
  const args = process.getuid?.() === 0 ? ["--no-sandbox"] : [];
  browser = await puppeteer.launch({ executablePath, args });
});

after(() => browser?.close());

/** Opens the report; `seen` collects what it logs and asks for. */
async function open({ width = 1280, scheme = "light", script = true } = {}) {
  const page = await browser.newPage();
  const seen = { errors: [], requests: [] };
  page.on("console", (message) => ["error", "warn"].includes(message.type()) && seen.errors.push(message.text()));
  page.on("pageerror", (error) => seen.errors.push(String(error)));
  page.on("request", (request) => seen.requests.push(request.url()));
  await page.setJavaScriptEnabled(script);
  await page.setViewport({ width, height: 900 });
  await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: scheme }]);
  await page.goto(url, { waitUntil: "load" });
  return { page, seen };
}

test("it logs no error and asks the network for nothing", async () => {
  const { page, seen } = await open();
  await new Promise((done) => setTimeout(done, 200));
  assert.deepEqual(seen.errors, []);
  const outside = seen.requests.filter((asked) => asked !== url && !asked.startsWith("data:"));
  assert.deepEqual(outside, []);
  // The policy holds: even a script in the page cannot reach out.
  const reached = await page.evaluate(() => fetch("https://example.org/").then(() => true, () => false));
  assert.equal(reached, false);
  await page.close();
});

test("hostile labels are shown and not run", async () => {
  const { page } = await open();
  assert.equal(await page.evaluate(() => window.hacked), undefined);
  const found = await page.evaluate(() => ({
    scripts: [...document.scripts].filter((s) => s.type !== "application/json").length,
    images: document.images.length,
    frames: document.querySelectorAll("iframe, object, embed, form, base").length,
    handlers: [...document.querySelectorAll("*")].filter((e) => [...e.attributes].some((a) => a.name.startsWith("on"))).length,
    scheme: [...document.querySelectorAll("[href], [src]")].filter((e) => !/^(#|data:,$)/.test(e.getAttribute("href") ?? e.getAttribute("src"))).length,
  }));
  assert.deepEqual(found, { scripts: 1, images: 0, frames: 0, handlers: 0, scheme: 0 });
  // The study of hostile.toml, read back as it was written.
  const text = await page.evaluate(() => document.body.innerText);
  if (text.includes("window.hacked")) {
    const written = ['<script>window.hacked = 1</script> "quoted" & \'single\' 数字经济 עברית العربية', '<svg onload="window.hacked = 1"></svg>'];
    const labels = ['<img src=x onerror="window.hacked = 1"> 数字经济', '" onmouseover="window.hacked = 1" עברית', "'; window.hacked = 1; // العربية"];
    for (const words of [...written, ...labels]) assert.ok(text.includes(words), words);
  }
  await page.close();
});

test("tables sort by click and by keyboard", async (t) => {
  const { page } = await open();
  const table = await page.$("table.sortable");
  // The gallery always has one; a report of regressions alone need not.
  if (!table && process.env.PLIM_REPORT) return t.skip("the report has no sortable table");
  assert.ok(table);
  const values = (column) =>
    table.evaluate((t, c) => [...t.tBodies[0].rows].map((r) => r.cells[c].dataset.value).map((v) => (v === undefined ? null : Number(v))), column);
  const state = (column) => table.evaluate((t, c) => t.tHead.rows[t.tHead.rows.length - 1].cells[c].getAttribute("aria-sort"), column);
  const last = await table.evaluate((t) => t.tHead.rows[t.tHead.rows.length - 1].cells.length - 1);
  const button = (await table.$$("thead tr:last-child button")).at(-1);
  const ordered = (list) => list.every((v, i) => i === 0 || v === null || list[i - 1] <= v);

  await button.click();
  assert.equal(await state(last), "ascending");
  const up = await values(last);
  assert.ok(new Set(up).size > 1 && ordered(up), `not ascending: ${up}`);

  await button.focus();
  await page.keyboard.press("Enter");
  assert.equal(await state(last), "descending");
  const down = (await values(last)).filter((v) => v !== null).reverse();
  assert.ok(ordered(down), `not descending: ${down}`);
  await page.keyboard.press("Space");
  assert.equal(await state(last), "ascending");

  // By words, too: the column of labels.
  await (await table.$("thead tr:last-child button")).click();
  const labels = await table.evaluate((t) => [...t.tBodies[0].rows].map((r) => r.cells[0].textContent));
  const lang = await page.evaluate(() => document.documentElement.lang);
  assert.deepEqual(labels, [...labels].sort((a, b) => a.localeCompare(b, lang)));
  await page.close();
});

test("the keyboard reaches the content first and everything that scrolls", async () => {
  const { page } = await open({ width: 400 });
  await page.keyboard.press("Tab");
  const skip = await page.evaluate(() => {
    const box = document.activeElement.getBoundingClientRect();
    return { href: document.activeElement.getAttribute("href"), visible: box.left >= 0 && box.top >= 0 };
  });
  assert.deepEqual(skip, { href: "#content", visible: true });
  const stuck = await page.$$eval("*", (all) =>
    all.filter((e) => e.scrollWidth > e.clientWidth + 1 && /auto|scroll/.test(getComputedStyle(e).overflowX) && e.tabIndex < 0).length,
  );
  assert.equal(stuck, 0);
  await page.close();
});

test("without JavaScript everything can be read", async () => {
  const { page: plain } = await open({ script: false });
  const { page: full } = await open();
  // The tools of the script are its own; everything else must be there without it.
  const body = (page) => page.$eval("main", (main) => {
    main.querySelectorAll(".tools, .universes").forEach((tools) => tools.remove());
    return main.innerText.replace(/\s+/g, " ").trim();
  });
  // Puppeteer evaluates in an isolated world, which works with the page's own scripts off.
  const [without, with_] = [await body(plain), await body(full)];
  assert.equal(without, with_);
  assert.equal((await plain.$$("button")).length, 0);
  await plain.close();
  await full.close();
});

test("a table can be searched", async (t) => {
  const { page } = await open();
  const box = await page.$(".tools input[type=search]");
  if (!box && process.env.PLIM_REPORT) return t.skip("the report has no long sortable table");
  assert.ok(box);
  const shown = () => box.evaluate((b) => [...b.closest("div.table").querySelectorAll("tbody tr")].filter((r) => !r.hidden).map((r) => r.cells[0].textContent));
  const all = await shown();
  await box.type(all[1]);
  const found = await shown();
  assert.ok(found.length >= 1 && found.length < all.length && found.every((label) => label.includes(all[1])), `${found}`);
  await box.evaluate((b) => {
    b.value = "";
    b.dispatchEvent(new Event("input"));
  });
  assert.deepEqual(await shown(), all);
  await page.close();
});

test("a regression table switches to other standard errors and back", async (t) => {
  const { page } = await open();
  const select = await page.$(".tools select");
  if (!select && process.env.PLIM_REPORT) return t.skip("no table carries another convention");
  assert.ok(select);
  const state = () =>
    select.evaluate((s) => {
      const frame = s.closest("div.table");
      const cells = [...frame.querySelectorAll("td[data-of*='/coefficients/']")];
      return { estimates: cells.map((c) => c.dataset.exact.split(" ")[0]), errors: cells.map((c) => c.dataset.exact.split(" ")[1]), notes: frame.querySelector(".notes").innerText };
    });
  const own = await state();
  const last = await select.evaluate((s) => s.options[s.options.length - 1].value);
  await select.select(last);
  const other = await state();
  assert.deepEqual(other.estimates, own.estimates);
  assert.notDeepEqual(other.errors, own.errors);
  assert.notEqual(other.notes, own.notes);
  await select.select("");
  assert.deepEqual(await state(), own);
  await page.close();
});

test("a table is copied as LaTeX, Markdown and between tabs", async () => {
  const { page } = await open();
  // What reaches the clipboard, where a test may not read the system's.
  await page.evaluate(() => {
    window.copied = [];
    navigator.clipboard.writeText = (text) => Promise.resolve(window.copied.push(text));
  });
  const buttons = await page.$$("div.table .tools button");
  for (const button of buttons.slice(0, 3)) await button.click();
  const [latex, markdown, tabs] = await page.evaluate(() => window.copied);
  assert.match(latex, /\\begin\{tabular\}[\s\S]*\\bottomrule/);
  assert.match(markdown, /\| --- \|/);
  const rows = await page.$eval("div.table table", (t) => t.rows.length);
  assert.equal(tabs.trimEnd().split("\n").length, rows);
  assert.ok(tabs.includes("\t"));
  assert.equal(await page.$eval("div.table .tools [role=status]", (e) => e.textContent !== ""), true);
  await page.close();
});

test("a number tells its full precision and where it comes from, by mouse and by keyboard", async (t) => {
  const { page, seen } = await open();
  const cell = await page.$("td[data-of^='estimates/'][tabindex='0']");
  if (!cell && process.env.PLIM_REPORT) return t.skip("no number of the report has an origin");
  assert.ok(cell);
  await cell.click();
  const told = () => page.$eval("dialog", (d) => ({ open: d.open, text: d.innerText, link: d.querySelector("a[href^='#']")?.getAttribute("href") ?? null }));
  const exact = await cell.evaluate((c) => c.dataset.exact.split(" ")[0]);
  const first = await told();
  assert.ok(first.open && first.text.includes(exact), first.text);
  await page.keyboard.press("Escape");
  assert.equal((await told()).open, false);

  await cell.focus();
  await page.keyboard.press("ArrowDown");
  const moved = await page.evaluate(() => document.activeElement.dataset.of);
  assert.notEqual(moved, await cell.evaluate((c) => c.dataset.of));
  await page.keyboard.press("Enter");
  const second = await told();
  assert.ok(second.open && second.text.includes(moved), second.text);
  if (process.env.PLIM_REPORT) {
    // In the report of a run every estimate leads to the step that made it.
    assert.ok(second.link);
    await page.click("dialog a[href^='#']");
    assert.equal((await told()).open, false);
    assert.equal(await page.evaluate(() => location.hash), second.link);
    assert.ok(await page.evaluate((link) => !!document.querySelector(link), second.link));
  }
  assert.deepEqual(seen.errors, []);
  await page.close();
});

for (const scheme of ["light", "dark"]) {
  test(`axe finds nothing serious in ${scheme}`, async () => {
    const { page } = await open({ scheme });
    // The policy of the page forbids scripts from elsewhere; the test's own comes through the debugger.
    await page.evaluate(axe);
    const found = await page.evaluate(async () => {
      document.querySelector("td[data-of]")?.click();
      const open = await window.axe.run(document.querySelector("dialog") ?? document);
      document.querySelector("dialog")?.close();
      const all = await window.axe.run(document);
      return [...open.violations, ...all.violations].filter((v) => ["serious", "critical"].includes(v.impact)).map((v) => `${v.id}: ${v.nodes[0].html}`);
    });
    assert.deepEqual(found, []);
    await page.close();
  });
}

test("a multiverse is filtered and walked through", async (t) => {
  const { page, seen } = await open();
  if (!(await page.$("div.universes"))) return t.skip("this report has no multiverse");
  const told = () => page.$eval(".universes [role=status]", (e) => e.textContent);
  const count = async () => Number((await told()).match(/\d+/)[0]);
  const rows = () => page.$$eval(".universes dl > div", (all) => all.map((r) => [...r.children].map((c) => c.textContent)));
  const all = await count();
  assert.ok(all > 2);
  // It opens at the study itself, whose command changes nothing.
  assert.equal((await rows())[0][1], "#0");
  assert.equal((await rows()).at(-1)[1], "plim run study.toml");
  const choices = await page.$eval(".universes select", (s) => s.options.length);
  await page.select(".universes select", "1");
  assert.ok((await count()) < all && choices > 2);
  await page.$eval(".universes input[type=range]", (slider) => {
    slider.value = slider.max;
    slider.dispatchEvent(new Event("input"));
  });
  const last = await rows();
  assert.match(last.at(-1)[1], /--set /);
  assert.notEqual(last[0][1], "#0");
  // A click on the curve goes to the universe below it.
  const svg = await page.$(".universes svg");
  await svg.scrollIntoView();
  const box = await svg.boundingBox();
  await page.mouse.click(box.x + box.width * 0.3, box.y + box.height / 2);
  assert.notDeepEqual(await rows(), last);
  await page.select(".universes select", "");
  assert.equal(await count(), all);
  assert.deepEqual(seen.errors, []);
  await page.close();
});

test("it is one file of less than 2 MB", () => {
  assert.ok(readFileSync(new URL(url)).length < 2_000_000);
});

for (const width of [1280, 768, 360]) {
  for (const scheme of ["light", "dark"]) {
    test(`at ${width} px in ${scheme} nothing overflows, overlaps its figure or lacks contrast`, async () => {
      const { page } = await open({ width, scheme });
      const found = await page.evaluate(() => {
        const room = document.documentElement.clientWidth;
        const inScroll = (e) => e.closest(".scroll, pre, .skip");
        // What scrolls inside its own region may be wider than the page.
        const name = (e) => `${e.tagName} ${e.textContent.trim().slice(0, 40)}`;
        const wide = [...document.body.querySelectorAll("*")]
          .filter((e) => !inScroll(e) || e.matches(".scroll, pre"))
          .filter((e) => e.getBoundingClientRect().right > room + 1 || e.getBoundingClientRect().left < -1)
          .map(name);
        const clipped = [...document.querySelectorAll("svg.plim")].flatMap((svg) => {
          const frame = svg.getBoundingClientRect();
          return [...svg.querySelectorAll("text")]
            .filter((t) => {
              const b = t.getBoundingClientRect();
              return b.left < frame.left - 1 || b.right > frame.right + 1 || b.top < frame.top - 1 || b.bottom > frame.bottom + 1;
            })
            .map(name);
        });
        const overlapping = [...document.querySelectorAll("svg.plim")].flatMap((svg) => {
          const boxes = [...svg.querySelectorAll("text")].map((t) => [t, t.getBBox()]);
          return boxes.flatMap(([a, p], i) =>
            boxes.slice(i + 1).filter(([, q]) => p.x < q.x + q.width - 1 && q.x < p.x + p.width - 1 && p.y < q.y + q.height - 3 && q.y < p.y + p.height - 3).map(([b]) => `${name(a)} / ${name(b)}`),
          );
        });
        // Contrast of all words against the paper: WCAG 2.2, 1.4.3.
        const light = (color) => {
          const [r, g, b] = color.match(/[\d.]+/g).slice(0, 3).map((v) => v / 255).map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4));
          return 0.2126 * r + 0.7152 * g + 0.0722 * b;
        };
        const paper = light(getComputedStyle(document.body).backgroundColor);
        const ratio = (color) => (Math.max(light(color), paper) + 0.05) / (Math.min(light(color), paper) + 0.05);
        const faint = [...document.body.querySelectorAll("*")]
          .filter((e) => [...e.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim()) && !e.matches("script, style, title, desc"))
          .filter((e) => ratio(e.closest("svg") ? getComputedStyle(e).fill : getComputedStyle(e).color) < 4.5)
          .map(name);
        return { page: document.documentElement.scrollWidth <= room, wide, clipped, overlapping, faint };
      });
      assert.deepEqual(found, { page: true, wide: [], clipped: [], overlapping: [], faint: [] });
      await page.close();
    });
  }
}

test("on paper it is black on white, without controls, and nothing is cut", async () => {
  const { page } = await open({ scheme: "dark", width: 794 });
  await page.emulateMediaType("print");
  const found = await page.evaluate(() => ({
    paper: getComputedStyle(document.body).backgroundColor,
    nav: [...document.querySelectorAll("nav")].filter((e) => getComputedStyle(e).display !== "none").length,
    scrolls: [...document.querySelectorAll(".scroll")].filter((e) => getComputedStyle(e).overflowX !== "visible").length,
    figure: [...document.querySelectorAll("svg.plim > rect:first-of-type")].map((r) => getComputedStyle(r).fill).find((fill) => fill !== "rgb(255, 255, 255)") ?? null,
  }));
  assert.deepEqual(found, { paper: "rgb(255, 255, 255)", nav: 0, scrolls: 0, figure: null });
  assert.ok((await page.pdf({ format: "A4" })).length > 10_000);
  await page.close();
});

test("its structure tells a screen reader what is what", async () => {
  const { page } = await open();
  const found = await page.evaluate(() => {
    const levels = [...document.querySelectorAll("h1, h2, h3, h4")].map((h) => Number(h.tagName[1]));
    const ids = [...document.querySelectorAll("[id]")].map((e) => e.id);
    const pointed = [...document.querySelectorAll("[aria-labelledby], [aria-describedby]")].flatMap((e) =>
      `${e.getAttribute("aria-labelledby") ?? ""} ${e.getAttribute("aria-describedby") ?? ""}`.trim().split(/\s+/),
    );
    const links = [...document.querySelectorAll("a[href^='#']")].map((a) => decodeURIComponent(a.getAttribute("href").slice(1)));
    return {
      lang: document.documentElement.lang !== "",
      title: document.title !== "",
      first: levels.filter((l) => l === 1).length,
      skipped: levels.some((l, i) => i > 0 && l > levels[i - 1] + 1),
      repeated: ids.filter((id, i) => ids.indexOf(id) !== i),
      dangling: [...pointed, ...links].filter((id) => !document.getElementById(id)),
      tables: [...document.querySelectorAll("table")].filter((t) => !t.caption?.textContent.trim() || !t.tHead || [...t.querySelectorAll("th")].some((th) => !th.scope)).length,
      figures: [...document.querySelectorAll("svg.plim")].filter((s) => !s.querySelector("title")?.textContent || !s.querySelector("desc")?.textContent).length,
      numbers: /\bNaN\b|\bInfinity\b|>undefined</.test(document.querySelector("main").innerHTML),
    };
  });
  assert.deepEqual(found, {
    lang: true, title: true, first: 1, skipped: false, repeated: [], dangling: [], tables: 0, figures: 0, numbers: false,
  });
  await page.close();
});
