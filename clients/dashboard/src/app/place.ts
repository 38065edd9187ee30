/** Which page the address of the browser means. The daemon serves index.html for the same addresses. */
import { useSyncExternalStore } from "react";

export type Place =
	| { readonly page: "jobs" }
	| { readonly page: "history" }
	| { readonly page: "overview" }
	| { readonly page: "job"; readonly jobId: string }
	| { readonly page: "nowhere" };

const JOB = /^\/jobs\/([^/]+)$/;

export function placeOf(path: string): Place {
	switch (path) {
		case "/":
			return { page: "jobs" };
		case "/history":
			return { page: "history" };
		case "/overview":
			return { page: "overview" };
	}
	const jobId = decode(JOB.exec(path)?.[1]);
	return jobId === undefined ? { page: "nowhere" } : { page: "job", jobId };
}

export function pathOfJob(jobId: string): string {
	return `/jobs/${encodeURIComponent(jobId)}`;
}

function decode(part: string | undefined): string | undefined {
	try {
		return part === undefined ? undefined : decodeURIComponent(part);
	} catch {
		return undefined; // a lone % is no job's name
	}
}

const listeners = new Set<() => void>();

export function go(path: string): void {
	if (path !== location.pathname) history.pushState(null, "", path);
	scrollTo(0, 0);
	for (const listener of listeners) listener();
}

function subscribe(listener: () => void): () => void {
	listeners.add(listener);
	addEventListener("popstate", listener);
	return () => {
		listeners.delete(listener);
		removeEventListener("popstate", listener);
	};
}

/** The path that is shown now. */
export function usePath(): string {
	return useSyncExternalStore(subscribe, () => location.pathname);
}
