import { address, asked, base, element, get, inAtlas, nameOf, needAtlas, pairLink, percent, plain, remember, saved, shown, signed, state } from "./facet.js";
import { measure, tables } from "./edit.js";

const at = (id) => document.querySelector(id);
const [add, choose] = [at("#add"), at("#choose")];
const hints = { pair: "64,3", word: "castle", head: "3" };
let atlas, found, numbers, scales;

add.kind.addEventListener("change", () => (add.which.placeholder = hints[add.kind.value]));
add.addEventListener("submit", (e) => {
  e.preventDefault();
  const name = `${add.kind.value}:${add.which.value.trim().replace(/^\(|\)$/g, "")}`, units = asked().getAll("unit");
  if (!units.includes(name)) remember({ unit: [...units, name], scale: [...scalesOf(units), 0] });
  add.which.value = "";
  load().catch(failed);
});
choose.addEventListener("submit", (e) => {
  e.preventDefault();
  const query = asked();
  remember({ image: [...query.getAll("image"), ...(choose.image.value ? [choose.image.value] : [])], text: [...query.getAll("text"), ...(choose.logit.value ? [choose.logit.value] : [])] });
  choose.image.value = choose.logit.value = "";
  load().catch(failed);
});
at("#reset").addEventListener("click", () => {
  scales.fill(1);
  document.querySelectorAll("#units input").forEach((i) => (i.value = 1));
  keep();
  tell();
});

const failed = (e) => state(e.message, "failed");
const hint = (message) => (message.includes("scalars") ? `${message}: scan again with --keep-scalars` : message);
const scalesOf = (units) => units.map((_, k) => Number(asked().getAll("scale")[k] ?? 0));
const keep = () => remember({ scale: [...scales] }, { step: false });

async function load() {
  atlas = await needAtlas();
  const query = asked(), units = query.getAll("unit");
  let images = query.getAll("image");
  if (!images.length) images = ["0", "1", "2"];
  state("Reading scalars…", "loading");
  try {
    found = await get(`${inAtlas(atlas)}/edit`, { unit: units, text: query.getAll("text"), image: images });
  } catch (e) {
    throw new Error(hint(e.message));
  }
  [numbers, scales] = [tables(found), scalesOf(units)];
  showUnits();
  tell();
  state(units.length ? "" : "Nothing is edited yet: add a pair, a head or a word above.");
  document.body.dataset.shown = "true";
}

function showUnits() {
  at("#units").replaceChildren(...found.units.map((u, k) => {
    const [kind, which] = [u.name.slice(0, u.name.indexOf(":")), u.name.slice(u.name.indexOf(":") + 1)];
    const output = element("output", { class: "number" }, plain(scales[k]));
    const slider = element("input", { type: "range", min: 0, max: 2, step: 0.05, value: scales[k], "aria-label": `Scale of ${kind} ${which}`, "data-unit": u.name });
    slider.addEventListener("input", () => {
      scales[k] = Number(slider.value);
      output.textContent = plain(scales[k]);
      tell();
    });
    slider.addEventListener("change", keep);
    const remove = element("button", { type: "button" }, "Remove");
    remove.addEventListener("click", () => {
      const others = (list) => list.filter((_, i) => i !== k);
      remember({ unit: others(asked().getAll("unit")), scale: others([...scales]) });
      load().catch(failed);
    });
    const some = u.strongest.slice(0, 3).flatMap((p) => [pairLink(atlas, p), " ", nameOf(p), " "]);
    return element("div", { class: "unit" }, element("span", { class: "name" }, `${kind} ${which}`), slider, output, remove, element("span", { class: "soft" }, `${u.pairs} pair${u.pairs === 1 ? "" : "s"}: `, ...some, u.pairs > 3 ? "…" : ""));
  }));
}

// tell shows what the scales do. It asks nobody.
function tell() {
  const m = measure(found, numbers, scales), changed = found.units.some((_, k) => scales[k] !== 1);
  const worst = m.classes.filter((c) => c.images).sort((a, b) => a.after / a.images - b.after / b.images)[0];
  const other = m.classes.filter((c) => c.images).sort((a, b) => a.after / a.images - a.before / a.images - (b.after / b.images - b.before / b.images))[0];
  const facts = [["accuracy", `${percent(m.before / m.of, 1)} → ${percent(m.after / m.of, 1)} (${m.after} of ${m.of})`], ["worst class", worst ? `${worst.name}: ${percent(worst.after / worst.images)}` : "none"],
    ["loses most", other && other.after < other.before ? `${other.name}: ${other.before} → ${other.after} of ${other.images} right` : "no class loses a picture"], ["embeddings stay", `mean cosine ${plain(m.cosine, 4)} with those before`]];
  at("#cost").replaceChildren(element("dl", { class: "facts" }, ...facts.flatMap(([k, v]) => [element("dt", {}, k), element("dd", {}, v)])));
  at("#cost").dataset.after = String(m.after / m.of);
  at("#scored").textContent = `Over ${found.scored} images that the means do not come from (they come from ${found.means}). Logits are means over a class's own pictures.`;
  classes(m);
  chosen(m);
  command(changed);
}

