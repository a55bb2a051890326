// What the scripts of the explorer's pages share. Addresses begin with what the page's body says.
export const base = document.body.dataset.base;

// get asks the API and gives its answer, or throws what it says is wrong.
export async function get(path, parameters = {}, init = {}) {
  const query = new URLSearchParams(Object.entries(parameters).filter(([, v]) => v !== "" && v != null));
  const response = await fetch(`${base}/api/v1/${path}?${query}`, init);
  const answer = await response.json();
  if (!response.ok) throw new Error(answer.detail || answer.title || response.statusText);
  return answer;
}

// element makes an element with attributes; texts are never taken as HTML.
export function element(name, attributes = {}, ...children) {
  const e = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) e.setAttribute(key, value);
  e.append(...children);
  return e;
}

// row makes a row of a table.
export function row(cells, kind = "td") {
  return element("tr", {}, ...cells.map((c) => element(kind, typeof c === "number" ? { class: "number" } : {}, typeof c === "number" ? signed(c) : c)));
}

// signed writes a number with its sign.
export const signed = (v, digits = 3) => (v < 0 ? "−" : "+") + Math.abs(v).toFixed(digits);

// name is a pair's name in words: what it fires for, else what it says.
export function name(unit) {
  for (const n of [unit.fires, unit.says]) {
    if (n?.named) return n.label.map((w) => (w.weight < 0 ? "−" : "") + w.text).join(", ");
  }
  return unit.says || unit.fires ? "unnamed" : "";
}

// firstAtlas is the name of the atlas that the page's address asks for, or the first that is served; empty: none is.
export async function firstAtlas() {
  const asked = new URLSearchParams(location.search).get("atlas");
  const { atlases: all } = await get("atlases");
  return asked || all.find((a) => a.labels)?.name || all[0]?.name || "";
}

// bar draws a signed amount: to the right of the middle where it is for the text, to the left where it is against it.
export function bar(amount, most) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const length = 50 * Math.min(1, Math.abs(amount) / most);
  svg.setAttribute("viewBox", "0 0 100 10");
  svg.setAttribute("class", "bar");
  svg.setAttribute("aria-hidden", "true");
  const rect = document.createElementNS("http://www.w3.org/2000/svg", "rect");
  rect.setAttribute("x", amount < 0 ? 50 - length : 50);
  rect.setAttribute("width", length);
  rect.setAttribute("height", 10);
  rect.setAttribute("class", amount < 0 ? "against" : "for");
  svg.append(rect);
  return svg;
}

document.addEventListener("keydown", (e) => {
  if (e.key !== "/" || e.target.closest("input, select, textarea")) return;
  const box = document.querySelector('input[name="text"]');
  if (box) {
    e.preventDefault();
    box.focus();
  }
});
