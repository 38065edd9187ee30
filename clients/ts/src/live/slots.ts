/**
 * Browsers open few connections to one place (six over HTTP/1.1, counted over all tabs), so only some tabs may keep one open
 * for their stream; the others ask from time to time. Where there are no Web Locks nobody counts.
 */

const SLOTS = 4;

/** A right to keep one connection open; undefined: all are taken. Call it to give it back. */
export async function takeSlot(): Promise<(() => void) | undefined> {
	const locks = (globalThis as { navigator?: { locks?: LockManager } }).navigator?.locks;
	if (locks === undefined) return () => undefined;
	for (let slot = 0; slot < SLOTS; slot++) {
		const release = await tryLock(locks, `progressd-stream-${String(slot)}`);
		if (release !== undefined) return release;
	}
	return undefined;
}

function tryLock(locks: LockManager, name: string): Promise<(() => void) | undefined> {
	return new Promise((resolve, reject) => {
		locks
			.request(name, { ifAvailable: true }, (lock) => {
				if (lock === null) return resolve(undefined);
				return new Promise<void>((release) => resolve(release));
			})
			.catch(reject);
	});
}
