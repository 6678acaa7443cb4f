// Wakes the islands of the page. Nothing here is needed to read it.
const { script, wasm } = document.querySelector("script[data-script]").dataset;
const module = await import(script);
await module.default({ module_or_path: wasm });
module.hydrate();
for (const island of document.querySelectorAll("leptos-island")) {
  module[island.dataset.component]?.(island);
}
