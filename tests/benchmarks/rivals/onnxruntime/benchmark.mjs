// node benchmark.mjs SERVER RUNTIME_FOLDER THREADS [--quick] > REPORT.md
//
// Attention by ONNX Runtime and by this library, in turns. SERVER is the program attention_server, RUNTIME_FOLDER where
// package.json beside this file is installed. Both sides run on the processors this process may use: pin it to as many
// as there are THREADS. Ends with an error if the two sides' results differ.
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { median, table } from '../../tables.mjs';
import { AttentionServer } from './attention_server.mjs';
import { OnnxRuntime } from './onnxruntime.mjs';

const HEADS = 16;
const TOLERANCE = 1e-3;
const ALTERNATIONS = 10;
const SECONDS_A_TURN = 0.05;
const LONG_RUN = 1; // seconds
const REST = 20; // milliseconds between turns, for idle threads of the other side to stop spinning

function* problems(threads, quick) {
  for (const headDim of [64, 128]) {
    for (const causal of [false, true]) {
      for (const length of quick ? [128, 512, 2048] : [128, 512, 2048, 8192]) {
        yield { heads: HEADS, headDim, length, causal, threads };
      }
    }
  }
}

const flops = ({ heads, headDim, length, causal }) => 4 * heads * length ** 2 * headDim * (causal ? 0.5 : 1);

function largestDifference(a, b) {
  let largest = 0;
  for (let i = 0; i < a.length; i++) {
    const difference = Math.abs(a[i] - b[i]);
    if (!(difference <= largest)) largest = difference; // NaN is the largest of all, and stays
  }
  return largest;
}

/** Seconds a run, over a turn that is long enough to be timed and begins with warm caches. */
async function turn(side, secondsOfOne) {
  await sleep(REST);
  const count = Math.ceil(SECONDS_A_TURN / secondsOfOne);
  if (count > 1) await side.run(1);
  return (await side.run(count)) / count;
}

/** The fastest session whose result agrees with ours. */
async function choose(sessions, expected) {
  let chosen;
  for (const session of sessions) {
    let seconds = await session.run(1);
    const difference = largestDifference(expected, session.output);
    if (!(difference <= TOLERANCE)) throw new Error(`${session.name} differs from ours by ${difference}`);
    if (seconds < LONG_RUN) seconds = await turn(session, seconds); // a first run is slower than the others
    if (chosen === undefined || seconds < chosen.seconds) chosen = { session, seconds, difference };
  }
  await Promise.all(sessions.filter(session => session !== chosen.session).map(session => session.release()));
  return chosen;
}

async function compare(server, runtime, problem, quick) {
  const target = await server.prepare(problem);
  const oursOnce = await server.run(1);
  const [query, key, value, expected] = await server.tensors(join(tmpdir(), `kernels-interop-${process.pid}.bin`));
  const sessions = await runtime.sessions(problem, [query, key, value]);
  const { session, seconds: theirsOnce, difference } = await choose(sessions, expected);

  const ours = [];
  const theirs = [];
  for (let i = 0; i < (quick ? 3 : ALTERNATIONS); i++) {
    ours.push(await turn(server, oursOnce));
    theirs.push(await turn(session, theirsOnce));
  }
  await session.release();
  return { problem, target, operator: session.name, difference, ours, theirs };
}

function row({ problem, operator, difference, ours, theirs }) {
  const rate = seconds => (flops(problem) / seconds / 1e9).toFixed(1);
  const [ourBest, theirBest] = [Math.min(...ours), Math.min(...theirs)];
  return [
    problem.headDim, problem.causal ? 'causal' : 'full', operator, problem.length, rate(ourBest), rate(median(ours)),
    rate(theirBest), rate(median(theirs)), (theirBest / ourBest).toFixed(2), difference.toExponential(1),
  ];
}

/** What a call of ONNX Runtime from node costs, in microseconds: an attention of one token with one key. */
async function costOfCall(runtime, threads) {
  const problem = { heads: 1, headDim: 8, length: 1, causal: false, threads };
  const sessions = await runtime.sessions(problem, [1, 2, 3].map(() => new Float32Array(8)));
  const seconds = await Promise.all(sessions.map(async session => turn(session, await session.run(1))));
  await Promise.all(sessions.map(session => session.release()));
  return 1e6 * Math.min(...seconds);
}

async function main(program, folder, threads, quick) {
  const runtime = new OnnxRuntime(folder);
  const server = new AttentionServer(program);
  const cost = await costOfCall(runtime, threads);
  const results = [];
  for (const problem of problems(threads, quick)) {
    results.push(await compare(server, runtime, problem, quick));
    console.error(row(results.at(-1)).join(' '));
  }
  server.close();

  console.log(`## ONNX Runtime beside ours, ${threads} thread${threads > 1 ? 's' : ''}\n`);
  console.log(`${runtime.describe(threads)}; of its two operators, the faster one. Ours: ` +
    `${results[0].target}. Both are pinned to the same processors and take turns, ${results[0].ours.length} each. A call from ` +
    `node costs ${cost.toFixed(0)} microseconds, which its figures hold.\n`);
  const header = [
    'D', 'mask', 'its operator', 'L', 'our best', 'our median', 'its best', 'its median', 'ratio of best', 'difference',
  ];
  console.log(table(header, results.map(row), 3));
  console.log('\nGFLOP/s, f32, 16 heads, batch 1, causal counts half the operations; difference: the largest between ' +
    'the two outputs.');
}

const [program, folder, threads, quick] = process.argv.slice(2);
if (threads === undefined) {
  console.error('usage: node benchmark.mjs SERVER RUNTIME_FOLDER THREADS [--quick]');
  process.exit(2);
}
await main(program, folder, Number(threads), quick === '--quick');
