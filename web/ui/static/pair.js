import { address, asked, base, csv, drawn, element, get, inAtlas, nameOf, needAtlas, neighbours, pairLink, percent, picture, plain, remember, saved, shown, state, titled, words } from "./facet.js";

const at = (id) => document.querySelector(id);
let atlas, found;

async function show() {
  const p = found.pair;
  titled(`Pair (${p.neuron},${p.head}) `, nameOf(p));
  at("#about").replaceChildren(
    element("a", { href: address("neuron", { neuron: p.neuron, atlas }) }, `neuron ${p.neuron}`), element("a", { href: address("head", { head: p.head, atlas }) }, `head ${p.head}`),
    element("a", { href: address("workbench", { atlas, unit: `pair:${p.neuron},${p.head}` }) }, "edit it"),
    element("a", { href: address("compare", { atlas, kind: "pair", a: `${p.neuron},${p.head}`, b: `${found.near[0].neuron},${found.near[0].head}` }) }, "compare it"),
    neighbours(...[p.head - 1, p.head + 1].map((h) => (h < 0 || h >= heads() ? null : { href: address("pair", { pair: `${p.neuron},${h}`, atlas }), text: `head ${h}` }))));
  at("#labels").replaceChildren(...labels());
  at("#facts").replaceChildren(...facts());
  at("#texts").replaceChildren(...found.texts.map((t) => element("li", {}, element("a", { href: address("search", { text: t.text, atlas }) }, t.text), element("span", { class: "number" }, plain(t.cosine)))));
  for (const [id, list, figure] of [["#near", found.near, (n) => plain(n.cosine)], ["#same-neuron", found.same_neuron, (n) => plain(n.norm)], ["#same-head", found.same_head, (n) => plain(n.norm)]]) {
    at(id).replaceChildren(...list.map((n) => element("li", {}, element("span", {}, pairLink(atlas, n), " ", nameOf(n)), element("span", { class: "number" }, figure(n)))));
  }
  histogram();
  pictures();
  classes();
  downloads();
}

const heads = () => found.model.config.heads;

function labels() {
  const l = found.labels;
  if (!l) return [element("p", {}, "The atlas has no label for this pair: facet label makes labels, of the most used pairs first. The nearest texts below come from its direction alone.")];
  const one = (what, w, shownShare, chance) => [
    element("dt", {}, what),
    element("dd", {}, element("strong", {}, words(w.label) || "nothing"), w.named ? "" : " (no name: no better than chance)",
      element("br"), element("span", { class: "soft" }, `these words explain ${percent(shownShare)}, chance ${percent(chance)}; margin over the next word ${plain(w.margin)}, stability ${plain(w.stability)}`)),
  ];
  return [
    element("dl", { class: "facts" }, ...one("says", l.says, l.says_shown, l.says_chance), ...one("fires for", l.fires, l.fires_shown, l.fires_chance)),
    element("p", { class: "soft" }, `From ${l.texts} texts. “Says” is where its direction points, by the weights. “Fires for” is what its pictures show. Stability: how like the first word is to the one that another draw of the texts would put first.`),
  ];
}

function facts() {
  const p = found.pair;
  const list = [["used", `${plain(p.norm, 3)}: place ${found.rank} of ${found.of}`], ["mean scalar", `${plain(p.mean, 3)} ± ${plain(p.deviation, 3)}`], ["length of u", plain(found.length, 3)],
    ["sign", p.sign < 0 ? "− : it speaks when the scalar is low" : "+ : it speaks when the scalar is high"], ["polysemanticity", `${plain(p.polysemanticity, 2)} (0: its ten strongest pictures are alike)`]];
  return list.flatMap(([k, v]) => [element("dt", {}, k), element("dd", {}, v)]);
}

// edges are the scalars between which a bar lies.
function edges(i) {
  const { least, most, counts } = found.histogram;
  const width = (most - least) / counts.length;
  return [least + i * width, i + 1 === counts.length ? most : least + (i + 1) * width];
}

