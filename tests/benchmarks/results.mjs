// What Google Benchmark measured, shared by the reports.
import { readFileSync } from 'node:fs';

const GIGA = 1e9;

/** One entry for each benchmark, with what all its repetitions measured: rates in 10^9 a second, and times. */
export function readResults(path, parse) {
  const { context, benchmarks } = JSON.parse(readFileSync(path, 'utf8'));
  const entries = new Map();
  for (const repetition of benchmarks.filter(benchmark => benchmark.run_type === 'iteration')) {
    if (repetition.error_occurred) throw new Error(`${repetition.name}: ${repetition.error_message}`);
    const entry = entries.get(repetition.name) ??
      { ...parse(repetition.name.replace(/\/(real|manual)_time$/, ''), repetition), place: repetition.family_index, rates: [], times: [] };
    entry.rates.push((repetition['FLOP/s'] ?? repetition['B/s']) / GIGA);
    entry.times.push(repetition.real_time);
    entries.set(repetition.name, entry);
  }
  return { context, entries: [...entries.values()].sort((a, b) => a.place - b.place) };
}

export const number = text => Number(text?.split(':')[1]);
export const best = rates => Math.max(...rates);
export const settingOf = (target, threads) => `${target}, ${number(threads)} thread${number(threads) > 1 ? 's' : ''}`;

/** Lines that say what was measured, and on what. */
export const describeContext = context => [
  `Processor: ${context.processor}. Compiler: ${context.compiler}. ` +
    `Load when it began: ${context.load_avg[0].toFixed(1)}.`,
  ...Object.entries(context)
    .filter(([key]) => key.startsWith('without '))
    .map(([key, why]) => `Measured ${key}: ${why}`),
];
