/** What Mantine is told at run time; colours and sizes stand in tokens.css. */
import { createTheme } from "@mantine/core";

export const theme = createTheme({
	fontFamily: "var(--font)",
	defaultRadius: "md",
	cursorType: "pointer",
	respectReducedMotion: true,
	components: {
		ActionIcon: { defaultProps: { variant: "subtle", color: "gray" } },
	},
});
