import { address, remember } from "./facet.js";

// pairMap draws all pairs, a row for each head and a column for each neuron, the darker the more the model uses the pair. It zooms and pans along
// the neurons; a click opens a pair.
export function pairMap(canvas, here, { heads, neurons, levels, largest, names, atlas, view }) {
  const level = Uint8Array.from(atob(levels), (c) => c.charCodeAt(0));
  const query = new URLSearchParams(location.search);
  let columns, from = Number(query.get("from")) || 0, count = Number(query.get("count")) || neurons, cursor = null, drag = null, pointers = new Map();
  const faint = [...level].sort((a, b) => a - b)[Math.floor(level.length / 100)]; // the ground's colour, so that what differs is seen
  const strength = (pair) => Math.max(0, level[pair] - faint) / Math.max(1, 255 - faint);
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const rowHeight = () => Math.max(10, Math.min(24, Math.round(460 / heads)));

  function order() {
    columns = [...Array(neurons).keys()];
    if (view.order.value === "number") return;
    const sums = new Float64Array(neurons);
    level.forEach((v, p) => (sums[p % neurons] += v * v));
    columns.sort((a, b) => sums[b] - sums[a]);
  }

  const matches = (pair, word) => names.get(pair)?.toLowerCase().split(", ").some((w) => w === word || w === `−${word}`);

  function draw() {
    const width = Math.max(1, Math.round(canvas.clientWidth * devicePixelRatio)), height = heads * rowHeight() * devicePixelRatio;
    [canvas.width, canvas.height] = [width, height];
    canvas.style.height = `${heads * rowHeight()}px`;
    [from, count] = clamp(from, count);
    const first = Math.floor(from), n = Math.min(neurons - first, Math.ceil(count) + 1), word = view.word.value.trim().toLowerCase();
    const cells = new ImageData(n, heads);
    const ink = dark.matches ? [255, 156, 99] : [168, 56, 4], ground = dark.matches ? [31, 34, 38] : [255, 255, 255], mark = dark.matches ? [125, 180, 255] : [20, 70, 160];
    let marked = 0;
    if (word) for (const pair of names.keys()) marked += matches(pair, word) ? 1 : 0;
    for (let h = 0; h < heads; h++) {
      for (let i = 0; i < n; i++) {
        const pair = h * neurons + columns[first + i], at = 4 * (h * n + i);
        const hit = word && matches(pair, word), part = hit ? 0.55 + 0.45 * strength(pair) : strength(pair) * (word ? 0.35 : 1), color = hit ? mark : ink;
        for (let c = 0; c < 3; c++) cells.data[at + c] = ground[c] + (color[c] - ground[c]) * part;
        cells.data[at + 3] = 255;
      }
    }
    const small = new OffscreenCanvas(n, heads);
    small.getContext("2d").putImageData(cells, 0, 0);
    const g = canvas.getContext("2d"), scale = width / count;
    g.imageSmoothingEnabled = scale < 1;
    g.drawImage(small, (first - from) * scale, 0, n * scale, height);
    if (cursor) {
      g.lineWidth = 2 * devicePixelRatio;
      g.strokeStyle = dark.matches ? "#fff" : "#000";
      g.strokeRect((cursor.column - from) * scale, (cursor.head * height) / heads, Math.max(scale, 4), height / heads);
    }
    canvas.dataset.marked = word ? marked : "";
    if (word && !cursor) here.textContent = `${marked} pairs are named “${view.word.value.trim()}”.`;
  }

  function clamp(start, n) {
    n = Math.min(neurons, Math.max(8, n));
    return [Math.min(neurons - n, Math.max(0, start)), n];
  }

  function keep() {
    const whole = count >= neurons;
    remember({ word: view.word.value, order: view.order.value === "number" ? "number" : "", from: whole ? "" : Math.round(from), count: whole ? "" : Math.round(count) }, { step: false });
  }

  function zoom(by, around = 0.5) {
    const at = from + around * count, n = Math.min(neurons, Math.max(8, count * by));
    [from, count] = clamp(at - around * n, n);
    draw();
    keep();
  }

  function cell(e) {
    const box = canvas.getBoundingClientRect();
    const column = Math.floor(from + ((e.clientX - box.left) / box.width) * count), head = Math.floor(((e.clientY - box.top) / box.height) * heads);
    return { column: Math.min(neurons - 1, Math.max(0, column)), head: Math.min(heads - 1, Math.max(0, head)) };
  }

  function tell(at) {
    cursor = at;
    const neuron = columns[at.column], pair = at.head * neurons + neuron, norm = largest * (level[pair] / 255) ** 2;
    here.textContent = `(${neuron},${at.head}) ${names.get(pair) || "no name"}, used ${norm.toFixed(2)}`;
    draw();
  }

  const open = (at) => location.assign(address("pair", { pair: `${columns[at.column]},${at.head}`, atlas }));

  canvas.onpointerdown = (e) => {
    pointers.set(e.pointerId, e);
    canvas.setPointerCapture(e.pointerId);
    drag = { x: e.clientX, from, moved: false, spread: spread() };
  };
  const spread = () => {
    const [a, b] = [...pointers.values()];
    return b ? Math.abs(a.clientX - b.clientX) : 0;
  };
  canvas.onpointermove = (e) => {
    if (!drag) return e.pointerType === "mouse" ? tell(cell(e)) : null;
    const before = spread();
    pointers.set(e.pointerId, e);
    if (pointers.size > 1) {
      drag.moved = true;
      if (before > 10 && spread() > 10) zoom(before / spread());
      return;
    }
    if (Math.abs(e.clientX - drag.x) > 4) drag.moved = true;
    if (!drag.moved) return;
    [from, count] = clamp(drag.from - ((e.clientX - drag.x) / canvas.clientWidth) * count, count);
    draw();
  };
  canvas.onpointerup = canvas.onpointercancel = (e) => {
    pointers.delete(e.pointerId);
    if (pointers.size) return;
    const moved = drag?.moved;
    drag = null;
    if (moved) keep();
    else if (e.type === "pointerup") open(cell(e));
  };
  canvas.onwheel = (e) => {
    e.preventDefault();
    const box = canvas.getBoundingClientRect();
    zoom(e.deltaY > 0 ? 1.25 : 0.8, (e.clientX - box.left) / box.width);
  };
  canvas.onkeydown = (e) => {
    const at = cursor || { column: Math.round(from), head: 0 }, steps = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
    if (e.key in steps) {
      const [dx, dy] = cursor ? steps[e.key] : [0, 0];
      const next = { column: Math.min(neurons - 1, Math.max(0, at.column + dx)), head: Math.min(heads - 1, Math.max(0, at.head + dy)) };
      if (next.column < from) from = next.column;
      if (next.column >= from + count) from = next.column - count + 1;
      tell(next);
    } else if (e.key === "+" || e.key === "=") zoom(0.5, (at.column - from) / count);
    else if (e.key === "-") zoom(2, (at.column - from) / count);
    else if (e.key === "Enter" && cursor) open(cursor);
    else return;
    e.preventDefault();
  };
  document.querySelector("#in").onclick = () => zoom(0.5);
  document.querySelector("#out").onclick = () => zoom(2);
  view.oninput = () => {
    cursor = null;
    order();
    draw();
    keep();
  };
  new ResizeObserver(draw).observe(canvas);
  dark.onchange = draw;
  order();
  draw();
}
