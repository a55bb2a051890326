// The arithmetic of the workbench: what scaling units about their means does to logits (docs/design.md, 32). Nothing here touches the page.

// tables are the numbers of an answer, which come as base64 of float32.
export function tables(found) {
  const numbers = (text) => new Float32Array(Uint8Array.from(atob(text), (c) => c.charCodeAt(0)).buffer);
  return { products: numbers(found.products), lengths: numbers(found.lengths), unitProducts: numbers(found.unit_products), unitLengths: numbers(found.unit_lengths), grams: numbers(found.grams) };
}

// after are the logits of image n, with its embedding's length and its product with the embedding before.
export function after(found, t, scales, n) {
  const [K, L] = [found.units.length, found.classes.length], g = scales.map((s) => 1 - s);
  let square = t.lengths[n], along = t.lengths[n];
  for (let k = 0; k < K; k++) {
    along -= g[k] * t.unitLengths[n * K + k];
    square -= 2 * g[k] * t.unitLengths[n * K + k];
    for (let l = 0; l < K; l++) square += g[k] * g[l] * t.grams[(n * K + k) * K + l];
  }
  const length = Math.sqrt(Math.max(square, 1e-30)), logits = new Float64Array(L);
  for (let c = 0; c < L; c++) {
    let product = t.products[n * L + c];
    for (let k = 0; k < K; k++) product -= g[k] * t.unitProducts[(n * K + k) * L + c];
    logits[c] = (found.logit_scale * product) / length;
  }
  return { logits, cosine: along / (length * Math.sqrt(t.lengths[n])) };
}

// measure is what scales do to the images that are scored, and to the others by number.
export function measure(found, t, scales) {
  const texts = found.classes.length - found.texts, ones = scales.map(() => 1);
  const classes = found.classes.slice(0, texts).map((name) => ({ name, images: 0, before: 0, after: 0, logitBefore: 0, logitAfter: 0 }));
  const out = { classes, before: 0, after: 0, of: 0, cosine: 0, logits: (n) => after(found, t, scales, n).logits, logitsBefore: (n) => after(found, t, ones, n).logits };
  for (let n = 0; n < found.scored; n++) {
    const [was, now] = [after(found, t, ones, n), after(found, t, scales, n)], own = found.images[n].class;
    out.cosine += now.cosine / found.scored;
    if (own < 0) continue;
    const c = classes[own], right = (logits) => (best(logits, texts) === own ? 1 : 0), [b, a] = [right(was.logits), right(now.logits)];
    out.of++;
    out.before += b;
    out.after += a;
    c.images++;
    c.before += b;
    c.after += a;
    c.logitBefore += was.logits[own];
    c.logitAfter += now.logits[own];
  }
  for (const c of classes) if (c.images) [c.logitBefore, c.logitAfter] = [c.logitBefore / c.images, c.logitAfter / c.images];
  return out;
}

function best(logits, n) {
  let at = 0;
  for (let c = 1; c < n; c++) if (logits[c] > logits[at]) at = c;
  return at;
}
