/** How the pages are built: from the sources of clients/ts as they are, into files whose names change with their content. */
import { createHash } from "node:crypto";
import { fileURLToPath } from "node:url";

import { defineConfig } from "vitest/config";

const client = (path: string) => fileURLToPath(new URL(`../ts/src/${path}`, import.meta.url));
const API = process.env["PROGRESSD_URL"] ?? "http://127.0.0.1:7080";

export default defineConfig({
	resolve: {
		preserveSymlinks: true, // clients/ts/src/gen is a link to gen/ts
		alias: [
			{ find: /^progressd$/, replacement: client("index.ts") },
			{ find: /^progressd\/react$/, replacement: client("react/index.ts") },
		],
		dedupe: ["react", "react-dom", "@bufbuild/protobuf", "@connectrpc/connect", "@connectrpc/connect-web"],
	},
	css: {
		modules: {
			// The same on every machine, whatever folder the tree lies in.
			generateScopedName: (name, file) => `${name}_${shortHash(file.slice(file.lastIndexOf("/src/")))}`,
		},
	},
	build: {
		target: "es2022",
		modulePreload: { polyfill: false },
		assetsInlineLimit: 0,
		reportCompressedSize: false,
		rollupOptions: {
			onwarn: (warning, tell) => {
				// "use client" means servers that render pages; there is none.
				if (warning.code !== "MODULE_LEVEL_DIRECTIVE") tell(warning);
			},
			output: { manualChunks: (id) => (id.includes("/node_modules/") ? "library" : undefined) },
		},
	},
	server: { proxy: { "/progress.v1.ProgressTrackerService": API, "/api": API } },
	test: { include: ["tests/**/*.test.{ts,tsx}"], restoreMocks: true },
});

function shortHash(text: string): string {
	return createHash("sha256").update(text).digest("hex").slice(0, 5);
}
