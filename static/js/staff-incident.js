// The banner of what is wrong now comes and goes on the page that is open. Nobody stays signed in
// by it, and a page that nobody looks at does not ask.
const banner = document.querySelector("#incident");

async function look() {
  if (document.visibilityState !== "visible") return;
  try {
    const answer = await fetch(banner.dataset.url, { headers: { Accept: "text/html" } });
    if (answer.redirected) clearInterval(looking);
    else if (answer.ok) show(await answer.text());
  } catch {
    // the next look may do better
  }
}

function show(html) {
  if (html.trim() !== banner.innerHTML.trim()) banner.innerHTML = html;
}

const looking = banner ? setInterval(look, 1000 * Number(banner.dataset.seconds)) : 0;
document.addEventListener("visibilitychange", look);
