// What the scripts of the explorer's pages share. Addresses begin with what the page's body says.
export const base = document.body.dataset.base;

// get asks the API and gives its answer, or throws what it says is wrong.
export async function get(path, parameters = {}, init = {}) {
  const query = new URLSearchParams(flat(parameters));
  const response = await fetch(`${base}/api/v1/${path}${query.size ? `?${query}` : ""}`, init);
  const answer = await response.json().catch(() => ({ detail: `an answer that is no JSON (${response.status})` }));
  if (!response.ok) throw new Error(answer.detail || answer.title || response.statusText);
  return answer;
}

// flat are the parameters that are set; those with a list are given again for each item.
const flat = (parameters) =>
  Object.entries(parameters).flatMap(([key, v]) => (Array.isArray(v) ? v.map((one) => [key, one]) : v === "" || v == null ? [] : [[key, v]]));

// element makes an element with attributes; texts are never taken as HTML.
export function element(name, attributes = {}, ...children) {
  return filled(document.createElement(name), attributes, children);
}

// drawn makes an element of SVG.
export function drawn(name, attributes = {}, ...children) {
  return filled(document.createElementNS("http://www.w3.org/2000/svg", name), attributes, children);
}

function filled(e, attributes, children) {
  for (const [key, value] of Object.entries(attributes)) if (value != null) e.setAttribute(key, value);
  e.append(...children.filter((c) => c != null));
  return e;
}

// row makes a row of a table.
export function row(cells, kind = "td") {
  return element("tr", {}, ...cells.map((c) => element(kind, typeof c === "number" ? { class: "number" } : {}, typeof c === "number" ? signed(c) : c)));
}

// signed writes a number with its sign.
export const signed = (v, digits = 3) => (v < 0 ? "−" : "+") + Math.abs(v).toFixed(digits);

// plain writes a number with a minus that can be read.
export const plain = (v, digits = 2) => (v < 0 ? "−" : "") + Math.abs(v).toFixed(digits);

// percent writes a share.
export const percent = (v, digits = 0) => `${plain(100 * v, digits)} %`;

// words writes the words of a label.
export const words = (label) => (label || []).map((w) => (w.weight < 0 ? "−" : "") + w.text).join(", ");

// name is a pair's name in words: what it fires for, else what it says.
export function name(unit) {
  for (const n of [unit.fires, unit.says]) if (n?.named) return words(n.label);
  return unit.says || unit.fires ? "unnamed" : "";
}

// asked are the parameters of the page's address, which hold all of its state.
export const asked = () => new URLSearchParams(location.search);

// address is that of a page of the explorer.
export function address(page, parameters = {}) {
  const query = new URLSearchParams(flat(parameters));
  return `${base}/${page}${query.size ? `?${query}` : ""}`;
}

// remember puts state into the address. A new step can be gone back to; changes that follow each other quickly replace one another.
export function remember(parameters, { step = true } = {}) {
  const query = asked();
  for (const [key, v] of Object.entries(parameters)) {
    query.delete(key);
    for (const one of Array.isArray(v) ? v : v === "" || v == null ? [] : [v]) query.append(key, one);
  }
  const to = `${location.pathname}${query.size ? `?${query}` : ""}`;
  if (to !== location.pathname + location.search) history[step ? "pushState" : "replaceState"](null, "", to);
}

// state tells what the page is doing: loading, failed, empty, or nothing.
export function state(text, kind = "") {
  const at = document.querySelector("#state");
  at.textContent = text;
  at.dataset.kind = kind;
  if (!kind) document.body.dataset.shown = "true";
}

// shown runs what fills a page, and again when somebody goes back or forward. Failures are told.
export async function shown(fill) {
  const run = async () => {
    try {
      state("Loading…", "loading");
      await fill();
      if (document.querySelector("#state").dataset.kind === "loading") state("");
    } catch (e) {
      state(e.message, "failed");
    }
    document.body.dataset.ready = "true";
  };
  addEventListener("popstate", run);
  await run();
}

