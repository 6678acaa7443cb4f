// A picture of every page at three widths in both themes:  node look.mjs FOLDER
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { base, launch, pages, themes, visit } from "./browser.mjs";

const folder = process.argv[2];
await mkdir(folder, { recursive: true });
const browser = await launch();
let count = 0;
for (const width of [1440, 1024, 390]) {
  for (const colorScheme of themes) {
    const { page, close } = await visit(browser, { colorScheme, viewport: { width, height: width === 390 ? 844 : 900 } });
    for (const [name, address] of await pages()) {
      await page.goto(base + address, { waitUntil: "load" });
      await page.screenshot({ path: join(folder, `${name}-${width}-${colorScheme}.png`), fullPage: true });
      count += 1;
    }
    await close();
  }
}
await browser.close();
console.log(`${count} pictures in ${folder}`);
