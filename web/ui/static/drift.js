import { address, asked, base, element, firstAtlas, get, pairLink, percent, remember, shown, signed, state } from "./facet.js";
import { evidenceChart, textChart } from "./chart.js";

const mostWindows = 500; // in a chart
let all, atlas;

// chosen are the streams that the page shows: those of the address, or all.
const chosen = () => all.filter((s) => !asked().getAll("stream").length || asked().getAll("stream").includes(s.name));

// windowOf is the window that the address names for a stream, as in at=gate:6; 0: none.
function windowOf(stream) {
  const found = asked().getAll("at").find((at) => at.slice(0, at.lastIndexOf(":")) === stream);
  return found ? Number(found.slice(found.lastIndexOf(":") + 1)) : 0;
}

// withWindow are the windows of the address with another one for a stream.
const withWindow = (stream, number) => [...asked().getAll("at").filter((at) => at.slice(0, at.lastIndexOf(":")) !== stream), `${stream}:${number}`];

// pageAt is the address of this page with another window of a stream.
const pageAt = (stream, number) => address("drift", { stream: asked().getAll("stream"), at: withWindow(stream, number), atlas: asked().get("atlas") });

const under = (stream) => `drift/streams/${encodeURIComponent(stream)}`;

// moment is a time, to the minute, in UTC.
const moment = (t) => t.slice(0, 16).replace("T", " ");

async function fill() {
  all = (await get("drift/streams")).streams;
  document.querySelector("#none").hidden = all.length > 0;
  if (!all.length) return;
  atlas = await firstAtlas();
  const one = chosen();
  document.querySelector("#which").replaceChildren(...(all.length < 2 ? [] : [
    element("a", { href: address("drift", { at: asked().getAll("at") }), "data-item": "", "aria-current": one.length === all.length ? "true" : null }, "all streams"),
    ...all.map((s) => element("a", { href: address("drift", { stream: s.name, at: asked().getAll("at") }), "data-item": "", "aria-current": one.length === 1 && one[0] === s ? "true" : null }, s.name)),
  ]));
  if (!one.length) throw new Error(`there is no stream ${asked().getAll("stream").join(", ")}`);
  document.querySelector("#streams").replaceChildren(...await Promise.all(one.map(column)));
}

// column shows a stream: its figures, the evidence over its windows, its alerts, and one window.
async function column(s) {
  const at = element("section", { class: "stream", "aria-label": `Stream ${s.name}`, "data-stream": s.name }, element("h2", {}, s.name), figures(s));
  if (!s.windows) {
    at.append(element("p", { class: "card" }, `No window is closed yet. ${s.waiting} images wait for theirs: a window is ${s.window_rule}.`));
    return at;
  }
  const [{ windows, count }, { alerts }] = await Promise.all([get(`${under(s.name)}/windows`, { top: mostWindows, brief: true }), get(`${under(s.name)}/alerts`)]);
  windows.reverse();
  const detail = element("div", { class: "window" });
  const choose = (number) => {
    remember({ at: withWindow(s.name, number) });
    showWindow(s, detail, at).catch((e) => state(e.message, "failed"));
  };
  at.append(element("div", { class: "card" }, element("h3", {}, "Evidence against the budget"), evidenceChart(s, windows, (n) => pageAt(s.name, n), choose),
    count > windows.length ? element("p", { class: "soft" }, `The last ${windows.length} of ${count} windows.`) : ""));
  if (s.watched.length) at.append(element("div", { class: "card" }, element("h3", {}, "Watched texts"), ...s.watched.map((text) => textChart(text, windows))));
  at.append(element("div", { class: "card" }, element("h3", {}, "Alerts"), alertList(s, alerts, choose)), detail);
  await showWindow(s, detail, at, alerts[0]?.window || windows.at(-1).window);
  return at;
}

function figures(s) {
  const list = [["profile", `${s.profile}, of ${s.profile_images} images`], ["a window is", s.window_rule], ["counted", `${s.images} images, ${s.waiting} of them in a window that is still open${s.unreadable ? `; ${s.unreadable} could not be read` : ""}`],
    ["windows", `${s.windows}, with ${s.alerts} ${s.alerts === 1 ? "alert" : "alerts"}`], ["budget", s.guarantee === "arl" ? `one false alert in ${Math.round(1 / s.budget)} windows, on average at most` : `${s.budget}: the chance of any false alert, at most`]];
  return element("dl", { class: "facts" }, ...list.flatMap(([k, v]) => [element("dt", {}, k), element("dd", {}, v)]));
}

