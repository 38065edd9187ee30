/** What stands where there is nothing to show, and what is wrong where something cannot be shown. */
import { Alert } from "@mantine/core";
import { type ReactNode } from "react";

import css from "./parts.module.css";

/** `isPage`: there is nothing else on the page, so that this is its title. */
export function Blank(props: { title: string; isPage?: boolean; children?: ReactNode }): ReactNode {
	const Title = props.isPage ? "h1" : "h2";
	return (
		<div className={css.blank}>
			<Title>{props.title}</Title>
			{props.children !== undefined && <div>{props.children}</div>}
		</div>
	);
}

export function Trouble({ text }: { text: string | null }): ReactNode {
	if (text === null) return null;
	return (
		<Alert color="red" variant="light" title="This cannot be shown" className={css.trouble ?? ""}>
			{text}
		</Alert>
	);
}
