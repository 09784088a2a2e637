// Sets the remembered theme before the first paint; the console takes over from there.
try {
  document.documentElement.dataset.theme = localStorage.getItem("gangway.theme") || "auto";
} catch {
  // Storage may be forbidden; then the system decides.
}
