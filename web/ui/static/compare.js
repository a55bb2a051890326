import { address, asked, bar, base, element, get, inAtlas, nameOf, needAtlas, pairLink, percent, picture, plain, remember, row, shown, signed, state, words } from "./facet.js";

const form = document.querySelector("#ask");
const sides = document.querySelector("#sides");
const both = document.querySelector("#both");
const hints = { pair: ["89,3", "64,3"], neuron: ["89", "64"], picture: ["0", "1"], atlas: ["photos.atlas", "more.atlas"] };

form.kind.addEventListener("change", hint);
form.addEventListener("submit", (e) => {
  e.preventDefault();
  remember({ kind: form.kind.value, a: form.a.value, b: form.b.value, text: form.kind.value === "picture" ? form.logit.value : "" });
  fill().catch((x) => state(x.message, "failed"));
});

function hint() {
  [form.a.placeholder, form.b.placeholder] = hints[form.kind.value];
  document.querySelector("#for-text").hidden = form.kind.value !== "picture";
}

async function fill() {
  const query = asked();
  form.kind.value = query.get("kind") in hints ? query.get("kind") : "pair";
  [form.a.value, form.b.value, form.logit.value] = [query.get("a") || "", query.get("b") || "", query.get("text") || ""];
  hint();
  both.replaceChildren();
  sides.replaceChildren();
  if (!form.a.value || !form.b.value) return state("Say which two to put side by side.", "empty");
  state("Loading…", "loading");
  const atlas = await needAtlas(), kind = form.kind.value, units = [form.a.value.trim(), form.b.value.trim()];
  const shownBoth = await Promise.all(units.map((unit) => kinds[kind](atlas, unit)));
  sides.replaceChildren(...shownBoth.map((s) => element("section", { class: "card" }, ...s)));
  if (kind in differences) both.replaceChildren(...(await differences[kind](atlas, ...units)));
  state("");
}

// table is one that a phone can scroll.
const table = (label, ...rows) => element("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": label }, element("table", {}, element("tbody", {}, ...rows)));

// differences say how two of a kind differ.
const differences = {
  async pair(atlas, a, b) {
    const like = await get(`${inAtlas(atlas)}/pairs/${encodeURIComponent(a)}/with/${encodeURIComponent(b)}`);
    return [element("p", {}, `The cosine of their directions is ${plain(like.direction, 3)}` + (like.scalars == null ? "." : `; their scalars correlate with ${plain(like.scalars, 3)} over the images.`))];
  },
  async picture(atlas, a, b) {
    const text = form.logit.value;
    if (!text) return [element("p", { class: "soft" }, "Give a text to see why this picture rather than that.")];
    const found = await get(`${inAtlas(atlas)}/images/${encodeURIComponent(a)}/explanation`, { text, baseline_image: b, top: 5 });
    const most = Math.max(...found.groups.filter((g) => g.word !== "others").map((g) => Math.abs(g.amount)), 1e-12);
    return [element("h2", {}, `Why picture ${a} rather than picture ${b}`),
      element("p", {}, `The logit of “${text}” is ${plain(found.total)} of the one and ${plain(found.against.total)} of the other. These parts sum to the difference, ${signed(found.groups_total, 2)}:`),
      table("What makes the difference", ...found.groups.map((g) => row([g.word === "others" ? `${g.pair_count} other words` : g.word, g.amount, g.word === "others" ? "" : bar(g.amount, most),
        element("span", {}, ...g.pairs.slice(0, 3).flatMap((p) => [pairLink(atlas, p, { "data-item": null }), " "]))])), row([element("strong", {}, "sum"), found.groups_total, "", ""]))];
  },
  async atlas(_, ...names) {
    const [one, other] = await Promise.all(names.map((n) => get(`${inAtlas(n)}/strengths`)));
    const used = ({ levels, largest }) => Float64Array.from(atob(levels), (c) => largest * (c.charCodeAt(0) / 255) ** 2);
    const [x, y] = [used(one), used(other)], called = new Map([...other.names, ...one.names].map((n) => [n.pair, n.text]));
    const most = [...x.keys()].sort((p, q) => Math.abs(x[q] - y[q]) - Math.abs(x[p] - y[p])).slice(0, 20), widest = Math.max(Math.abs(x[most[0]] - y[most[0]]), 1e-12);
    return [element("h2", {}, "Pairs that one uses more than the other"),
      element("p", {}, `The uses of all pairs in the one and in the other have a correlation of ${plain(correlation(x, y), 3)}. The use of a pair is the mean of its 50 largest contributions, so an atlas of more images has larger ones.`),
      table("Pairs by the difference of their use", element("tr", {}, ...["pair", "name", ...names, "less – more"].map((t) => element("th", {}, t))), ...most.map((p) => {
        const pair = { neuron: p % one.neurons, head: Math.floor(p / one.neurons) };
        return row([pairLink(names[0], pair), called.get(p) || "no label", plain(x[p]), plain(y[p]), bar(x[p] - y[p], widest)]);
      }))];
  },
};

