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
import { operators } from './model.mjs';
import { OnnxRuntime } from './onnxruntime.mjs';

const PLAIN = { heads: 16, group: 1, window: 0 };
const TOLERANCE = 1e-3;
const SECONDS_A_TURN = 0.05;
const SECONDS_A_CASE = 30;
const MOST_TURNS = 10;
const LEAST_TURNS = 3;
const REST = 20; // milliseconds between turns, for idle threads of the other side to stop spinning

// The longest runs take many seconds: they are left to two threads, and to the operator that won at the length before.
const LENGTHS = [128, 512, 2048];
const LONG = 8192;

function* problems(threads, quick) {
  for (const headDim of [64, 128]) {
    for (const causal of [false, true]) {
      for (const length of threads > 1 && !quick ? [...LENGTHS, LONG] : LENGTHS) {
        yield { ...PLAIN, headDim, queries: length, keys: length, causal, threads };
      }
    }
  }
}

// What language models ask for: keys shared by query heads, a window, and one new token over a long cache.
function* specialProblems(threads) {
  const special = { headDim: 128, causal: true, window: 0, threads };
  yield { ...special, heads: 16, group: 4, queries: 2048, keys: 2048 };
  yield { ...special, heads: 16, group: 4, queries: 4096, keys: 4096, window: 512 };
  yield { ...special, heads: 8, group: 1, queries: 1, keys: 8192, causal: false };
  yield { ...special, heads: 32, group: 4, queries: 1, keys: 8192, causal: false };
}

function flops({ heads, headDim, queries, keys, causal, window }) {
  const hidden = window > 0 ? (keys - window) ** 2 / 2 : 0;
  return 4 * heads * headDim * (queries * keys * (causal ? 0.5 : 1) - hidden);
}

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

/** The operators' fastest session, warmed up. The results of all must agree with ours. */
async function choose(runtime, operators, problem, [query, key, value, expected]) {
  let chosen;
  for (const operator of operators) {
    const session = await runtime.session(operator, problem, [query, key, value]);
    let seconds = await session.run(1);
    const difference = largestDifference(expected, session.output);
    if (!(difference <= TOLERANCE)) throw new Error(`${operator.name} differs from ours by ${difference}`);
    if (operators.length > 1) seconds = await turn(session, seconds); // a first run is slower than the others
    const faster = chosen === undefined || seconds < chosen.seconds;
    await (faster ? chosen?.session : session)?.release();
    if (faster) chosen = { session, seconds, difference };
  }
  return chosen;
}

async function compare(server, runtime, operators, problem, mostTurns) {
  const target = await server.prepare(problem);
  const oursOnce = await server.run(1);
  const tensors = await server.tensors(problem, join(tmpdir(), `kernels-interop-${process.pid}.bin`));
  const { session, seconds: theirsOnce, difference } = await choose(runtime, operators, problem, tensors);

  const turns = Math.floor(SECONDS_A_CASE / (oursOnce + theirsOnce));
  const ours = [];
  const theirs = [];
  for (let i = 0; i < Math.min(Math.max(turns, LEAST_TURNS), mostTurns); i++) {
    ours.push(await turn(server, oursOnce));
    theirs.push(await turn(session, theirsOnce));
  }
  await session.release();
  return { problem, target, operatorName: session.operatorName, difference, ours, theirs };
}

const maskOf = ({ causal, window }) => (window > 0 ? `window ${window}` : causal ? 'causal' : 'full');

function row({ problem, operatorName, difference, ours, theirs }) {
  const rate = seconds => (flops(problem) / seconds / 1e9).toFixed(1);
  const [ourBest, theirBest] = [Math.min(...ours), Math.min(...theirs)];
  return [
    `${problem.heads} / ${problem.heads / problem.group}`, problem.headDim, maskOf(problem), operatorName,
    problem.queries, problem.keys, ours.length, rate(ourBest), rate(median(ours)), rate(theirBest),
    rate(median(theirs)), (theirBest / ourBest).toFixed(2), difference.toExponential(1),
  ];
}

/** What a call of ONNX Runtime from node costs, in microseconds: an attention of one token with one key. */
async function costOfCall(runtime, threads) {
  const problem = { heads: 1, group: 1, headDim: 8, queries: 1, keys: 1, causal: false, window: 0, threads };
  const session = await runtime.session(operators[0], problem, [1, 2, 3].map(() => new Float32Array(8)));
  await session.run(1);
  const seconds = [];
  while (seconds.length < MOST_TURNS) seconds.push(await turn(session, SECONDS_A_TURN / 1000));
  await session.release();
  return 1e6 * Math.min(...seconds);
}

async function measure(server, runtime, threads, quick) {
  const results = [];
  for (const problem of [...problems(threads, quick), ...specialProblems(threads)]) {
    const before = results.at(-1)?.operatorName;
    const able = operators.filter(operator => operator.does(problem));
    const candidates = problem.queries === LONG ? able.filter(({ name }) => name === before) : able;
    results.push(await compare(server, runtime, candidates, problem, quick ? LEAST_TURNS : MOST_TURNS));
    console.error(row(results.at(-1)).join(' '));
  }
  return results;
}

async function main(program, folder, threads, quick) {
  const runtime = new OnnxRuntime(folder);
  const server = new AttentionServer(program);
  const cost = await costOfCall(runtime, threads);
  const results = await measure(server, runtime, threads, quick);
  server.close();

  const header = [
    'heads', 'D', 'mask', 'its operator', 'queries', 'keys', 'turns', 'our best', 'our median', 'its best', 'its median', 'ratio of best',
    'difference',
  ];
  console.log([
    `## ONNX Runtime beside ours, ${threads} thread${threads > 1 ? 's' : ''}`,
    `${runtime.describe(threads)}; of its operators, the fastest one. A call from node costs ` +
      `${cost.toFixed(0)} microseconds, which its figures hold. Ours: ${results[0].target}. Both are pinned to the ` +
      'same processors and take turns.',
    table(header, results.map(row), 4),
    'GFLOP/s, f32, batch 1, heads of queries / of keys; causal counts half the operations, a window what it sees; ' +
      'difference: the largest between the two outputs.',
  ].join('\n\n'));
}

const [program, folder, threads, quick] = process.argv.slice(2);
if (threads === undefined) {
  console.error('usage: node benchmark.mjs SERVER RUNTIME_FOLDER THREADS [--quick]');
  process.exit(2);
}
await main(program, folder, Number(threads), quick === '--quick');
