// Counts down how long staff may still act for the person who is present; the server judges by its own clock.
"use strict";
(() => {
  const left = document.getElementById("presence-left");
  const ends = performance.now() + Number(left.dataset.seconds) * 1000;
  const tick = () => {
    const seconds = Math.max(0, Math.round((ends - performance.now()) / 1000));
    if (seconds === 0) {
      left.textContent = left.dataset.over;
      return;
    }
    const rest = String(seconds % 60).padStart(2, "0");
    left.textContent = left.dataset.text.replace("0:00", `${Math.floor(seconds / 60)}:${rest}`);
    setTimeout(tick, 1000);
  };
  tick();
})();
