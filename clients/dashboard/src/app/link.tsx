/** A link within the pages: an ordinary one for everything but a plain click. */
import { type ComponentProps, type MouseEvent, type ReactNode } from "react";

import { go } from "./place";

export function Link(props: ComponentProps<"a"> & { href: string }): ReactNode {
	const follow = (event: MouseEvent) => {
		if (event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
		event.preventDefault();
		go(props.href);
	};
	return <a {...props} onClick={follow} />;
}