function classes(m) {
  const head = ["class", "images", "logit", "now", "change", "right", "now"];
  at("#classes thead").replaceChildren(element("tr", {}, ...head.map((h, i) => element("th", { class: i ? "number" : null }, h))));
  const rows = [...m.classes].filter((c) => c.images).sort((a, b) => a.logitAfter - a.logitBefore - (b.logitAfter - b.logitBefore));
  at("#classes tbody").replaceChildren(...rows.map((c) => element("tr", { "data-class": c.name, "data-logit": c.logitAfter }, element("td", {}, c.name),
    ...[String(c.images), plain(c.logitBefore), plain(c.logitAfter), signed(c.logitAfter - c.logitBefore, 2), String(c.before), String(c.after)].map((v) => element("td", { class: "number" }, v)))));
}

function chosen(m) {
  const L = found.classes.length, texts = L - found.texts;
  at("#chosen").replaceChildren(...found.images.slice(found.scored).map((image, i) => {
    const n = found.scored + i, before = m.logitsBefore(n), after = m.logits(n);
    const best = [...Array(texts).keys()].sort((a, b) => after[b] - after[a]).slice(0, 5), list = [...new Set([...Array(found.texts).keys()].map((k) => texts + k).concat(best, image.class >= 0 ? [image.class] : []))];
    const rows = list.map((l) => element("tr", { "data-text": found.classes[l] }, element("td", {}, l === best[0] ? element("strong", {}, found.classes[l]) : found.classes[l], l === image.class ? " (its class)" : ""),
      ...[plain(before[l]), plain(after[l]), signed(after[l] - before[l], 2)].map((v) => element("td", { class: "number" }, v))));
    const drop = element("button", { type: "button" }, "Remove");
    drop.addEventListener("click", () => {
      const images = found.images.slice(found.scored).map((x) => String(x.image));
      remember({ image: images.filter((_, k) => k !== i) });
      load().catch(failed);
    });
    return element("div", { class: "card", "data-image": image.image }, element("div", { class: "unit" }, element("img", { src: `${base}/api/v1/${inAtlas(atlas)}/images/${image.image}`, alt: image.label || `image ${image.image}`, width: 96, height: 96 }),
      element("a", { href: address("picture", { atlas, image: image.image }), "data-item": "" }, `image ${image.image}`), drop),
    element("table", {}, element("thead", {}, element("tr", {}, ...["text", "logit", "now", "change"].map((h, k) => element("th", { class: k ? "number" : null }, h)))), element("tbody", {}, ...rows)));
  }));
}

// command is how the command line writes the edited model. One edit has one scale, so each scale is a step of its own.
function command(changed) {
  at("#export").hidden = !changed;
  const quoted = (s) => `'${s.replaceAll("'", "'\\''")}'`, used = [...new Set(scales.filter((s) => s !== 1))];
  at("#one-scale").textContent = used.length > 1 ? "One edit has one scale, so these are steps. Each one after the first edits what the last one wrote (--model)." : "";
  at("#pair-files").replaceChildren();
  at("#command").textContent = used.map((scale, i) => {
    const of = (kind) => found.units.filter((u, k) => scales[k] === scale && u.name.startsWith(`${kind}:`)).map((u) => u.name.slice(kind.length + 1));
    const parts = [], pairs = of("pair").map((p) => p.split(",").map(Number)), file = `pairs${used.length > 1 ? i + 1 : ""}.json`;
    if (pairs.length) {
      parts.push(`--pairs ${file}`);
      at("#pair-files").append(saved(JSON.stringify(pairs.map(([neuron, head]) => ({ neuron, head }))), file, "application/json", `save ${file}`), " ");
    }
    if (of("head").length) parts.push(`--heads ${of("head").join(",")}`);
    if (of("word").length) parts.push(`--remove ${quoted(of("word").join(","))}`);
    const [from, to] = [i ? ` --model edited${i}.safetensors` : "", `edited${i + 1 < used.length ? i + 1 : ""}.safetensors`];
    return `facet edit${from} --means ${atlas} ${parts.join(" ")} --scale ${scale} -o ${to}`;
  }).join("\n");
}

await shown(load);
