// Charts of a watched stream over its windows, drawn as SVG. Lines differ by dashes as well as by colour, and every window says its numbers in words.
import { drawn, element, plain } from "./facet.js";

const left = 56, right = 12, top = 10;
const width = innerWidth < 700 ? 360 : 640; // so that its texts can be read on a phone
const dashes = ["", "7 4", "2 3", "9 3 2 3"];

// along is where a window stands, from the first to the last.
const along = (i, n) => (n < 2 ? (left + width - right) / 2 : left + ((width - left - right) * i) / (n - 1));

// evidenceChart draws the strongest evidence of each window, and that of watched texts, on a logarithmic scale; at 1 an alert is raised.
export function evidenceChart(stream, windows, href, choose) {
  const height = 210, bottom = height - 24, strongest = windows.map((w) => w.evidence[0]?.value ?? 0);
  const least = -3, most = Math.min(6, Math.max(1, Math.ceil(Math.log10(Math.max(...strongest, 1)))));
  const y = (v) => bottom - ((bottom - top) * (Math.min(most, Math.max(least, Math.log10(Math.max(v, 1e-12)))) - least)) / (most - least);
  const svg = drawn("svg", { viewBox: `0 0 ${width} ${height}`, class: "chart", role: "group", "aria-label": `Evidence over ${windows.length} windows of ${stream.name}; open a window to see what changed` });
  for (let e = least; e <= most; e++) {
    svg.append(drawn("line", { x1: left, x2: width - right, y1: y(10 ** e), y2: y(10 ** e), class: e === 0 ? "limit" : "grid" }));
    if (most < 4 || e <= 0 || e % 2 === 0) svg.append(drawn("text", { x: left - 6, y: y(10 ** e) + 4, "text-anchor": "end" }, e > 3 ? `1e${e}` : String(10 ** e)));
  }
  hits(svg, windows, bottom, href, choose);
  svg.append(drawn("text", { x: left + 4, y: y(1) - 5, class: "said" }, "an alert"));
  const lines = [{ name: "the strongest", values: strongest }, ...stream.watched.slice(0, 3).map((text) => ({ name: text, values: windows.map((w) => w.watched.find((t) => t.text === text)?.evidence ?? 0) }))];
  lines.forEach((l, k) => svg.append(line(l.values.map((v, i) => [along(i, windows.length), y(v)]), k)));
  windows.forEach((w, i) => {
    if (w.alerts.length) svg.append(drawn("path", { d: `M${along(i, windows.length)} ${y(strongest[i]) - 7}l6 11h-12z`, class: w.alerts[0].event === "clear" ? "mark clear" : "mark" }));
  });
  axis(svg, windows, height);
  return element("figure", {}, svg, legend([...lines.map((l, k) => [k, l.name]), ...(windows.some((w) => w.alerts.some((a) => a.event !== "clear")) ? [["mark", "alert"]] : []), ...(windows.some((w) => w.alerts[0]?.event === "clear") ? [["mark clear", "over"]] : [])]));
}

// textChart draws the mean score of a watched text in each window with its 95 % interval, beside that of the profile.
export function textChart(text, windows) {
  const height = 120, bottom = height - 24, scores = windows.map((w) => w.watched.find((t) => t.text === text)), known = scores.filter(Boolean);
  if (!known.length) return element("p", { class: "soft" }, `“${text}” is not in these windows.`);
  const low = Math.min(...known.map((t) => Math.min(t.low, t.profile))), high = Math.max(...known.map((t) => Math.max(t.high, t.profile))), span = high - low || 1;
  const digits = Math.max(1, 1 - Math.floor(Math.log10(span)));
  const y = (v) => bottom - ((bottom - top) * (v - low)) / span, x = (i) => along(i, windows.length), last = known.at(-1);
  const svg = drawn("svg", { viewBox: `0 0 ${width} ${height}`, class: "chart", role: "img", "aria-label": `Mean score of “${text}”: ${plain(last.profile, 3)} in the profile, ${plain(last.score, 3)} in the last window` });
  for (const v of [low, high]) svg.append(drawn("text", { x: left - 6, y: y(v) + 4, "text-anchor": "end" }, plain(v, digits)));
  const points = scores.map((t, i) => t && [x(i), t]).filter(Boolean);
  svg.append(drawn("path", { d: `M${points.map(([at, t]) => `${at} ${y(t.high)}`).join("L")}L${points.toReversed().map(([at, t]) => `${at} ${y(t.low)}`).join("L")}Z`, class: "band" }));
  svg.append(drawn("line", { x1: left, x2: width - right, y1: y(last.profile), y2: y(last.profile), class: "limit" }), line(points.map(([at, t]) => [at, y(t.score)]), 0));
  svg.append(drawn("text", { x: left + 4, y: y(last.profile) + (y(last.profile) < top + 14 ? 14 : -4), class: "said" }, "the profile"));
  axis(svg, windows, height);
  return element("figure", {}, svg, element("figcaption", {}, `“${text}”: the mean score of a window, with its 95 % interval`));
}

// hits are the windows as columns that can be opened.
function hits(svg, windows, bottom, href, choose) {
  const wide = Math.min(60, (width - left - right) / Math.max(1, windows.length - 1));
  windows.forEach((w, i) => {
    const e = w.evidence[0], said = e ? `; strongest evidence ${e.value.toPrecision(2)} of an alert, ${e.label || e.followed} ${e.up ? "up" : "down"}` : "";
    const text = `window ${w.window}, ${w.images} images${said}${w.alerts.length ? `; alert: ${w.alerts[0].new.slice(0, 3).join(", ")}` : ""}`;
    const link = drawn("a", { href: href(w.window), "aria-label": text, "data-window": w.window, "data-item": "" }, drawn("title", {}, text), drawn("rect", { x: along(i, windows.length) - wide / 2, y: 0, width: wide, height: bottom, class: "hit" }));
    link.addEventListener("click", (event) => {
      event.preventDefault();
      choose(w.window);
    });
    svg.append(link);
  });
}

function line(points, k) {
  const shape = points.length > 1 ? { d: `M${points.map((p) => p.join(" ")).join("L")}` } : { d: `M${points[0][0] - 4} ${points[0][1]}h8` };
  return drawn("path", { ...shape, class: `line line-${k}`, "stroke-dasharray": dashes[k] || null });
}

function axis(svg, windows, height) {
  for (const [i, anchor] of windows.length > 1 ? [[0, "start"], [windows.length - 1, "end"]] : [[0, "middle"]]) {
    svg.append(drawn("text", { x: along(i, windows.length), y: height - 6, "text-anchor": anchor }, `window ${windows[i].window}`));
  }
}

function legend(entries) {
  const sample = (kind) => drawn("svg", { viewBox: "0 0 30 12", class: "sample", "aria-hidden": "true" }, String(kind).startsWith("mark") ? drawn("path", { d: "M15 1l6 10h-12z", class: kind }) : drawn("path", { d: "M1 6H29", class: `line line-${kind}`, "stroke-dasharray": dashes[kind] || null }));
  return element("figcaption", { class: "legend" }, ...entries.map(([kind, name]) => element("span", {}, sample(kind), " ", name)));
}
