/** What a client proves itself with, when nobody says. */
import { readFileSync } from "node:fs";

/**
 * The token in $PRG_TOKEN, else the first line of the file $PRG_TOKEN_FILE; undefined: there is none. Throws a TypeError that
 * quotes nothing of what was found.
 */
export function tokenOfEnvironment(): string | undefined {
	const token = process.env["PRG_TOKEN"] ?? "";
	const path = process.env["PRG_TOKEN_FILE"] ?? "";
	if (token !== "") return checked(token, "PRG_TOKEN");
	return path === "" ? undefined : checked(firstLine(path), "PRG_TOKEN_FILE");
}

function firstLine(path: string): string {
	try {
		return readFileSync(path, "utf8").split(/\r?\n/, 1)[0] ?? "";
	} catch {
		throw new TypeError(`PRG_TOKEN_FILE: cannot read ${path.slice(0, 200)}`);
	}
}

function checked(token: string, source: string): string {
	if (/^[!-~]+$/.test(token)) return token;
	throw new TypeError(`${source}: holds no token`);
}
