/** Counters by name. Pure. */

export type Counts<Name extends string> = Record<Name, number>;

/** A counter for each name, all at nothing. */
export function noneOf<Name extends string>(names: readonly Name[]): Counts<Name> {
	return Object.fromEntries(names.map((name) => [name, 0])) as Counts<Name>;
}
