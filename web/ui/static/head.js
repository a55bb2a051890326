import { address, asked, element, get, inAtlas, nameOf, needAtlas, neighbours, pairLink, percent, picture, plain, shown, titled } from "./facet.js";

const at = (id) => document.querySelector(id);

await shown(async () => {
  const atlas = await needAtlas(), head = Number(asked().get("head") || 0);
  titled(`Head ${head}`);
  const found = await get(`${inAtlas(atlas)}/heads/${head}`);
  const other = (h) => (h < 0 || h >= found.heads ? null : { href: address("head", { head: h, atlas }), text: `head ${h}` });
  at("#about").replaceChildren(element("span", {}, `${percent(found.share, 1)} of what all pairs are used for`),
    element("a", { href: address("workbench", { atlas, unit: `head:${head}` }) }, "edit it"), neighbours(other(head - 1), other(head + 1)));
  at("#named").textContent = found.words.length ? `${found.named} of its pairs have a name. How many have each word, and how many pairs of all heads have it:` : "The atlas names none of its pairs.";
  at("#words").replaceChildren(...found.words.map((w) => element("li", {}, element("a", { href: address("search", { text: w.text, atlas }), "data-item": "" }, w.text), element("span", { class: "number" }, `${w.pairs} of ${w.everywhere}`))));
  at("#pairs").replaceChildren(...found.pairs.map((p) => element("li", {}, element("span", {}, pairLink(atlas, p), " ", nameOf(p)), element("span", { class: "number" }, plain(p.norm)))));
  const texts = (list) => list.map((t) => `${t.text} ${plain(t.cosine)}`).join(", ") || "no texts are at hand";
  at("#components tbody").replaceChildren(...found.components.map((c) => element("tr", {}, element("td", { class: "number" }, percent(c.share, 1)), element("td", {}, texts(c.toward)), element("td", {}, texts(c.away)))));
  at("#pictures").replaceChildren(...found.pictures.map((p) => picture(atlas, p, { head })));
});
