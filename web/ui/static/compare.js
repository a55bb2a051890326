import { address, asked, bar, base, element, get, inAtlas, nameOf, needAtlas, pairLink, percent, picture, plain, remember, row, shown, signed, state, words } from "./facet.js";

const form = document.querySelector("#ask");
const sides = document.querySelector("#sides");
const both = document.querySelector("#both");
const hints = { pair: ["89,3", "64,3"], neuron: ["89", "64"], picture: ["0", "1"] };

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
  both.textContent = "";
  sides.replaceChildren();
  if (!form.a.value || !form.b.value) return state("Say which two to put side by side.", "empty");
  state("Loading…", "loading");
  const atlas = await needAtlas();
  const shownBoth = await Promise.all([form.a.value, form.b.value].map((unit) => kinds[form.kind.value](atlas, unit.trim())));
  sides.replaceChildren(...shownBoth.map((s) => element("section", { class: "card" }, ...s)));
  if (form.kind.value === "pair") {
    const like = await get(`${inAtlas(atlas)}/pairs/${encodeURIComponent(form.a.value)}/with/${encodeURIComponent(form.b.value)}`);
    both.textContent = `The cosine of their directions is ${plain(like.direction, 3)}` + (like.scalars == null ? "." : `; their scalars correlate with ${plain(like.scalars, 3)} over the images.`);
  }
  state("");
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
  async picture(atlas, image) {
    const found = await get(`${inAtlas(atlas)}/images/${encodeURIComponent(image)}/explanation`, { text: form.logit.value, top: 5 });
    const groups = found.groups.filter((g) => g.word !== "others").slice(0, 12), most = Math.max(...groups.map((g) => Math.abs(g.amount)));
    const table = element("table", {}, element("tbody", {}, ...groups.map((g) => row([g.word, g.amount, bar(g.amount, most)]))));
    return [element("h2", {}, element("a", { href: address("picture", { atlas, image, text: form.logit.value }), "data-item": "" }, `Picture ${image}`)),
      element("img", { src: `${base}/api/v1/${inAtlas(atlas)}/images/${encodeURIComponent(image)}`, alt: found.image.path, width: 224 }),
      element("p", {}, found.text ? `The logit of “${found.text}” is ${plain(found.total)}` : "The parts of its embedding", found.against ? `, against ${signed(found.groups_total)} more than the ${found.against.kind}:` : ":"),
      element("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": `Parts of picture ${image}` }, table), element("p", { class: "soft" }, `The pairs listed hold ${percent(found.top_share)} of all.`)];
  },
};

const list = (facts) => element("dl", { class: "facts" }, ...facts.flatMap(([k, v]) => [element("dt", {}, k), element("dd", {}, v)]));

await shown(fill);
