import { address, asked, bar, base, drawn, element, firstAtlas, get, inAtlas, neighbours, pairLink, percent, plain, remember, shown, signed, state } from "./facet.js";

const at = (id) => document.querySelector(id);
const form = at("#ask"), heat = at("#heat"), seen = at("#seen");
let served = "", file = null, places = null, showing = null, place = null;

form.addEventListener("submit", (e) => {
  e.preventDefault();
  if (form.picture.files.length) file = form.picture.files[0];
  remember({ text: form.text.value, against: form.text.value && form.against.value, than: form.text.value && form.than.value, ...(file ? { image: "" } : {}) });
  look().catch(failed);
});
form.picture.addEventListener("change", () => form.requestSubmit());
for (const event of ["dragover", "drop"]) document.addEventListener(event, (e) => e.preventDefault());
document.addEventListener("drop", (e) => take(e.dataTransfer.files));
document.addEventListener("paste", (e) => take(e.clipboardData.files));

function take(files) {
  if (!files.length) return;
  form.picture.files = files;
  form.requestSubmit();
}

const failed = (e) => state(e.message, "failed");
const send = (body) => ({ method: "POST", body, headers: { "Content-Type": body.type || "application/octet-stream" } });

// look explains the picture of the address, or the one that was given.
async function look() {
  const query = asked(), atlas = await firstAtlas(), image = query.get("image");
  served = atlas;
  for (const name of ["text", "against", "than"]) form[name].value = query.get(name) || "";
  if (image != null) file = null;
  if (!file && image == null) {
    at("#explanation").hidden = at("#segments").hidden = true;
    at("#about").replaceChildren();
    return state(query.has("text") ? "The address holds the text, and not your picture: give it again." : "Choose a picture, or drop one anywhere on this page.", "empty");
  }
  state("Looking…", "loading");
  const parameters = { text: form.text.value, against: form.text.value && form.against.value }, than = form.text.value && form.than.value;
  const path = file ? ["explain", "explain/places"] : [`${inAtlas(atlas)}/images/${encodeURIComponent(image)}/explanation`, `${inAtlas(atlas)}/images/${encodeURIComponent(image)}/places`];
  const init = () => (file ? send(file) : {});
  const [found, split] = await Promise.all([get(path[0], { ...parameters, baseline_image: than, top: 16, ...(file ? { atlas: than ? atlas : await labelled(atlas) } : {}) }, init()), get(path[1], { ...parameters, ...(file ? { atlas: await labelled(atlas) } : {}) }, init())]);
  show(found, split, atlas, image);
  state("");
}

// labelled is the atlas if it has labels: names of an upload's pairs come from it.
async function labelled(atlas) {
  const { atlases } = await get("atlases");
  return atlases.find((a) => a.name === atlas && a.labels)?.name || "";
}

function show(found, split, atlas, image) {
  if (seen.src.startsWith("blob:")) URL.revokeObjectURL(seen.src);
  seen.src = file ? URL.createObjectURL(file) : `${base}/api/v1/${inAtlas(atlas)}/images/${image}`;
  seen.alt = found.image.path;
  [places, showing, place] = [split, null, null];
  at("#explanation").hidden = at("#segments").hidden = false;
  about(found, atlas, image);
  at("#total").textContent = total(found);
  groups(found, atlas);
  pairs(found, atlas);
  draw();
  tellPlace();
}

function about(found, atlas, image) {
  const k = Number(image), to = (i) => ({ href: address("picture", { atlas, image: i, text: form.text.value, against: form.against.value, than: form.than.value }), text: `image ${i}` });
  at("#about").replaceChildren(...(file ? [element("span", {}, file.name || "the picture")] : [
    element("span", {}, `image ${image} of ${atlas}: ${found.image.path}`), element("a", { href: `${base}/api/v1/${inAtlas(atlas)}/images/${image}?whole=true`, target: "_blank" }, "the original"),
    element("a", { href: address("workbench", { atlas, image }) }, "edit with it"),
    element("a", { href: address("compare", { atlas, kind: "picture", a: image, b: form.than.value || k + 1, text: form.text.value }) }, "compare it"), neighbours(k > 0 ? to(k - 1) : null, to(k + 1))]));
}

// total says what the parts sum to.
function total(found) {
  const what = found.text ? `The logit of “${found.text}” is ${plain(found.total)}.` : "The parts of the embedding.";
  if (!found.against) return what;
  const than = { text: `“${found.against.name}”`, picture: `Image ${form.than.value}` }[found.against.kind] || `The ${found.against.kind}`;
  return found.text ? `${what} ${than} has ${plain(found.against.total)}. These parts sum to the difference, ${signed(found.groups_total, 2)}${found.against.kind === "picture" ? "; pairs and places below are of this picture alone" : ""}:` : `${what} They are measured against ${than.toLowerCase()}.`;
}