function histogram() {
  const h = found.histogram;
  at("#no-scalars").hidden = !!h;
  at("#histogram").replaceChildren();
  if (!h) return;
  const n = h.counts.length, tallest = Math.max(...h.counts);
  const svg = drawn("svg", { viewBox: `0 0 ${n} 100`, preserveAspectRatio: "none", class: "histogram", role: "group", "aria-label": "Images by scalar; open a bar to see its pictures" });
  h.counts.forEach((count, i) => {
    const [from, to] = edges(i), height = count ? Math.max(1.5, (96 * count) / tallest) : 0;
    const text = `${count} images from ${plain(from)} to ${plain(to)}`;
    const parts = [drawn("title", {}, text), drawn("rect", { x: i, y: 0, width: 1, height: 100, class: "hit" }), drawn("rect", { x: i + 0.06, y: 100 - height, width: 0.88, height, class: "amount" })];
    if (!count) return svg.append(drawn("g", {}, ...parts.slice(2)));
    const bar = drawn("a", { href: `?${new URLSearchParams({ ...Object.fromEntries(asked()), bar: i })}`, "aria-label": text, "data-bar": i }, ...parts);
    bar.addEventListener("click", (e) => {
      e.preventDefault();
      remember({ bar: i });
      showBar().catch((x) => state(x.message, "failed"));
    });
    svg.append(bar);
  });
  at("#histogram").append(svg, element("div", { class: "axis" }, element("span", {}, plain(h.least)), element("span", {}, `scalar s of ${found.images} images`), element("span", {}, plain(h.most))));
}

// showBar shows the pictures of the bar that the address names.
async function showBar() {
  const asking = asked().get("bar"), bar = Number(asking), place = at("#bar");
  document.querySelectorAll("[data-bar]").forEach((b) => (b.dataset.bar === asking ? b.setAttribute("aria-current", "true") : b.removeAttribute("aria-current")));
  place.replaceChildren();
  if (asking == null || !found.histogram || !(bar in found.histogram.counts)) return;
  const [least, most] = edges(bar), p = found.pair;
  const some = await get(`${inAtlas(atlas)}/pairs/${p.neuron},${p.head}/images`, { least, most, top: 24 });
  place.append(element("h3", {}, `${some.count} images from ${plain(least)} to ${plain(most)}${some.count > some.images.length ? `, the first ${some.images.length}` : ""}`),
    element("div", { class: "pictures" }, ...some.images.map((i) => picture(atlas, i, p, plain(i.scalar)))));
}

const kinds = { top: "Largest scalars", bottom: "Smallest scalars", quantile: "Evenly spaced, from high to low", random: "Drawn by chance" };

function pictures() {
  at("#pictures").replaceChildren(...found.pictures.flatMap((list) => [
    element("h2", { id: list.kind }, kinds[list.kind]),
    list.kind === "random" ? element("p", { class: "soft" }, "The same ones at every visit, whatever the pair does in them.") : "",
    element("div", { class: "pictures" }, ...list.images.map((i) => picture(atlas, i, found.pair, i.scalar == null ? "" : i.quantile == null ? plain(i.scalar) : `${plain(i.scalar)}, above ${percent(i.quantile)}`))),
  ]));
}

function classes() {
  const list = found.classes, measured = list[0]?.mean != null;
  at("#by-class").hidden = !list.length;
  const most = Math.max(...list.map((c) => (measured ? c.mean : c.top)), 1e-9), least = Math.min(0, ...list.map((c) => (measured ? c.mean : 0)));
  at("#classes thead").replaceChildren(element("tr", {}, ...["class", measured ? "mean scalar" : "scalar", "as a bar", "of the 50 largest", "images"].map((t, i) => element("th", { class: i && i !== 2 ? "number" : null }, t))));
  at("#classes tbody").replaceChildren(...list.map((c) => {
    const amount = measured ? c.mean : c.top, span = most - least, from = (100 * (Math.min(0, amount) - least)) / span;
    const length = drawn("svg", { viewBox: "0 0 100 10", class: "bar", preserveAspectRatio: "none", "aria-hidden": "true" }, drawn("rect", { x: from, width: (100 * Math.abs(amount)) / span, height: 10, class: amount < 0 ? "against" : "for" }));
    return element("tr", {}, element("td", {}, c.label), element("td", { class: "number" }, measured ? plain(c.mean) : "–"), element("td", {}, length), element("td", { class: "number" }, String(c.top)), element("td", { class: "number" }, String(c.images)));
  }));
}

function downloads() {
  const p = found.pair, file = `pair-${p.neuron}-${p.head}`;
  const rows = found.pictures.flatMap((l) => l.images.map((i) => [l.kind, i.image, i.path, i.label, i.scalar]));
  at("#downloads").replaceChildren(
    element("a", { href: `${base}/api/v1/${inAtlas(atlas)}/pairs/${p.neuron},${p.head}`, download: `${file}.json` }, "all of this as JSON"), " ",
    saved(csv([["kind", "image", "path", "class", "scalar"], ...rows]), `${file}.csv`, "text/csv", "the pictures as CSV"));
}

await shown(async () => {
  atlas = await needAtlas();
  const pair = asked().get("pair") || "0,0";
  if (!found || pair !== `${found.pair.neuron},${found.pair.head}`) {
    found = await get(`${inAtlas(atlas)}/pairs/${encodeURIComponent(pair)}`);
    await show();
  }
  await showBar();
});