// events are what alerts tell of an episode; those of streams that were begun before there were episodes tell none.
const events = { begin: "begins", change: "changes", clear: "is over", return: "begins, and is known" };

function alertList(s, alerts, choose) {
  if (!alerts.length) return element("p", {}, "None: nothing is known to have changed.");
  return element("ul", { class: "list" }, ...alerts.map((a) => {
    const link = element("a", { href: pageAt(s.name, a.window), "data-item": "" }, `window ${a.window}`);
    link.addEventListener("click", (e) => {
      e.preventDefault();
      choose(a.window);
    });
    const more = a.new.length > 3 ? ` and ${a.new.length - 3} more` : "";
    return element("li", {}, element("span", {}, link, events[a.event] ? ` episode ${a.episode} ${events[a.event]}` : ""), element("span", {}, a.event === "clear" ? "" : `new: ${a.new.slice(0, 3).join(", ")}${more}`));
  }));
}

// showWindow shows the window of a stream that the address names, or else the one that is given.
async function showWindow(s, place, at, otherwise) {
  const number = windowOf(s.name) || otherwise;
  const w = await get(`${under(s.name)}/windows/${number}`);
  at.querySelectorAll("[data-window]").forEach((e) => (Number(e.dataset.window) === number ? e.setAttribute("aria-current", "true") : e.removeAttribute("aria-current")));
  const alert = w.alerts[0], step = (n, text) => (n < 1 || n > s.windows ? "" : element("a", { href: pageAt(s.name, n) }, text));
  const sections = [element("h3", { class: "at" }, `Window ${w.window}`),
    element("p", { class: "path" }, step(w.window - 1, `← window ${w.window - 1}`), element("span", { class: "soft" }, `${w.images} images, ${moment(w.first)}${moment(w.first) === moment(w.last) ? "" : ` to ${moment(w.last)}`} UTC`), step(w.window + 1, `window ${w.window + 1} →`)),
    evidenceTable(w)];
  if (alert) sections.push(...alertSection(s, w, alert));
  if (!alert || alert.from < w.window) sections.push(...ownSection(s, w));
  place.replaceChildren(...sections);
}

function evidenceTable(w) {
  const rows = w.evidence.map((e) => element("tr", {}, element("td", {}, followed(e)), element("td", {}, e.up ? "up" : "down"), element("td", { class: "number" }, share(e.value)), element("td", {}, e.value >= 1 ? "yes" : "")));
  return element("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": `Evidence in window ${w.window}` },
    element("table", {}, element("thead", {}, element("tr", {}, ...["strongest evidence", "goes", "share of an alert", "alert"].map((t, i) => element("th", { class: i === 2 ? "number" : null }, t)))), element("tbody", {}, ...rows)));
}

// followed is what evidence is about: a pair leads to its page.
function followed(e) {
  const pair = /^\((\d+),(\d+)\)$/.exec(e.followed);
  if (!pair) return e.followed;
  return element("span", {}, pairOf({ neuron: Number(pair[1]), head: Number(pair[2]) }), e.label ? ` ${e.label}` : "");
}

const pairOf = (p) => (atlas ? pairLink(atlas, p) : `(${p.neuron},${p.head})`);

// share is evidence with as many digits as it deserves.
const share = (v) => (v >= 100 || (v < 0.001 && v > 0) ? v.toExponential(0) : v.toPrecision(2));

function alertSection(s, w, a) {
  const over = a.from < w.window ? `${a.images} images of windows ${a.from} to ${w.window}, over which the evidence grew` : `${a.images} images of the window`;
  if (a.event === "clear") return [element("p", { class: "alert clear" }, element("strong", {}, `Episode ${a.episode} is over. `), "The images are as in the reference again. ", a.said?.length ? `It had said: ${a.said.slice(0, 8).join(", ")}.` : "")];
  const more = a.new.length > 8 ? ` and ${a.new.length - 8} more` : "";
  return [element("p", { class: "alert" }, element("strong", {}, events[a.event] ? `Alert: episode ${a.episode} ${events[a.event]}. ` : "Alert. "), `New: ${a.new.slice(0, 8).join(", ")}${more}. `, `Raised by ${a.raised_by.slice(0, 3).map((e) => `${e.followed}${e.label ? ` “${e.label}”` : ""}`).join(", ")}${a.raised_by.length > 3 ? ` and ${a.raised_by.length - 3} more` : ""}.`),
    element("p", { class: "soft" }, `What changed, by the ${over}:`), ...changes(s, w, a, true)];
}

