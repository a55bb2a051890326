import { address, asked, element, firstAtlas, get, inAtlas, nameOf, pairLink, plain, remember, shown, state } from "./facet.js";
import { pairMap } from "./map.js";

const view = document.querySelector("#view");

await shown(async () => {
  const atlas = await firstAtlas();
  if (!atlas) return state("Without an atlas there is a search by the weights, and pictures of your own.");
  const found = await get(`${inAtlas(atlas)}/strengths`);
  const names = new Map(found.names.map((n) => [n.pair, n.text]));
  document.querySelector("#names").replaceChildren(...wordsOf(found.names).slice(0, 200).map((w) => element("option", { value: w })));
  const query = asked();
  [view.word.value, view.order.value] = [query.get("word") || "", query.get("order") === "number" ? "number" : "use"];
  document.querySelector("#map").hidden = false;
  pairMap(document.querySelector("#pairs"), document.querySelector("#here"), { ...found, names, atlas, view });
  strongest(atlas).catch((e) => state(e.message, "failed"));
  exactness(atlas);
});
view.addEventListener("submit", (e) => e.preventDefault());

// wordsOf are the words of names, the most frequent first.
function wordsOf(names) {
  const counts = new Map();
  for (const n of names) for (const w of n.text.split(", ")) if (!w.startsWith("−")) counts.set(w, (counts.get(w) || 0) + 1);
  return [...counts].sort((a, b) => b[1] - a[1]).map(([w]) => w);
}

async function strongest(atlas) {
  const { pairs } = await get(`${inAtlas(atlas)}/pairs`, { top: 12 });
  document.querySelector("#strongest").replaceChildren(...pairs.map((p) => element("li", {}, element("span", {}, pairLink(atlas, p), " ", nameOf(p)), element("span", { class: "number" }, plain(p.norm)))));
}

// exactness is how far the parts of one picture are from its embedding.
async function exactness(atlas) {
  const at = document.querySelector("#exact");
  try {
    const { residual } = await get(`${inAtlas(atlas)}/images/0/explanation`, { top: 1 });
    at.textContent = `the parts of image 0 sum to its embedding, to ${residual.toExponential(1)} of its length`;
  } catch (e) {
    at.textContent = `not measured: ${e.message}`;
  }
}
