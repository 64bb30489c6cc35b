"use strict";

const part = (id) => document.getElementById(id);
const secret = location.hash.slice(1);

function tell(text) {
  part("message").textContent = text;
}

async function send(path, body) {
  const answer = await fetch(`/api/v1/links/${path}`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ secret, ...body }),
  });
  const found = answer.status === 204 ? null : await answer.json();
  if (!answer.ok) {
    throw new Error(`${found.detail} ${found.next_step}`.trim());
  }
  return found;
}

const TEXTS = {
  setup: "You make the first user: administrator and clinician. Choose a long password.",
  password: "Choose a new password for ",
  totp: "Your second factor will be taken away. Enter your present password, ",
};

function show(link) {
  tell(TEXTS[link.purpose] + (link.email ? `${link.email}.` : ""));
  const isNew = link.purpose === "setup";
  part("who").hidden = !isNew;
  part("email").required = part("name").required = isNew;
  if (link.purpose === "totp") {
    part("ask").textContent = "Present password";
    part("password").autocomplete = "current-password";
  }
  part("form").hidden = false;
  part(isNew ? "email" : "password").focus();
  part("form").addEventListener("submit", (event) => save(event, isNew));
}

async function save(event, isNew) {
  event.preventDefault();
  const body = { password: part("password").value };
  if (isNew) {
    body.email = part("email").value;
    body.display_name = part("name").value;
  }
  try {
    await send("use", body);
    part("form").hidden = true;
    history.replaceState(null, "", "/welcome");
    tell("Done. You can sign in with your e-mail address and password now.");
  } catch (error) {
    tell(error.message);
  }
}

if (secret) {
  send("inspect", {}).then(show, (error) => tell(error.message));
} else {
  tell("There is no link in this address. An administrator can make a new one.");
}