// titled sets the page's title.
export function titled(text, ...more) {
  document.querySelector("h1").replaceChildren(text, ...more);
  document.title = `${document.querySelector("h1").textContent} · facet`;
}

// firstAtlas is the name of the atlas that the page's address asks for, or the first that is served; empty: none is.
export async function firstAtlas() {
  const wanted = asked().get("atlas");
  if (wanted) return wanted;
  const { atlases: all } = await get("atlases");
  return all.find((a) => a.labels)?.name || all[0]?.name || "";
}

// needAtlas is an atlas, or a failure that says what to do.
export async function needAtlas() {
  const atlas = await firstAtlas();
  if (!atlas) throw new Error("no atlas is served. Start the explorer with one: facet serve ATLAS");
  return atlas;
}

// inAtlas is the address of an atlas in the API.
export const inAtlas = (atlas) => `atlases/${encodeURIComponent(atlas)}`;

// pairLink is a pair with its name, as a link.
export function pairLink(atlas, unit, attributes = {}) {
  const label = `(${unit.neuron},${unit.head})`;
  return element("a", { href: address("pair", { pair: `${unit.neuron},${unit.head}`, atlas }), "data-item": "", ...attributes }, label);
}

// nameOf is a pair's name as an element; empty where nothing names it.
export function nameOf(unit) {
  const text = name(unit);
  return element("span", { class: text === "unnamed" || !text ? "name none" : "name" }, text || "no label");
}

// picture shows an image of an atlas, and beside it the map of a unit {neuron, head or heads} where one is given. A click on either opens the original.
export function picture(atlas, shown, unit, caption) {
  const at = `${base}/api/v1/${inAtlas(atlas)}/images/${shown.image}`;
  const what = shown.label || `image ${shown.image}`;
  const original = (img) => element("a", { class: "shown", href: `${at}?whole=true`, target: "_blank", title: `the original of ${what}`, "data-item": "" }, img);
  const figure = element("figure", {}, original(element("img", { src: at, alt: what, loading: "lazy" })));
  if (unit) {
    const query = new URLSearchParams(flat({ neuron: unit.neuron, head: unit.heads ?? unit.head }));
    figure.append(original(element("img", { src: `${at}/maps?${query}`, alt: `where it comes from in ${what}`, loading: "lazy" })));
  } else figure.className = "one";
  figure.append(element("figcaption", {}, element("a", { href: address("picture", { atlas, image: shown.image }) }, what), caption ? element("span", { class: "number" }, caption) : null));
  return figure;
}

// bar draws a signed amount: to the right of the middle where it is for the text, to the left where it is against it.
export function bar(amount, most) {
  const length = 50 * Math.min(1, Math.abs(amount) / most);
  return drawn("svg", { viewBox: "0 0 100 10", class: "bar", "aria-hidden": "true", preserveAspectRatio: "none" },
    drawn("rect", { x: amount < 0 ? 50 - length : 50, width: length, height: 10, class: amount < 0 ? "against" : "for" }));
}

// neighbours are links to what stands before and after, which the arrow keys follow.
export function neighbours(before, after) {
  return element("span", {}, before ? element("a", { rel: "prev", href: before.href, title: "←" }, `← ${before.text}`) : "", before && after ? " " : "",
    after ? element("a", { rel: "next", href: after.href, title: "→" }, `${after.text} →`) : "");
}

// saved is a link that gives a text as a file.
export function saved(text, file, kind, label) {
  return element("a", { href: URL.createObjectURL(new Blob([text], { type: kind })), download: file }, label);
}

// csv is a table as text.
export const csv = (rows) => rows.map((r) => r.map((c) => (/[",\n]/.test(String(c ?? "")) ? `"${String(c).replaceAll('"', '""')}"` : String(c ?? ""))).join(",")).join("\n") + "\n";
