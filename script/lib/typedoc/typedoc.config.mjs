// How the pages of clients/ts are made; lies in build/typedoc beside the typedoc that it needs.
import { OptionDefaults } from "typedoc";

const client = new URL("../../clients/ts/", import.meta.url).pathname;

/** @type {Partial<import("typedoc").TypeDocOptions>} */
export default {
	name: "progressd for TypeScript and JavaScript",
	entryPoints: ["index.ts", "node/index.ts", "react/index.ts"].map((path) => `${client}src/${path}`),
	tsconfig: `${client}tsconfig.json`,
	readme: `${client}README.md`,
	blockTags: [...OptionDefaults.blockTags, "@generated"],
	excludeTags: [...OptionDefaults.excludeTags, "@generated"],
	disableSources: true,
	treatWarningsAsErrors: true,
	validation: { notExported: false },
};
