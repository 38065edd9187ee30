/** The motion of a bar as a hook, for bars of your own. */
import { useEffect, useLayoutEffect, useRef, useState } from "react";

import { type ProgressInfo } from "../gen/progress/v1/job_pb.js";
import { startDrawing, stopDrawing } from "./frames.js";
import { type DrawnBy, Glide } from "./glide.js";

const QUERY = "(prefers-reduced-motion: reduce)";

function wantsMotion(): boolean {
	return typeof matchMedia === "undefined" || !matchMedia(QUERY).matches;
}

/**
 * Calls `draw` with the fraction to show, 0 to 1, at once and whenever it has moved, without rendering anything. It never goes
 * down within an attempt and run. What `draw` was in the latest render counts.
 */
export function useSmoothFraction(
	info: ProgressInfo | null | undefined,
	draw: (fraction: number) => void,
	by: DrawnBy = "progress",
): void {
	const [glides] = useState(() => ({ progress: new Glide("progress"), time: new Glide("time") }));
	const latest = useRef(draw);
	useLayoutEffect(() => {
		latest.current = draw;
	});
	const glide = glides[by];

	useLayoutEffect(() => {
		if (!info) return;
		glide.show(info, performance.now());
	}, [glide, info]);

	useEffect(() => {
		if (!info) return undefined;
		let drawn = NaN;
		const step = (nowMs: number) => {
			const fraction = glide.at(nowMs, wantsMotion());
			if (fraction !== drawn) latest.current((drawn = fraction));
			return glide.isGoing(nowMs);
		};
		step(performance.now());
		startDrawing(step);
		return () => stopDrawing(step);
	}, [glide, info]);
}
