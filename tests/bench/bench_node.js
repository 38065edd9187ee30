/**
 * Sequential calls a second of the Node client, next to a bare SP echo in the same run: by the client's own SP connection,
 * because there is no kept SP library for Node to compare with.
 *
 *     node bench_node.js PACKAGE_FOLDER ECHO_URL DAEMON_URL [ROUNDS] [COUNT]
 *
 * Prints one JSON object with the medians over the rounds: {"echo_per_second", "calls_per_second", "ratio"}. The ratio of a
 * round is what counts; a round measures both, one after the other.
 */
const [folder, echoUrl, daemonUrl, rounds = "31", count = "500"] = process.argv.slice(2);
const { createNodeTransport, createProgressClient, PipelineStage } = await import(`${folder}/node/index.js`);
const { Connection, Fuse } = await import(`${folder}/node/connection.js`);
const { chooseAddress } = await import(`${folder}/node/address.js`);
const JOB = "bench";
const WARM_UP = 5000;
const BODY_BYTES = 70; // as long as the frame of the call

async function rate(call) {
	const started = performance.now();
	for (let made = 0; made < Number(count); made++) await call();
	return (Number(count) * 1000) / (performance.now() - started);
}

function median(values) {
	return values.sort((a, b) => a - b)[Math.floor(values.length / 2)];
}

const transport = createNodeTransport({ server: daemonUrl });
const client = createProgressClient({ transport });
await client.updateProgress({ jobId: JOB, stage: PipelineStage.TRANSCRIBING });
const echo = new Connection(chooseAddress(echoUrl));
const body = new Uint8Array(BODY_BYTES);
const never = new Fuse();
await echo.untilUp(never, false);
const [bare, ours, ratios] = [[], [], []];
const makeEcho = () => echo.exchange(body, never);
const makeCall = () => client.getProgress({ jobId: JOB });
for (let made = 0; made < WARM_UP; made++) await makeEcho().then(makeCall); // both compiled
for (let round = 0; round < Number(rounds); round++) {
	bare.push(await rate(makeEcho));
	ours.push(await rate(makeCall));
	ratios.push(ours.at(-1) / bare.at(-1));
}
console.log(JSON.stringify({ echo_per_second: median(bare), calls_per_second: median(ours), ratio: median(ratios) }));
echo.close();
transport.close();
