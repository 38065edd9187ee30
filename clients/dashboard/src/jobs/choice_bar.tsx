/** Search, and what kinds of jobs to show. */
import { CloseButton, NativeSelect, SegmentedControl, TextInput } from "@mantine/core";
import { type ReactNode, useEffect, useMemo, useRef } from "react";

import { JobState, type ProgressInfo } from "progressd";
import { usePipelineStages } from "progressd/react";

import { SearchIcon } from "../parts/icons";
import { type Choice, type Kind, KIND_WORDS, KINDS } from "./narrow";
import css from "./jobs.module.css";

interface ChoiceBarProps {
	choice: Choice;
	counts: Record<Kind, number>;
	jobs: readonly ProgressInfo[];
	change: (choice: Choice) => void;
}

export function ChoiceBar({ choice, counts, jobs, change }: ChoiceBarProps): ReactNode {
	const { stages } = usePipelineStages();
	const pipelines = useMemo(() => [...new Set(jobs.map((info) => info.pipeline))].sort(), [jobs]);
	const ongoing = stages.filter((stage) => stage.endsAs === JobState.UNSPECIFIED);
	return (
		<div className={css.choices}>
			<SearchField words={choice.words} change={(words) => change({ ...choice, words })} />
			<NativeSelect
				aria-label="Stage"
				className={css.select ?? ""}
				value={choice.status}
				onChange={(event) => change({ ...choice, status: event.currentTarget.value })}
				data={[
					{ value: "", label: "All stages" },
					...ongoing.map((stage) => ({ value: stage.status, label: stage.label })),
				]}
			/>
			{pipelines.length > 1 && (
				<NativeSelect
					aria-label="Pipeline"
					className={css.select ?? ""}
					value={choice.pipeline}
					onChange={(event) => change({ ...choice, pipeline: event.currentTarget.value })}
					data={[{ value: "", label: "All pipelines" }, ...pipelines]}
				/>
			)}
			<SegmentedControl
				aria-label="Kinds of jobs"
				className={css.kinds ?? ""}
				value={choice.kind}
				onChange={(kind) => change({ ...choice, kind: kind as Kind })}
				data={KINDS.map((kind) => ({
					value: kind,
					label: (
						<>
							{KIND_WORDS[kind]} <span className={css.count}>{counts[kind]}</span>
						</>
					),
				}))}
			/>
		</div>
	);
}

/** The key "/" goes to it, as on many pages. */
function SearchField({ words, change }: { words: string; change: (words: string) => void }): ReactNode {
	const field = useRef<HTMLInputElement>(null);
	useEffect(() => {
		const press = (event: KeyboardEvent) => {
			const isTyping = event.target instanceof Element && event.target.closest("input, textarea, select") !== null;
			if (event.key !== "/" || isTyping || event.ctrlKey || event.metaKey || event.altKey) return;
			event.preventDefault();
			field.current?.focus();
		};
		addEventListener("keydown", press);
		return () => removeEventListener("keydown", press);
	}, []);
	return (
		<TextInput
			ref={field}
			className={css.search ?? ""}
			aria-label="Search jobs"
			placeholder="Search name, message, metadata"
			leftSection={<SearchIcon />}
			rightSection={words !== "" && <CloseButton size="sm" aria-label="Clear search" onClick={() => change("")} />}
			rightSectionPointerEvents="all"
			value={words}
			onChange={(event) => change(event.currentTarget.value)}
		/>
	);
}
