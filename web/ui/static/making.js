// What is being made while its beginning is shown: how far that is, and when it is there.
import { base, element } from "./facet.js";

const at = document.querySelector("#making");
const text = at.querySelector("span");
const bar = at.querySelector("progress");
const events = new EventSource(`${base}/api/v1/jobs/${at.dataset.job}/events`);

events.addEventListener("progress", (event) => {
  const job = JSON.parse(event.data);
  if (!job.step || job.total <= 0) return;
  text.textContent = `You see the first images of the atlas. The whole one is being made: ${job.step}, ${job.done} of ${job.total}.`;
  bar.max = job.total;
  bar.value = job.done;
});

events.addEventListener("end", (event) => {
  events.close();
  bar.remove();
  const job = JSON.parse(event.data);
  if (job.state === "done") text.replaceChildren("The whole atlas is ready. ", element("a", { href: location.href }, "Show it"));
  else text.textContent = `The whole atlas was not made${job.problem ? `: ${job.problem}` : ""}. You see the first images of it.`;
});
