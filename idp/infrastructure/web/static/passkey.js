// Asks the browser for a passkey and sends its answer with the form. Without it the page offers other ways.
"use strict";
(() => {
  const form = document.getElementById("passkey");
  const button = form.querySelector("button[type=submit]");
  const trouble = document.getElementById("passkey-trouble");
  const bytes = text => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), c => c.charCodeAt(0));
  const text = buffer => btoa(String.fromCharCode(...new Uint8Array(buffer)))
    .replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
  const keys = list => (list || []).map(key => ({...key, id: bytes(key.id)}));

  const ask = options => {
    const publicKey = {...options, challenge: bytes(options.challenge)};
    if (!options.user) {
      publicKey.allowCredentials = keys(options.allowCredentials);
      return navigator.credentials.get({publicKey});
    }
    publicKey.user = {...options.user, id: bytes(options.user.id)};
    publicKey.excludeCredentials = keys(options.excludeCredentials);
    return navigator.credentials.create({publicKey});
  };

  const answer = credential => {
    const response = {};
    for (const name of ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"])
      if (credential.response[name]) response[name] = text(credential.response[name]);
    return JSON.stringify({id: credential.id, rawId: text(credential.rawId), type: credential.type, response});
  };

  if (!window.PublicKeyCredential) {
    document.getElementById("passkey-missing").hidden = false;
    return;
  }
  form.hidden = false;
  form.addEventListener("submit", async event => {
    event.preventDefault();
    trouble.hidden = true;
    button.disabled = true;
    try {
      form.elements.credential.value = answer(await ask(JSON.parse(form.dataset.options)));
      form.submit();
    } catch {
      trouble.hidden = false;  // cancelled, timed out, or no passkey here: the person may try again
      button.disabled = false;
    }
  });
})();
