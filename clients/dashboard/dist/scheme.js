// Light or dark before the first pixel, so that nothing flashes. The key is the one under which Mantine keeps the choice.
(function () {
	var kept = null;
	try {
		kept = localStorage.getItem("mantine-color-scheme-value");
	} catch (_) {
		// kept nowhere
	}
	var isDark = kept === "dark" || (kept !== "light" && matchMedia("(prefers-color-scheme: dark)").matches);
	document.documentElement.setAttribute("data-mantine-color-scheme", isDark ? "dark" : "light");
})();
