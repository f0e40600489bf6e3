// Asks every two seconds how far the login by picture has come, and shows the page anew when it went on.
"use strict";
(() => {
  const status = document.getElementById("qr");
  const ask = async () => {
    try {
      const answer = await fetch(status.dataset.stateUrl, {cache: "no-store"});
      if (answer.ok && (await answer.json()).state !== status.dataset.state) {
        location.replace(status.dataset.hereUrl);
        return;
      }
    } catch {
      // The network is away for a moment: ask again.
    }
    setTimeout(ask, 2000);
  };
  setTimeout(ask, 2000);
})();
