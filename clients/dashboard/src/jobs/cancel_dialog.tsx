/** Asks before a job is cancelled, and why. */
import { Button, Modal, TextInput } from "@mantine/core";
import { ConnectError } from "@connectrpc/connect";
import { type FormEvent, type ReactNode, useState } from "react";

import { type ProgressInfo } from "progressd";
import { useProgressClient } from "progressd/react";

import css from "./jobs.module.css";

export function CancelDialog({ job, close }: { job: ProgressInfo | null; close: () => void }): ReactNode {
	// Locking the scroll would write a style element, which the policy of the page does not allow.
	return (
		<Modal.Root opened={job !== null} onClose={close} lockScroll={false} centered padding="lg">
			<Modal.Overlay />
			<Modal.Content aria-label="Cancel this job?" className={css.dialogFrame ?? ""}>
				<Modal.Body>{job !== null && <Question jobId={job.jobId} close={close} />}</Modal.Body>
			</Modal.Content>
		</Modal.Root>
	);
}

function Question({ jobId, close }: { jobId: string; close: () => void }): ReactNode {
	const client = useProgressClient();
	const [reason, setReason] = useState("");
	const [error, setError] = useState<string | null>(null);
	const [isAsking, setAsking] = useState(false);
	const submit = (event: FormEvent) => {
		event.preventDefault();
		setAsking(true);
		client.cancelJob({ jobId, reason: reason.trim() }).then(close, (cause: unknown) => {
			setError(ConnectError.from(cause).rawMessage);
			setAsking(false);
		});
	};
	return (
		<form onSubmit={submit} className={css.dialog}>
			<h2>Cancel this job?</h2>
			<p>
				The worker of <strong>{jobId}</strong> will be asked to stop. What it has done so far may be lost.
			</p>
			<TextInput
				label="Reason"
				description="Shown to others; may stay empty"
				maxLength={500}
				value={reason}
				error={error}
				onChange={(event) => setReason(event.currentTarget.value)}
				data-autofocus
			/>
			<div className={css.dialogButtons}>
				<Button variant="default" onClick={close}>
					Keep it running
				</Button>
				<Button type="submit" color="red" loading={isAsking}>
					Cancel the job
				</Button>
			</div>
		</form>
	);
}
