/** The head of every page: where one can go, how news come, light or dark. */
import { ActionIcon, Button, useMantineColorScheme } from "@mantine/core";
import { type ReactNode } from "react";

import { forgetToken, useAccess } from "../access/access";
import { MoonIcon, SunIcon } from "../parts/icons";
import { ConnectionMark } from "./connection_mark";
import { Link } from "./link";
import { type Place } from "./place";
import css from "./app.module.css";

const PAGES = [
	{ page: "jobs", path: "/", name: "Dashboard" },
	{ page: "history", path: "/history", name: "History" },
	{ page: "overview", path: "/overview", name: "Overview" },
] as const;

export function Header({ page }: { page: Place["page"] }): ReactNode {
	const { hasToken } = useAccess();
	return (
		<header className={css.header}>
			<div className={css.headerInside}>
				<Link href="/" className={css.brand} aria-label="progressd, to the dashboard">
					<img src="/favicon.svg" alt="" width={26} height={26} />
					<span>progressd</span>
				</Link>
				<nav aria-label="Pages" className={css.nav}>
					{PAGES.map((each) => (
						<Link key={each.page} href={each.path} aria-current={each.page === page ? "page" : undefined}>
							{each.name}
						</Link>
					))}
				</nav>
				<div className={css.tools}>
					<ConnectionMark />
					{hasToken && (
						<Button size="compact-sm" variant="subtle" color="gray" onClick={forgetToken}>
							Sign out
						</Button>
					)}
					<SchemeSwitch />
				</div>
			</div>
		</header>
	);
}

function SchemeSwitch(): ReactNode {
	const { colorScheme, setColorScheme } = useMantineColorScheme({ keepTransitions: true });
	const isDark =
		colorScheme === "dark" || (colorScheme === "auto" && matchMedia("(prefers-color-scheme: dark)").matches);
	return (
		<ActionIcon
			size="lg"
			aria-label={isDark ? "Light colours" : "Dark colours"}
			onClick={() => setColorScheme(isDark ? "light" : "dark")}
		>
			{isDark ? <SunIcon /> : <MoonIcon />}
		</ActionIcon>
	);
}
