/** Renders hooks under StrictMode with a fake service. */
import { cleanup, renderHook } from "@testing-library/react";
import { type ReactNode, StrictMode } from "react";
import { afterEach } from "vitest";

import { ProgressProvider } from "../../src/react/index.js";
import { type FakeService } from "../support/fake.js";

afterEach(cleanup);

export function wrapperOf(fake: FakeService) {
	return function Wrapper({ children }: { children: ReactNode }) {
		return (
			<StrictMode>
				<ProgressProvider client={fake.client}>{children}</ProgressProvider>
			</StrictMode>
		);
	};
}

export function renderWith<Result, Props>(fake: FakeService, hook: (props: Props) => Result, initialProps?: Props) {
	return renderHook(hook, { wrapper: wrapperOf(fake), ...(initialProps !== undefined && { initialProps }) });
}
