import { address, asked, element, get, inAtlas, nameOf, needAtlas, neighbours, pairLink, picture, plain, shown, titled } from "./facet.js";

await shown(async () => {
  const atlas = await needAtlas(), neuron = Number(asked().get("neuron") || 0), pairs = asked().get("pairs") || 6;
  titled(`Neuron ${neuron}`);
  const found = await get(`${inAtlas(atlas)}/neurons/${neuron}`, { pairs, images: 6 });
  const config = found.model.config;
  const other = (n) => (n < 0 || n >= config.channels ? null : { href: address("neuron", { neuron: n, atlas }), text: `neuron ${n}` });
  document.querySelector("#about").replaceChildren(neighbours(other(neuron - 1), other(neuron + 1)),
    element("a", { href: address("neuron", { neuron, atlas, pairs: config.heads }) }, `all ${config.heads} heads`));
  document.querySelector("#units").replaceChildren(...(found.rows[0]?.head == null ? [] : [element("p", { class: "soft" }, "This atlas was scanned without the scalars of single images: the pictures of the whole neuron are not known.")]),
    ...found.rows.map((unit) => section(atlas, unit)));
});

function section(atlas, unit) {
  const whole = unit.head == null;
  const title = whole ? ["Through all heads"] : [pairLink(atlas, unit), " ", nameOf(unit)];
  return element("section", {}, element("h2", {}, ...title), whole ? "" : element("p", { class: "soft" }, `used ${plain(unit.norm)}`),
    element("div", { class: "pictures" }, ...unit.images.map((i) => picture(atlas, i, { neuron: unit.neuron, head: unit.head }, plain(i.norm)))));
}
