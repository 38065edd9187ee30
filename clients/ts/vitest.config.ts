import { defineConfig } from "vitest/config";

export default defineConfig({
	resolve: { preserveSymlinks: true }, // src/gen is a link to gen/ts
	test: {
		include: ["tests/**/*.test.{ts,tsx}"],
		testTimeout: 30_000,
		restoreMocks: true,
	},
});
