/** The few pictures that the pages need, drawn with the colour of the text beside them. */
import { type ReactNode } from "react";

function Icon({ children, size = 18 }: { children: ReactNode; size?: number | undefined }): ReactNode {
	return (
		<svg
			width={size}
			height={size}
			viewBox="0 0 24 24"
			fill="none"
			stroke="currentColor"
			strokeWidth="1.8"
			strokeLinecap="round"
			strokeLinejoin="round"
			aria-hidden
		>
			{children}
		</svg>
	);
}

export const SunIcon = () => (
	<Icon>
		<circle cx="12" cy="12" r="4" />
		<path d="M12 3v1.5M12 19.5V21M3 12h1.5M19.5 12H21M5.6 5.6l1.1 1.1M17.3 17.3l1.1 1.1M5.6 18.4l1.1-1.1M17.3 6.7l1.1-1.1" />
	</Icon>
);

export const MoonIcon = () => (
	<Icon>
		<path d="M20 14.5A8 8 0 0 1 9.5 4a8 8 0 1 0 10.5 10.5Z" />
	</Icon>
);

export const SearchIcon = () => (
	<Icon size={16}>
		<circle cx="11" cy="11" r="6.5" />
		<path d="m16 16 4.5 4.5" />
	</Icon>
);

export const StopIcon = () => (
	<Icon>
		<circle cx="12" cy="12" r="8.5" />
		<path d="m9 9 6 6M15 9l-6 6" />
	</Icon>
);

export const BackIcon = () => (
	<Icon size={16}>
		<path d="M15 5.5 8.5 12l6.5 6.5" />
	</Icon>
);

export const ForwardIcon = () => (
	<Icon size={16}>
		<path d="m9 5.5 6.5 6.5L9 18.5" />
	</Icon>
);
