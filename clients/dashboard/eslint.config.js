import { defineConfig } from "eslint/config";
import reactHooks from "eslint-plugin-react-hooks";
import tseslint from "typescript-eslint";

export default defineConfig(
	{ ignores: ["dist/", "public/"] },
	{
		files: ["**/*.{ts,tsx}"],
		extends: [tseslint.configs.strictTypeChecked, tseslint.configs.stylisticTypeChecked],
		plugins: { "react-hooks": reactHooks },
		languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
		rules: {
			...reactHooks.configs.recommended.rules,
			"@typescript-eslint/consistent-type-imports": ["error", { fixStyle: "inline-type-imports" }],
			// The compiler wants the brackets.
			"@typescript-eslint/dot-notation": "off",
			"@typescript-eslint/no-confusing-void-expression": [
				"error",
				{ ignoreArrowShorthand: true, ignoreVoidReturningFunctions: true },
			],
			// Does not see that a signal is aborted while others run.
			"@typescript-eslint/no-unnecessary-condition": "off",
			"@typescript-eslint/no-invalid-void-type": "off",
			"@typescript-eslint/no-unused-vars": ["error", { argsIgnorePattern: "^_", varsIgnorePattern: "^_" }],
			"@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true }],
			"max-lines": ["error", 500],
			"max-lines-per-function": ["error", 70],
		},
	},
	{
		files: ["tests/**"],
		rules: { "max-lines-per-function": "off", "@typescript-eslint/no-non-null-assertion": "off" },
	},
);