// choice is a button that shows the map of a word or a pair.
function choice(text, map) {
  if (!map) return document.createTextNode(text);
  const button = element("button", { type: "button", "aria-pressed": "false", "data-item": "" }, text);
  button.addEventListener("click", () => {
    showing = showing === map ? null : map;
    document.querySelectorAll("#explanation button[aria-pressed]").forEach((b) => b.setAttribute("aria-pressed", String(b === button && showing === map)));
    draw();
  });
  return button;
}

const cells = (...list) => element("tr", {}, ...list.map((c) => element("td", typeof c === "number" ? { class: "number" } : {}, typeof c === "number" ? signed(c) : c)));
const heading = (...list) => element("tr", {}, ...list.map((c) => element("th", {}, c)));

function groups(found, atlas) {
  const most = Math.max(...found.groups.filter((g) => g.word !== "others").map((g) => Math.abs(g.amount)));
  at("#groups thead").replaceChildren(heading("word: its map", "part", "share", "against – for", "pairs"));
  at("#groups tbody").replaceChildren(...found.groups.map((g) => {
    const others = g.word === "others", map = places.words.find((w) => w.name === g.word);
    const list = element("span", {}, g.pairs.length ? `${g.pair_count}: ` : "", ...g.pairs.slice(0, 3).flatMap((p) => [atlas ? pairLink(atlas, p, { "data-item": null }) : `(${p.neuron},${p.head})`, " "]), g.pair_count > 3 && g.pairs.length ? "…" : "");
    return cells(choice(others ? `${g.pair_count} other words` : g.word, others ? null : map), g.amount, percent(g.share, 1), others ? "" : bar(g.amount, most), list);
  }), cells(element("strong", {}, "sum"), found.groups_total, "", "", ""));
}

function pairs(found, atlas) {
  const most = Math.max(...places.pairs.map((p) => Math.abs(p.amount)));
  at("#pairs thead").replaceChildren(heading("pair: its map", "part", "against – for", "open"));
  at("#pairs tbody").replaceChildren(...places.pairs.slice(0, 16).map((p) => cells(choice(p.name, p), p.amount, bar(p.amount, most), atlas ? pairLink(atlas, p, { "data-item": null }) : "")));
}

// draw paints the map that is chosen, or of all pairs, over the picture, as the maps of the API are painted: no colour alone tells the sign, the
// place's number does.
function draw() {
  const [rows, columns] = places.grid, values = showing ? showing.map : places.amounts;
  const scale = Math.max(...values.map(Math.abs), 1e-12), g = heat.getContext("2d");
  [heat.width, heat.height] = [columns * 16, rows * 16];
  g.clearRect(0, 0, heat.width, heat.height);
  if (showing || place != null) {
    values.forEach((v, i) => {
      g.fillStyle = v < 0 ? "rgb(0 114 178)" : "rgb(213 94 0)";
      g.globalAlpha = 0.75 * (Math.abs(v) / scale) ** 0.8;
      g.fillRect((i % columns) * 16, Math.floor(i / columns) * 16, 16, 16);
    });
    g.globalAlpha = 1;
  }
  if (place != null) {
    g.strokeStyle = "#000";
    g.lineWidth = 2;
    g.strokeRect((place % columns) * 16 + 1, Math.floor(place / columns) * 16 + 1, 14, 14);
    g.strokeStyle = "#fff";
    g.lineWidth = 1;
    g.strokeRect((place % columns) * 16 + 1, Math.floor(place / columns) * 16 + 1, 14, 14);
  }
  at("#showing").textContent = showing ? `The map of ${showing.name}: vermilion speaks for the text, blue against it.` : "";
}

// tellPlace splits what the chosen place gives over words and pairs.
function tellPlace() {
  const here = at("#place");
  if (place == null) {
    here.textContent = "Point at the picture, or move over it with the arrow keys, to see what a place gives.";
    return;
  }
  const columns = places.grid[1], list = (title, parts) => {
    const top = [...parts].sort((a, b) => Math.abs(b.map[place]) - Math.abs(a.map[place])).slice(0, 5);
    return [element("h3", {}, title), element("ul", { class: "list" }, ...top.map((p) => element("li", {}, p.name, element("span", { class: "number" }, signed(p.map[place])))))];
  };
  here.replaceChildren(element("p", {}, `Row ${Math.floor(place / columns) + 1}, column ${(place % columns) + 1} gives ${signed(places.amounts[place])} of ${signed(places.total, 2)}.`),
    ...list("By word", places.words), ...list("By pair", places.pairs));
}

