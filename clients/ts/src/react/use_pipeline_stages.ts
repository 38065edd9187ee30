/** The table of stages as a hook. */
import { ConnectError } from "@connectrpc/connect";
import { useEffect, useState } from "react";

import { passesByItself } from "../errors.js";
import { type StageInfo } from "../gen/progress/v1/progress_service_pb.js";
import { getStages } from "../stages.js";
import { useProgressClient } from "./context.js";

export interface UsePipelineStagesResult {
	/** In order; what this package knows until the service has answered. */
	stages: readonly StageInfo[];
	error: string | null;
	/** The service has not answered yet. */
	isLoading: boolean;
}

/** The stages of a pipeline, by default of the default one, as the service has them. */
export function usePipelineStages(pipeline = ""): UsePipelineStagesResult {
	const client = useProgressClient();
	const [result, setResult] = useState<UsePipelineStagesResult>(() => ({
		stages: getStages(),
		error: null,
		isLoading: true,
	}));
	useEffect(() => {
		const controller = new AbortController();
		const { signal } = controller;
		client.getAllStages({ pipeline }, { signal }).then(
			({ stages }) => signal.aborted || setResult({ stages, error: null, isLoading: false }),
			(error: unknown) => {
				const text = passesByItself(error) ? null : ConnectError.from(error).rawMessage;
				if (!signal.aborted) setResult((before) => ({ ...before, error: text, isLoading: false }));
			},
		);
		return () => controller.abort();
	}, [client, pipeline]);
	return result;
}
