/** One animation frame for everything that moves on a page. */

/** Draws once; says whether it wants the next frame, too. */
export type Draw = (nowMs: number) => boolean;

const moving = new Set<Draw>();
let isAsked = false;

/** Has `draw` called with each frame until it says no or is stopped. */
export function startDrawing(draw: Draw): void {
	moving.add(draw);
	ask();
}

export function stopDrawing(draw: Draw): void {
	moving.delete(draw);
}

function ask(): void {
	if (isAsked || moving.size === 0) return;
	isAsked = true;
	requestAnimationFrame((nowMs) => {
		isAsked = false;
		for (const draw of [...moving]) if (!draw(nowMs)) moving.delete(draw);
		ask();
	});
}
