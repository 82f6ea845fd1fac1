// Reads the path as a single-page app does, the configuration, and asks the API on its own origin.
const page = document.getElementById("page");
const api = document.getElementById("api");

function show() {
  const block = location.pathname.match(/^\/block\/(\d+)$/);
  page.textContent = block ? `Block ${block[1]}` : "Overview";
}

// How fast it felt, in the page itself: https://web.dev/articles/vitals
let shift = 0;
new PerformanceObserver((list) => {
  document.documentElement.dataset.lcp = Math.round(list.getEntries().at(-1).startTime);
}).observe({ type: "largest-contentful-paint", buffered: true });
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) shift += entry.hadRecentInput ? 0 : entry.value;
  document.documentElement.dataset.cls = shift.toFixed(3);
}).observe({ type: "layout-shift", buffered: true });

document.addEventListener("click", (event) => {
  const link = event.target.closest("nav a");
  if (link) {
    event.preventDefault();
    history.pushState({}, "", link.href);
    show();
  }
});
addEventListener("popstate", show);
show();

const [config, status] = await Promise.all([
  fetch("/config.json").then((answer) => answer.json()),
  fetch("/api/status").then((answer) => answer.json(), (error) => ({ error: String(error) })),
]);
api.textContent = JSON.stringify({ config, status }, null, 2);
document.documentElement.dataset.ready = "yes";
