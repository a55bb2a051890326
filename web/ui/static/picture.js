import { bar, element, get, row, signed } from "./facet.js";

const form = document.querySelector("#ask");
const state = document.querySelector("#state");
form.addEventListener("submit", (e) => {
  e.preventDefault();
  explain(form.picture.files[0]);
});
for (const event of ["dragover", "drop"]) document.addEventListener(event, (e) => e.preventDefault());
document.addEventListener("drop", (e) => {
  if (!e.dataTransfer.files.length) return;
  form.picture.files = e.dataTransfer.files;
  explain(form.picture.files[0]);
});

async function explain(file) {
  if (!file) return;
  state.textContent = "Looking…";
  try {
    const init = { method: "POST", body: file, headers: { "Content-Type": file.type || "application/octet-stream" } };
    show(file, await get("explain", { text: form.text.value, against: form.text.value && form.against.value }, init));
  } catch (e) {
    state.textContent = e.message;
  }
}

function show(file, found) {
  state.textContent = "";
  const seen = document.querySelector("#seen");
  URL.revokeObjectURL(seen.src);
  seen.src = URL.createObjectURL(file);
  document.querySelector("#explanation").hidden = false;
  document.querySelector("#total").textContent = total(found);
  const most = Math.max(...found.groups.filter((g) => g.word !== "others").map((g) => Math.abs(g.amount)));
  document.querySelector("#groups thead").replaceChildren(row(["word", "part", "share", "against – for", "pairs"], "th"));
  document.querySelector("#groups tbody").replaceChildren(
    ...found.groups.map((g) => {
      const others = g.word === "others";
      const pairs = g.pairs.slice(0, 3).map((p) => `(${p.neuron},${p.head})`).join(" ");
      const count = g.pairs.length ? `${g.pair_count}: ${pairs}…` : "";
      return row([others ? `${g.pair_count} other words` : g.word, g.amount, `${signed(100 * g.share, 1)} %`, others ? "" : bar(g.amount, most), count]);
    }),
    row(["sum", found.groups_total, "", "", ""]),
  );
}

// total says what the parts sum to.
function total(found) {
  const what = found.text ? `The logit of “${found.text}” is ${found.total.toFixed(2)}.` : "The parts of the embedding.";
  if (!found.against) return what;
  const than = found.against.kind === "text" ? `“${found.against.name}”` : `The ${found.against.kind}`;
  return found.text ? `${what} ${than} has ${found.against.total.toFixed(2)}. These parts sum to the difference, ${signed(found.groups_total, 2)}:` : `${what} They are measured against ${than.toLowerCase()}.`;
}