function ownSection(s, w) {
  const c = w.compared;
  if (!c) return [element("p", {}, "One image says nothing about a change.")];
  return [element("p", {}, `In the window itself ${c.pairs_changed} of ${c.pairs_tested} strong pairs changed; they explain ${percent(c.explained)} of the shift of the mean embedding (energy distance: p = ${c.energy_p.toPrecision(2)}).`), ...changes(s, w, c, false)];
}

// changes are those of an alert or of a window, the named ones and then the one without a name.
function changes(s, w, of, alert) {
  const list = [...of.changes, ...(of.unnamed_change ? [of.unnamed_change] : [])];
  if (!list.length) return [element("p", {}, "No change that words name.")];
  return list.map((c, i) => change(s, w, c, i, alert));
}

function change(s, w, c, i, alert) {
  const title = c.word ? `${c.more ? "more" : "less"} ${c.word}` : "A change without a word";
  const side = (what, names, which) => element("div", {}, element("h4", {}, what),
    names.length ? element("div", { class: "small pictures" }, ...names.map((n, k) => pictureOf(s, w, { alert: alert || null, change: i, ...which, picture: k }, n, `${what}: ${n}`))) : element("p", { class: "soft" }, "none"));
  const like = c.word ? "most like it" : "furthest along it";
  return element("section", { class: "card change" }, element("h4", { class: "named" }, title, c.quality ? element("span", { class: "soft" }, " a quality of the pictures") : ""),
    element("p", {}, `${percent(c.share, Math.abs(c.share) < 0.01 ? 1 : 0)} of the shift, ${signed(c.effect, 2)} standard deviations, ${c.pair_count} pairs`),
    element("div", { class: "side" }, side(`Before, in the profile: ${like}`, c.before, { before: true }), side(`After, in the stream: ${like}`, c.after, {})),
    c.carry?.length ? side("After: most changed", c.carry, { carry: true }) : "",
    c.pairs.length ? element("details", {}, element("summary", {}, `Its ${c.pairs.length < c.pair_count ? `${c.pairs.length} strongest ` : ""}pairs`), pairTable(c, title)) : "");
}

function pairTable(c, title) {
  const rows = c.pairs.map((p) => element("tr", {}, element("td", {}, pairOf(p), p.label ? ` ${p.label}` : ""), ...[percent(p.share, 1), signed(p.effect, 2), p.p_adjusted.toPrecision(2)].map((t) => element("td", { class: "number" }, t))));
  const head = element("tr", {}, ...["pair", "share", "effect", "adjusted p"].map((t, k) => element("th", { class: k ? "number" : null }, t)));
  return element("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": `Pairs of ${title}` }, element("table", {}, element("thead", {}, head), element("tbody", {}, ...rows)));
}

// pictureOf shows a picture that a change names. One that is no longer there says so.
function pictureOf(s, w, which, name, what) {
  const query = new URLSearchParams(Object.entries(which).filter(([, v]) => v != null));
  const at = `${base}/api/v1/${under(s.name)}/windows/${w.window}/picture?${query}`;
  const img = element("img", { src: at, alt: what, loading: "lazy" });
  const figure = element("figure", { class: "one" }, element("a", { class: "shown", href: `${at}&whole=true`, target: "_blank", title: `the original of ${name}`, "data-item": "" }, img));
  img.addEventListener("error", () => figure.replaceChildren(element("p", { class: "gone soft" }, `${name} is no longer where it was`)));
  return figure;
}

await shown(fill);

// A stream goes on: the page is filled again when a window was closed, unless somebody is about to use it.
setInterval(async () => {
  if (document.hidden || !all?.length || document.querySelector("main").contains(document.activeElement)) return;
  const now = (await get("drift/streams").catch(() => ({ streams: all }))).streams;
  if (now.some((s, i) => s.windows !== all[i]?.windows)) await fill().catch((e) => state(e.message, "failed"));
}, 15000);
