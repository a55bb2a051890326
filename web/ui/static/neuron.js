import { address, asked, drawn, element, get, inAtlas, nameOf, needAtlas, neighbours, pairLink, percent, picture, plain, remember, shown, state, titled, words } from "./facet.js";

const cut = document.querySelector("#cut");
let atlas, neuron, heads;

cut.addEventListener("input", () => {
  remember({ clusters: cut.clusters.value });
  tree().catch((e) => state(e.message, "failed"));
});
cut.addEventListener("submit", (e) => e.preventDefault());

function section(unit) {
  const whole = unit.head == null;
  const title = whole ? ["Through all heads"] : [pairLink(atlas, unit), " ", nameOf(unit)];
  return element("section", {}, element("h2", {}, ...title), whole ? "" : element("p", { class: "soft" }, `used ${plain(unit.norm)}`),
    element("div", { class: "pictures" }, ...unit.images.map((i) => picture(atlas, i, { neuron: unit.neuron, head: unit.head }, plain(i.norm)))));
}

// tree shows the parts that a neuron's heads are clustered into. The parts sum to the neuron.
async function tree() {
  const found = await get(`${inAtlas(atlas)}/neurons/${neuron}/tree`, { images: 4, clusters: asked().get("clusters") });
  document.querySelector("#parts").replaceChildren(...found.parts.map((n) => part(found.nodes[n])));
  document.querySelector("#drawing").replaceChildren(dendrogram(found));
  document.querySelector("#split").textContent = found.split ? `The pictures of a part are alike with ${plain(found.split.parts.clarity)}, those of random parts of the same sizes with ${plain(found.split.null.clarity)}, those of the neuron with ${plain(found.split.neuron.clarity)} (mean cosine of ten; p = ${plain(found.split.p_value.clarity)}).` : "Without the scalars of single images there are no pictures of parts.";
}

function part(node) {
  const name = node.fires ? words(node.fires.label) : "";
  return element("section", { class: "card" }, element("h3", {}, `${percent(node.share)} of the neuron: `, element("span", { class: node.fires?.named ? "name" : "name none" }, node.fires?.named ? name : name ? `unnamed, perhaps ${name}` : "unnamed")),
    element("p", {}, node.heads.length > 1 ? "heads " : "head ", ...node.heads.flatMap((h) => [pairLink(atlas, { neuron, head: h }), " "])),
    element("div", { class: "pictures" }, ...(node.images || []).map((i) => picture(atlas, i, { neuron, heads: node.heads }, plain(i.norm)))));
}

// dendrogram draws which heads were merged at what distance.
function dendrogram({ nodes, parts }) {
  const order = [], root = nodes.length - 1, most = nodes[root].height || 1;
  (function leaves(n) {
    if (!nodes[n].children) return order.push(n);
    nodes[n].children.forEach(leaves);
  })(root);
  const row = 18, width = 600, x = (n) => 130 + ((width - 150) * nodes[n].height) / most, at = new Map();
  const svg = drawn("svg", { viewBox: `0 0 ${width} ${order.length * row + 8}`, class: "tree", role: "group", "aria-label": `Tree of ${order.length} heads in ${parts.length} parts` });
  const inPart = new Set();
  for (const p of parts) (function mark(n) { inPart.add(n); nodes[n].children?.forEach(mark); })(p);
  order.forEach((n, i) => {
    at.set(n, i * row + 14);
    svg.append(drawn("a", { href: address("pair", { pair: `${neuron},${nodes[n].heads[0]}`, atlas }) }, drawn("text", { x: 122, y: i * row + 18, "text-anchor": "end" }, `head ${nodes[n].heads[0]}, ${percent(nodes[n].share)}`)));
  });
  nodes.forEach((node, n) => {
    if (!node.children) return;
    const [a, b] = node.children, y = (at.get(a) + at.get(b)) / 2;
    at.set(n, y);
    svg.append(drawn("path", { d: `M${x(a)} ${at.get(a)}H${x(n)}V${at.get(b)}H${x(b)}`, class: inPart.has(n) ? "within" : "between" }));
  });
  return svg;
}

await shown(async () => {
  [atlas, neuron] = [await needAtlas(), Number(asked().get("neuron") || 0)];
  titled(`Neuron ${neuron}`);
  const found = await get(`${inAtlas(atlas)}/neurons/${neuron}`, { pairs: asked().get("pairs") || 6, images: 8 });
  heads = found.model.config.heads;
  const other = (n) => (n < 0 || n >= found.model.config.channels ? null : { href: address("neuron", { neuron: n, atlas }), text: `neuron ${n}` });
  document.querySelector("#about").replaceChildren(neighbours(other(neuron - 1), other(neuron + 1)), element("a", { href: address("neuron", { neuron, atlas, pairs: heads }) }, `all ${heads} heads below`),
    element("a", { href: address("compare", { atlas, kind: "neuron", a: neuron, b: neuron + 1 < found.model.config.channels ? neuron + 1 : 0 }) }, "compare it"));
  cut.clusters.replaceChildren(element("option", { value: "" }, "the largest gap"), ...[...Array(heads).keys()].map((k) => element("option", { value: k + 1 }, String(k + 1))));
  cut.clusters.value = asked().get("clusters") || "";
  document.querySelector("#units").replaceChildren(...found.rows.map(section));
  await tree();
});
