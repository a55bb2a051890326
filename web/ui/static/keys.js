// Keys of every page. Keys that somebody types into a field are left alone.
const pages = { o: "", s: "search", p: "picture", w: "workbench", c: "compare", d: "drift" };
const help = [
  ["/", "search"], ["j k", "the next, the previous item"], ["Enter", "open the item"], ["← →", "the neighbour before, after"],
  ["g o", "Overview"], ["g s", "Search"], ["g p", "Picture"], ["g w", "Workbench"], ["g c", "Compare"], ["g d", "Drift"],
  ["?", "this list"], ["Esc", "close it"],
];
let before = "";

document.addEventListener("keydown", (e) => {
  if (e.ctrlKey || e.metaKey || e.altKey || e.target.closest("input, select, textarea, dialog, [data-keys]")) return;
  const done = act(e.key);
  before = e.key === "g" && before !== "g" ? "g" : "";
  if (done) e.preventDefault();
});
document.querySelector("#keys")?.addEventListener("click", showHelp);

function act(key) {
  if (before === "g" && key in pages) return to(pages[key]);
  switch (key) {
    case "/": return search();
    case "j": return move(1);
    case "k": return move(-1);
    case "ArrowLeft": return follow("prev");
    case "ArrowRight": return follow("next");
    case "?": return showHelp();
  }
  return false;
}

// to goes to a page that this explorer has: one without a link does not exist here.
function to(page) {
  const link = [...document.querySelectorAll("nav.site a")].find((a) => new URL(a.href).pathname === `${document.body.dataset.base}/${page}`);
  return link ? go(link.href) : false;
}

function go(to) {
  location.assign(to);
  return true;
}

// search goes to the field of this page, or to the page that has one.
function search() {
  const box = document.querySelector('input[name="text"]');
  if (!box) return go(`${document.body.dataset.base}/search`);
  box.focus();
  box.select();
  return true;
}

function move(by) {
  const items = [...document.querySelectorAll("main [data-item]")].filter((i) => i.offsetParent !== null || i.ownerSVGElement);
  if (!items.length) return false;
  const at = items.indexOf(document.activeElement);
  items[at < 0 ? (by > 0 ? 0 : items.length - 1) : Math.min(items.length - 1, Math.max(0, at + by))].focus();
  return true;
}

function follow(rel) {
  const link = document.querySelector(`main a[rel="${rel}"]`);
  return link ? go(link.href) : false;
}

function showHelp() {
  let dialog = document.querySelector("#help");
  if (!dialog) {
    dialog = document.createElement("dialog");
    dialog.id = "help";
    dialog.setAttribute("aria-label", "Keys");
    const list = document.createElement("dl");
    list.className = "facts";
    for (const [keys, what] of help) {
      const [dt, dd, kbd] = [document.createElement("dt"), document.createElement("dd"), document.createElement("kbd")];
      kbd.textContent = keys;
      dt.append(kbd);
      dd.textContent = what;
      list.append(dt, dd);
    }
    const close = document.createElement("button");
    close.textContent = "Close";
    close.addEventListener("click", () => dialog.close());
    dialog.append(list, close);
    document.body.append(dialog);
  }
  dialog.showModal();
  return true;
}