function point(i) {
  if (i === place) return;
  place = i;
  draw();
  tellPlace();
}
heat.addEventListener("pointermove", (e) => {
  const box = heat.getBoundingClientRect(), [rows, columns] = places.grid;
  const x = Math.floor(((e.clientX - box.left) / box.width) * columns), y = Math.floor(((e.clientY - box.top) / box.height) * rows);
  if (x >= 0 && y >= 0 && x < columns && y < rows) point(y * columns + x);
});
heat.addEventListener("pointerleave", (e) => e.pointerType === "mouse" && point(null));
heat.addEventListener("keydown", (e) => {
  const [rows, columns] = places.grid, steps = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -columns, ArrowDown: columns };
  if (!(e.key in steps)) return;
  e.preventDefault();
  const next = place == null ? 0 : place + steps[e.key];
  if (next >= 0 && next < rows * columns) point(next);
});

at("#segment").addEventListener("submit", (e) => {
  e.preventDefault();
  segment().catch(failed);
});

// segment sends the picture once more, with the classes.
async function segment() {
  const classes = at("#segment").classes.value.split(",").map((c) => c.trim()).filter(Boolean);
  remember({ classes: classes.join(",") });
  if (classes.length < 2) throw new Error("give two classes at least, with a comma between them.");
  state("Looking at each place…", "loading");
  const picture = file || (await (await fetch(`${base}/api/v1/${inAtlas(await firstAtlas())}/images/${asked().get("image")}?whole=true`)).blob());
  const query = new URLSearchParams(classes.map((c) => ["classes", c]));
  const [found, drawing] = await Promise.all([get("segment", { classes }, send(picture)), fetch(`${base}/api/v1/segment/overlay?${query}`, send(picture))]);
  const overlay = at("#overlay");
  overlay.src = URL.createObjectURL(await drawing.blob());
  overlay.alt = `the picture with ${classes.join(", ")} in colours`;
  overlay.hidden = false;
  overlay.onclick = (e) => why(picture, classes, found.images[0], e.offsetX, e.offsetY).catch(failed);
  overlay.onkeydown = (e) => e.key === "Enter" && why(picture, classes, found.images[0], overlay.clientWidth / 2, overlay.clientWidth / 2).catch(failed);
  at("#legend").replaceChildren(...found.images[0].classes.map((c) => element("li", {}, element("span", {}, c.class), element("span", { class: "number" }, percent(c.share, 1)))));
  state("");
}

// inPicture turns a place of the overlay into a pixel of the picture, which is drawn with an edge of 16 pixels, 480 to 1,600 pixels long.
function inPicture({ width, height }, left, top) {
  const overlay = at("#overlay"), natural = overlay.naturalWidth / overlay.clientWidth;
  let drawn = Math.min(Math.max(width, 480), 1600);
  if ((height * drawn) / width > 1600) drawn = (width * 1600) / height;
  return [left, top].map((v) => Math.round(((v * natural - 16) * width) / drawn));
}

// why says which pairs made the class of the places around a click; Enter asks of the middle.
async function why(picture, classes, size, left, top) {
  const [x, y] = inPicture(size, left, top), reach = Math.max(3, Math.round(size.width / 32));
  if (x < 0 || y < 0 || x >= size.width || y >= size.height) return;
  state("Asking why…", "loading");
  const region = [Math.max(0, x - reach), Math.max(0, y - reach), Math.min(size.width, x + reach), Math.min(size.height, y + reach)];
  const found = await get("segment", { classes, why: region.join(","), top: 8 }, send(picture));
  const reason = found.images[0].why;
  at("#why").replaceChildren(element("h3", {}, `Around pixel ${x}, ${y}: ${reason.class}`), element("ul", { class: "list" },
    ...reason.pairs.map((p) => element("li", {}, element("span", {}, served ? pairLink(served, p) : `(${p.neuron},${p.head})`, ` ${(p.words || []).map((w) => w.text).join(", ")}`), element("span", { class: "number" }, percent(p.share, 1))))));
  state("");
}

await shown(async () => {
  await look();
  const classes = asked().get("classes");
  if (classes && !at("#segments").hidden) {
    at("#segment").classes.value = classes;
    await segment();
  }
});
