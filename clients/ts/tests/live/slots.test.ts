import { afterEach, describe, expect, test, vi } from "vitest";

import { takeSlot } from "../../src/live/slots.js";

/** Locks as browsers have them, as far as they are used here. */
function fakeLocks() {
	const held = new Set<string>();
	return {
		request: async (name: string, _options: unknown, hold: (lock: unknown) => unknown) => {
			const isFree = !held.has(name);
			if (isFree) held.add(name);
			await hold(isFree ? { name } : null);
			if (isFree) held.delete(name);
		},
	};
}

describe("takeSlot", () => {
	afterEach(() => vi.unstubAllGlobals());

	test("lets four tabs stream, and another one when one of them stops", async () => {
		vi.stubGlobal("navigator", { locks: fakeLocks() });
		const slots = [];
		for (let tab = 0; tab < 4; tab++) slots.push(await takeSlot());
		expect(slots.every((slot) => slot !== undefined)).toBe(true);
		expect(await takeSlot()).toBeUndefined();
		slots[2]?.();
		await vi.waitFor(async () => expect(await takeSlot()).toBeDefined());
	});

	test("does not count where nobody can", async () => {
		vi.stubGlobal("navigator", {});
		for (let tab = 0; tab < 10; tab++) expect(await takeSlot()).toBeDefined();
	});
});
