// Opens reports in a real Chromium, and writes as JSON what it found: a line on each file.
//
//   node look_at_html.mjs CHROMIUM NODE_MODULES PICTURES FILE...
//
// Of each: requests to anything but the file, errors on the console, what axe-core finds in light
// and dark, whether each sort button sorts, and pictures (light, dark, print).
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { basename, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";

const [chromium, modules, pictures, ...files] = process.argv.slice(2);
const require = createRequire(join(resolve(modules), "here.js"));
const puppeteer = require("puppeteer-core");
const axe = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");

const browser = await puppeteer.launch({
  executablePath: chromium,
  args: [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
    "--disable-background-networking", "--disable-component-update",
  ],
});
try {
  for (const file of files) console.log(JSON.stringify(await look(file)));
} finally {
  await browser.close();
}

async function look(file) {
  const url = pathToFileURL(resolve(file)).href;
  const found = {
    file: basename(file), requests: [], errors: [], held: [], violations: [], unsorted: [],
  };
  const page = await browser.newPage();
  page.on("request", each => each.url() === url || found.requests.push(each.url()));
  page.on("console", each => ["error", "warn"].includes(each.type()) && found.errors.push(each.text()));
  page.on("pageerror", error => found.errors.push(String(error)));
  page.on("dialog", async each => { found.errors.push(`dialog ${each.message()}`); await each.dismiss(); });
  for (const scheme of ["light", "dark"]) {
    await page.setViewport({ width: 1280, height: 900 });
    await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: scheme }]);
    await page.goto(url, { waitUntil: "load" });
    await page.evaluate(() => document.querySelectorAll("details").forEach(each => { each.open = true; }));
    const { passes, violations } = await judged(page, scheme);
    found.held.push(passes);
    found.violations.push(...violations);
    await page.screenshot({ path: picture(file, scheme), fullPage: false });
    await page.screenshot({ path: picture(file, `${scheme}-whole`), fullPage: true });
  }
  found.unsorted = await page.evaluate(sortEach);
  await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: "light" }]);
  await page.goto(url, { waitUntil: "load" });
  await page.pdf({ path: join(pictures, `${basename(file, ".html")}.pdf`), preferCSSPageSize: true });
  await page.close();
  return found;
}

function picture(file, what) {
  return join(pictures, `${basename(file, ".html")}-${what}.png`);
}

async function judged(page, scheme) {
  await page.evaluate(axe);
  const { passes, violations } = await page.evaluate(() => globalThis.axe.run(document));
  return {
    passes: passes.length,
    violations: violations.map(each => ({
      scheme, id: each.id, impact: each.impact, help: each.help,
      nodes: each.nodes.slice(0, 3).map(node => node.html.slice(0, 200)), count: each.nodes.length,
    })),
  };
}

// Presses each sort button twice; returns the buttons after which a column is not in order.
function sortEach() {
  const wrong = [];
  const number = text => parseFloat(text);
  const collator = new Intl.Collator("en", { numeric: true });
  const ordered = cells => cells.every((cell, at) => {
    if (!at) return true;
    const [a, b] = [number(cells[at - 1]), number(cell)];
    return (Number.isNaN(a) || Number.isNaN(b) ? collator.compare(cells[at - 1], cell) : a - b) <= 0;
  });
  let buttons = 0;
  for (const table of document.querySelectorAll("table.sortable")) {
    for (const button of table.querySelectorAll("thead button")) {
      const head = button.closest("th");
      for (const way of ["ascending", "descending"]) {
        button.click();
        buttons += 1;
        const cells = [...table.tBodies[0].rows].map(row => row.cells[head.cellIndex].textContent);
        if (way === "descending") cells.reverse();
        const numeric = cells.every(each => !Number.isNaN(number(each)));
        const words = cells.every(each => Number.isNaN(number(each)));
        if (head.getAttribute("aria-sort") !== way || ((numeric || words) && !ordered(cells)))
          wrong.push(`${table.caption.textContent}: ${button.textContent} ${way}`);
      }
    }
  }
  return buttons ? wrong : ["no sort button at all"];
}
