// Reads the path as a single-page app does, the configuration, and asks the API on its own origin.
const page = document.getElementById("page");
const api = document.getElementById("api");

function show() {
  const block = location.pathname.match(/^\/block\/(\d+)$/);
  page.textContent = block ? `Block ${block[1]}` : "Overview";
}

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
