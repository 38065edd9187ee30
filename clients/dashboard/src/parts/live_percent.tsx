/** A percentage that moves with the bar beside it, written without rendering anything. */
import { type ReactNode, useRef } from "react";

import { type ProgressInfo } from "progressd";
import { useSmoothFraction } from "progressd/react";

export function LivePercent({ info, className }: { info: ProgressInfo; className?: string | undefined }): ReactNode {
	const text = useRef<HTMLSpanElement>(null);
	useSmoothFraction(info, (fraction) => {
		const percent = `${Math.floor(fraction * 100 + 1e-9)} %`;
		if (text.current !== null && text.current.textContent !== percent) text.current.textContent = percent;
	});
	// The bar says it to screen readers.
	return <span ref={text} className={className} aria-hidden />;
}
