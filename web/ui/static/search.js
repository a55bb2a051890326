import { address, asked, element, firstAtlas, get, name, nameOf, plain, remember, shown, state } from "./facet.js";

const [form, filter] = [document.querySelector("form[role=search]"), document.querySelector("#filter")];
let found, served;

filter.addEventListener("input", () => {
  remember({ label: filter.label.value, head: filter.head.value, use: filter.use.value, named: filter.named.checked ? "1" : "" }, { step: false });
  show();
});
filter.addEventListener("submit", (e) => e.preventDefault());

const most = 60; // rows

function kept(h) {
  const label = filter.label.value.trim().toLowerCase(), words = name(h).toLowerCase();
  return (!label || words.includes(label)) && (!filter.head.value || h.head === Number(filter.head.value)) && (!filter.use.value || h.use >= Number(filter.use.value)) && (!filter.named.checked || (words && words !== "unnamed"));
}

function show() {
  const used = found.hits.some((h) => h.use != null);
  filter.hidden = !used;
  const hits = found.hits.filter((h) => !used || kept(h));
  state(hits.length ? `${Math.min(most, hits.length)} of the ${found.hits.length} ${found.unit}s most like “${found.text}”` + (used ? `, with what they did in ${found.atlas}` : "") : "None of the hits passes the filter.", hits.length ? "" : "empty");
  const titles = used ? [found.unit, "name", "cosine", "use"] : [found.unit, "cosine"];
  document.querySelector("#hits thead").replaceChildren(element("tr", {}, ...titles.map((t) => element("th", { class: t === "cosine" || t === "use" ? "number" : null }, t))));
  document.querySelector("#hits tbody").replaceChildren(...hits.slice(0, most).map((h) =>
    element("tr", {}, element("td", {}, link(h)), used ? element("td", {}, nameOf(h)) : null, element("td", { class: "number" }, plain(h.cosine, 3)), used ? element("td", { class: "number" }, plain(h.use, 3)) : null)));
  document.querySelector("#hits").hidden = !hits.length;
}

function link(h) {
  const [page, parameters, label] = h.neuron == null ? ["head", { head: h.head }, `head ${h.head}`] : h.head == null ? ["neuron", { neuron: h.neuron }, `neuron ${h.neuron}`] : ["pair", { pair: `${h.neuron},${h.head}` }, `(${h.neuron},${h.head})`];
  return served ? element("a", { href: address(page, { ...parameters, atlas: served }), "data-item": "" }, label) : label;
}

await shown(async () => {
  const query = asked(), text = query.get("text");
  if (!text) return state("Type a text and press Enter.", "empty");
  form.text.value = text;
  form.unit.value = query.get("unit") || "pair";
  for (const field of ["label", "head", "use"]) filter[field].value = query.get(field) || "";
  filter.named.checked = query.has("named");
  served = await firstAtlas();
  const number = text.trim().match(/^\(?\s*(\d+)\s*(?:,\s*(\d+)\s*)?\)?$/);
  if (number && served) {
    const [, neuron, head] = number;
    return location.replace(head == null ? address(form.unit.value === "head" ? "head" : "neuron", { [form.unit.value === "head" ? "head" : "neuron"]: neuron, atlas: served }) : address("pair", { pair: `${neuron},${head}`, atlas: served }));
  }
  const unit = form.unit.value;
  found = await get("search", { text, unit, atlas: unit === "pair" ? served : "", top: 400 });
  show();
});
