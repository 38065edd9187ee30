/** Numbers and times as words. Pure. */

const MINUTE = 60;
const HOUR = 3600;
const DAY = 86_400;

/** A time span to be read exactly: "48 s", "3 min 05 s", "2 h 07 min", "3 d 4 h". */
export function formatDuration(seconds: number): string {
	const whole = Math.max(0, Math.round(seconds));
	if (seconds < 9.95 && seconds >= 0.05) return `${seconds.toFixed(1)} s`;
	if (whole < MINUTE) return `${whole} s`;
	if (whole < HOUR) return `${Math.floor(whole / MINUTE)} min ${pad(whole % MINUTE)} s`;
	if (whole < DAY) return `${Math.floor(whole / HOUR)} h ${pad(Math.floor((whole % HOUR) / MINUTE))} min`;
	if (whole < 100 * DAY) return `${Math.floor(whole / DAY)} d ${Math.floor((whole % DAY) / HOUR)} h`;
	return `${Math.floor(whole / DAY).toLocaleString("en")} d`;
}

/** A guess of a time span, no more exact than it is: "a few seconds", "40 s", "3 min", "1.5 h", "months". */
export function formatGuess(seconds: number): string {
	if (seconds < 5) return "a few seconds";
	if (seconds < 55) return `${Math.ceil(seconds / 5) * 5} s`;
	if (seconds < 99 * MINUTE) return `${Math.max(1, Math.round(seconds / MINUTE))} min`;
	if (seconds < 2 * DAY) return `${trim(seconds / HOUR)} h`;
	if (seconds > 60 * DAY) return "months";
	return `${trim(seconds / DAY)} d`;
}

/** How long ago: "just now", "5 min ago", "3 h ago", "2 d ago". */
export function formatAgo(seconds: number): string {
	if (seconds < 10) return "just now";
	if (seconds < MINUTE) return `${Math.floor(seconds)} s ago`;
	if (seconds < HOUR) return `${Math.floor(seconds / MINUTE)} min ago`;
	if (seconds < DAY) return `${Math.floor(seconds / HOUR)} h ago`;
	return `${Math.floor(seconds / DAY)} d ago`;
}

/** A place on a clock that began at 0: "0:00", "3:05", "1:02:03". */
export function formatClock(seconds: number): string {
	const whole = Math.round(seconds);
	const hours = Math.floor(whole / HOUR);
	const minutes = Math.floor((whole % HOUR) / MINUTE);
	const rest = `${hours > 0 ? pad(minutes) : minutes}:${pad(whole % MINUTE)}`;
	return hours > 0 ? `${hours}:${rest}` : rest;
}

/** "1 job", "2 jobs", "1,200 jobs". */
export function formatCount(count: number, noun: string): string {
	return `${count.toLocaleString("en")} ${noun}${count === 1 ? "" : "s"}`;
}

/** "87 %"; of nothing: "–". */
export function formatShare(part: number, whole: number): string {
	return whole === 0 ? "–" : `${Math.round((100 * part) / whole)} %`;
}

function pad(number: number): string {
	return String(number).padStart(2, "0");
}

function trim(number: number): string {
	return number < 10 ? String(Math.round(number * 10) / 10) : String(Math.round(number));
}
