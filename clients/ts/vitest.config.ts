import { fileURLToPath } from "node:url";

import { defineConfig } from "vitest/config";

const source = (path: string) => fileURLToPath(new URL(`./src/${path}`, import.meta.url));

export default defineConfig({
	resolve: {
		preserveSymlinks: true, // src/gen is a link to gen/ts
		alias: [
			{ find: /^progressd\/react$/, replacement: source("react/index.ts") },
			{ find: /^progressd\/node$/, replacement: source("node/index.ts") },
		],
	},
	test: {
		include: ["tests/**/*.test.{ts,tsx}"],
		testTimeout: 30_000,
		restoreMocks: true,
	},
});
