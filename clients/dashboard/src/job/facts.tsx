/** What is known about a job besides its progress, as pairs of names and values. */
import { type ReactNode } from "react";

import { type ProgressInfo } from "progressd";

import { Link } from "../app/link";
import { pathOfJob } from "../app/place";
import { sourceOf } from "../parts/mood";
import { AgoText, SpanText } from "../parts/time_texts";
import css from "./job.module.css";

export function Facts({ pairs }: { pairs: readonly (readonly [string, ReactNode])[] }): ReactNode {
	return (
		<dl className={css.facts}>
			{pairs.map(([name, value]) => (
				<div key={name}>
					<dt>{name}</dt>
					<dd>{value}</dd>
				</div>
			))}
		</dl>
	);
}

export function JobFacts({ info }: { info: ProgressInfo }): ReactNode {
	const pairs: [string, ReactNode][] = [
		["Pipeline", info.pipeline],
		["Progress is", sourceOf(info).word.toLowerCase()],
		["Took so far", <SpanText key="span" from={info.createTime} to={info.endTime} />],
		["Created", <AgoText key="created" time={info.createTime} />],
		["Changed", <AgoText key="changed" time={info.updateTime} />],
		["Attempt", info.attempt],
	];
	if (info.endTime !== undefined) {
		pairs[2] = ["Took", <SpanText key="span" from={info.createTime} to={info.endTime} />];
		pairs.push(["Ended", <AgoText key="ended" time={info.endTime} />]);
	}
	if (info.total > 0)
		pairs.push(["Done in this stage", `${info.done.toLocaleString("en")} of ${info.total.toLocaleString("en")}`]);
	if (info.parent !== "")
		pairs.push([
			"Part of",
			<Link key="parent" href={pathOfJob(info.parent)}>
				{info.parent}
			</Link>,
		]);
	pairs.push(["Revision", info.revision.toLocaleString("en")]);
	return <Facts pairs={pairs} />;
}
