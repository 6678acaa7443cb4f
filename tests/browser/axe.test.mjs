// Nothing that the accessibility checker finds, on any page, in both themes and at both ends of the widths.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { axe, base, launch, pages, themes, visit } from "./browser.mjs";

let browser;
before(async () => (browser = await launch()));
after(async () => browser?.close());

const views = [
  ...themes.map((colorScheme) => ({ colorScheme, viewport: { width: 1440, height: 900 } })),
  ...themes.map((colorScheme) => ({ colorScheme, viewport: { width: 390, height: 844 } })),
];

for (const view of views) {
  test(`axe finds nothing, ${view.colorScheme}, ${view.viewport.width} pixels`, async (context) => {
    const { page, faults, close } = await visit(browser, view);
    for (const [name, address] of await pages()) {
      await context.test(name, async () => {
        faults.length = 0;
        await page.goto(base + address, { waitUntil: "load" });
        // By the driver, which the page's policy for content does not bind.
        await page.evaluate(axe);
        const { violations } = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ["violations"] }));
        const found = violations.flatMap(({ id, help, nodes }) =>
          nodes.map(({ target, failureSummary }) => `${id}: ${help}\n  ${target.join(" ")}\n  ${failureSummary}`),
        );
        assert.deepEqual(found, []);
        const sideways = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
        assert.ok(sideways <= 0, `the page scrolls sideways by ${sideways} pixels`);
        // The page for what does not exist is an error by design, and the console says so.
        assert.deepEqual(faults.filter((fault) => !(name === "not-found" && fault.includes("404"))), []);
      });
    }
    await close();
  });
}