// correlation is Pearson's.
function correlation(x, y) {
  const mean = (v) => v.reduce((sum, one) => sum + one, 0) / v.length, [a, b] = [mean(x), mean(y)];
  let xy = 0, xx = 0, yy = 0;
  for (let i = 0; i < x.length; i++) {
    xy += (x[i] - a) * (y[i] - b);
    xx += (x[i] - a) ** 2;
    yy += (y[i] - b) ** 2;
  }
  return xy / Math.sqrt(xx * yy || 1);
}

const kinds = {
  async pair(atlas, pair) {
    const found = await get(`${inAtlas(atlas)}/pairs/${encodeURIComponent(pair)}`, { images: 4 });
    const p = found.pair, l = found.labels;
    const facts = [["says", l ? words(l.says.label) : "no label"], ["fires for", l ? words(l.fires.label) : "no label"], ["used", `${plain(p.norm, 3)}, place ${found.rank}`], ["mean scalar", `${plain(p.mean)} ± ${plain(p.deviation)}`],
      ["nearest texts", found.texts.slice(0, 4).map((t) => t.text).join(", ")], ["polysemanticity", plain(p.polysemanticity)]];
    return [element("h2", {}, pairLink(atlas, p), " ", nameOf(p)), list(facts), ...found.pictures.filter((k) => k.kind === "top" || k.kind === "bottom").flatMap((k) => [
      element("h3", {}, k.kind === "top" ? "Largest scalars" : "Smallest scalars"), element("div", { class: "pictures" }, ...k.images.map((i) => picture(atlas, i, p, plain(i.scalar)))),
    ])];
  },
  async neuron(atlas, neuron) {
    const found = await get(`${inAtlas(atlas)}/neurons/${encodeURIComponent(neuron)}`, { pairs: 6, images: 4 });
    const whole = found.rows.find((r) => r.head == null);
    return [element("h2", {}, element("a", { href: address("neuron", { neuron, atlas }), "data-item": "" }, `Neuron ${neuron}`)),
      list(found.rows.filter((r) => r.head != null).map((r) => [pairLink(atlas, r), element("span", {}, nameOf(r), ` used ${plain(r.norm)}`)])),
      whole ? element("div", { class: "pictures" }, ...whole.images.map((i) => picture(atlas, i, { neuron: whole.neuron }, plain(i.norm)))) : ""];
  },
  async atlas(_, name) {
    const { atlases } = await get("atlases"), a = atlases.find((one) => one.name === name);
    if (!a) throw new Error(`no atlas is called ${name}: there is ${atlases.map((one) => one.name).join(", ")}`);
    const { pairs } = await get(`${inAtlas(name)}/pairs`, { top: 10 });
    return [element("h2", {}, element("a", { href: address("", { atlas: name }), "data-item": "" }, name)),
      list([["images", String(a.images)], ["labels", a.labels ? `${a.labels.units} of the pairs, by ${a.labels.method} from ${a.labels.texts} texts` : "none"], ["scalars of single images", a.scalars ? "kept" : "not kept"], ["digest", a.digest.slice(0, 12)]]),
      element("h3", {}, "Most used pairs"), list(pairs.map((p) => [pairLink(name, p), element("span", {}, nameOf(p), ` used ${plain(p.norm)}`)]))];
  },
  async picture(atlas, image) {
    const found = await get(`${inAtlas(atlas)}/images/${encodeURIComponent(image)}/explanation`, { text: form.logit.value, top: 5 });
    const groups = found.groups.filter((g) => g.word !== "others").slice(0, 12), most = Math.max(...groups.map((g) => Math.abs(g.amount)));
    return [element("h2", {}, element("a", { href: address("picture", { atlas, image, text: form.logit.value }), "data-item": "" }, `Picture ${image}`)),
      element("img", { src: `${base}/api/v1/${inAtlas(atlas)}/images/${encodeURIComponent(image)}`, alt: found.image.path, width: 224 }),
      element("p", {}, found.text ? `The logit of “${found.text}” is ${plain(found.total)}` : "The parts of its embedding", found.against ? `, against ${signed(found.groups_total)} more than the ${found.against.kind}:` : ":"),
      table(`Parts of picture ${image}`, ...groups.map((g) => row([g.word, g.amount, bar(g.amount, most)]))), element("p", { class: "soft" }, `The pairs listed hold ${percent(found.top_share)} of all.`)];
  },
};

const list = (facts) => element("dl", { class: "facts" }, ...facts.flatMap(([k, v]) => [element("dt", {}, k), element("dd", {}, v)]));

await shown(fill);
