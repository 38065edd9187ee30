/** The title of a page, with a sentence below it and what belongs to the right of it. */
import { type ReactNode } from "react";

import css from "./parts.module.css";

export function PageHead(props: { title: string; note?: ReactNode; children?: ReactNode }): ReactNode {
	return (
		<div className={css.pageHead}>
			<div>
				<h1>{props.title}</h1>
				{props.note !== undefined && <p>{props.note}</p>}
			</div>
			{props.children}
		</div>
	);
}

/** A part of a page with a title of its own. */
export function Card(props: { title: string; note?: ReactNode; tools?: ReactNode; children: ReactNode }): ReactNode {
	return (
		<section className={css.card}>
			<div className={css.cardHead}>
				<div>
					<h2>{props.title}</h2>
					{props.note !== undefined && <p>{props.note}</p>}
				</div>
				{props.tools}
			</div>
			{props.children}
		</section>
	);
}
