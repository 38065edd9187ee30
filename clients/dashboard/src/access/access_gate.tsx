/** Shows the pages, or asks for a token where the service wants one. */
import { Button, PasswordInput } from "@mantine/core";
import { type FormEvent, type ReactNode, useState } from "react";

import { ProgressProvider } from "progressd/react";

import { keepToken, useAccess } from "./access";
import css from "./access.module.css";

export function AccessGate({ children }: { children: ReactNode }): ReactNode {
	const { isRefused, hasToken, client } = useAccess();
	return isRefused ? (
		<TokenPage wasRefused={hasToken} />
	) : (
		<ProgressProvider client={client}>{children}</ProgressProvider>
	);
}

function TokenPage({ wasRefused }: { wasRefused: boolean }): ReactNode {
	const [token, setToken] = useState("");
	const submit = (event: FormEvent) => {
		event.preventDefault();
		if (token.trim() !== "") keepToken(token.trim());
	};
	return (
		<main className={css.page}>
			<form className={css.form} onSubmit={submit}>
				<img src="/favicon.svg" alt="" width={40} height={40} />
				<h1>Sign in to progressd</h1>
				<p>This service asks for a token. It is kept in this tab until you close it.</p>
				<PasswordInput
					label="Token"
					value={token}
					onChange={(event) => setToken(event.currentTarget.value)}
					error={wasRefused ? "The service does not take this token." : null}
					autoComplete="off"
					data-autofocus
					autoFocus
					size="md"
				/>
				<Button type="submit" size="md" fullWidth>
					Sign in
				</Button>
			</form>
		</main>
	);
}
