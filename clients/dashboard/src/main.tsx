/** Where the pages begin. */
import "./styles";

import { MantineProvider } from "@mantine/core";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";

import { AccessGate } from "./access/access_gate";
import { App } from "./app/app";
import { theme } from "./app/theme";

const root = document.getElementById("root");
if (root === null) throw new Error("the page has no root");

// Mantine would write its variables into a style element, which the policy of the page does not allow: tokens.css has them.
createRoot(root).render(
	<StrictMode>
		<MantineProvider theme={theme} defaultColorScheme="auto" withCssVariables={false} withGlobalClasses={false}>
			<AccessGate>
				<App />
			</AccessGate>
		</MantineProvider>
	</StrictMode>,
);
