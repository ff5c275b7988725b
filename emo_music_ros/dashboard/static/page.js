/* Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0 */
"use strict";
// Two things the pages also do without it, only slower: what changes is shown at once, and a button
// does not load the page again. Only files are given by it. What comes is HTML that the server
// escaped.

const lost = document.getElementById("lost");
const told = document.getElementById("told");
const PATIENCE = 6000; // the server sends something every 2 s
let last = Date.now();

function follow(address) {
  const events = new EventSource(address);
  events.onmessage = (event) => {
    last = Date.now();
    for (const [name, html] of Object.entries(JSON.parse(event.data))) {
      const place = document.getElementById("now-" + name);
      if (place) place.innerHTML = html;
    }
  };
  events.addEventListener("over", () => {
    events.close();
    window.location.assign("/");
  });
  window.setInterval(() => {
    lost.hidden = Date.now() - last < PATIENCE;
    if (events.readyState === EventSource.CLOSED && Date.now() - last > 2 * PATIENCE) {
      window.location.reload(); // signed out, or started again
    }
  }, 1000);
}

async function send(form) {
  const answer = await fetch(form.action, {
    method: "POST",
    headers: { Accept: "application/json" },
    body: new URLSearchParams(new FormData(form)),
  });
  if (answer.headers.get("content-type").startsWith("application/json")) {
    told.textContent = (await answer.json()).told;
  } else {
    window.location.assign("/"); // signed out
  }
}

const place = document.getElementById("events");
if (place) follow(place.dataset.events);

async function give(form) {
  const answer = await fetch(form.action, {
    method: "POST",
    headers: { "Content-Type": "application/octet-stream", "X-Token": form.token.value },
    body: form.file.files[0],
  });
  if (answer.headers.get("content-type").startsWith("application/json")) {
    const found = await answer.json();
    told.textContent = found.told;
    document.getElementById("judged").innerHTML = found.html;
  } else {
    told.textContent = answer.status + " " + answer.statusText;
  }
}

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.classList.contains("upload")) {
    event.preventDefault();
    told.textContent = "…";
    give(form).catch(() => {
      told.textContent = "";
      lost.hidden = false;
    });
    return;
  }
  if (!new URL(form.action).pathname.startsWith("/control/")) return;
  event.preventDefault();
  told.textContent = "…";
  send(form).catch(() => {
    told.textContent = "";
    lost.hidden = false;
  });
});
