import { base, element, firstAtlas, get, name, row } from "./facet.js";

const asked = new URLSearchParams(location.search);
const form = document.querySelector("main form");
const state = document.querySelector("#state");
const text = asked.get("text");
if (text) {
  form.text.value = text;
  form.unit.value = asked.get("unit") || "pair";
  state.textContent = "Searching…";
  try {
    await show(text, form.unit.value);
  } catch (e) {
    state.textContent = e.message;
  }
}

async function show(text, unit) {
  const served = await firstAtlas();
  const atlas = unit === "pair" ? served : "";
  const found = await get("search", { text, unit, atlas, top: 40 });
  state.textContent = `${found.hits.length} ${unit}s most like “${text}”` + (atlas ? `, with what they did in ${atlas}` : "");
  const used = found.hits.some((h) => h.use != null);
  document.querySelector("#hits thead").append(row(used ? [unit, "cosine", "use", "name"] : [unit, "cosine"], "th"));
  for (const h of found.hits) {
    const label = h.neuron == null ? `head ${h.head}` : h.head == null ? `neuron ${h.neuron}` : `(${h.neuron},${h.head})`;
    const query = new URLSearchParams({ neuron: h.neuron ?? "", atlas: served });
    const link = h.neuron == null || !served ? label : element("a", { href: `${base}/neuron?${query}` }, label);
    document.querySelector("#hits tbody").append(row(used ? [link, h.cosine, h.use, name(h)] : [link, h.cosine]));
  }
  document.querySelector("#hits").hidden = false;
}
