import { base, element, firstAtlas, get, name } from "./facet.js";

const neuron = new URLSearchParams(location.search).get("neuron") || "0";
const state = document.querySelector("#state");
document.querySelector("h1").textContent = `Neuron ${neuron}`;
try {
  await show();
} catch (e) {
  state.textContent = e.message;
}

async function show() {
  const atlas = await firstAtlas();
  if (!atlas) throw new Error("No atlas is served: its images show what a neuron stands for.");
  const shown = await get(`atlases/${encodeURIComponent(atlas)}/neurons/${encodeURIComponent(neuron)}`);
  state.textContent = `In ${atlas}`;
  for (const unit of shown.rows) document.querySelector("#units").append(section(atlas, unit));
}

function section(atlas, unit) {
  const title = unit.head == null ? `neuron ${unit.neuron}, through all heads` : `(${unit.neuron},${unit.head}) ${name(unit)}`;
  const pictures = element("div", { class: "pictures" });
  for (const i of unit.images) {
    const address = `${base}/api/v1/atlases/${encodeURIComponent(atlas)}/images/${i.image}`;
    const what = i.label || `image ${i.image}`;
    const figure = element("figure", {}, element("img", { src: address, alt: what, loading: "lazy" }));
    if (unit.head != null) { // the maps of a neuron's pairs stand below it
      const query = new URLSearchParams({ neuron: unit.neuron, head: unit.head });
      figure.append(element("img", { src: `${address}/maps?${query}`, alt: `where the contribution to ${what} comes from`, loading: "lazy" }));
    }
    figure.append(element("figcaption", {}, `${what}, ${i.norm.toFixed(2)}`));
    pictures.append(figure);
  }
  return element("section", {}, element("h2", {}, title), pictures);
}
