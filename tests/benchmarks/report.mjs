// node report.mjs RESULTS.json > REPORT.md
//
// Reads what attention_benchmark measured and prints, for each instruction set and number of threads, the best and the
// median of each case beside those of the roof.
import { best, describeContext, number, readResults, settingOf } from './results.mjs';
import { median, percent, table } from './tables.mjs';
import { targetOfHalfTypes, targetShare } from './targets.mjs';

/** `attention/avx3/threads:1/f32/D:128/L:2048/full` */
function parse(name) {
  const [family, target, threads, dtype, headDim, length, mask, ...options] = name.split('/');
  return {
    family,
    setting: settingOf(target, threads),
    dtype,
    headDim: number(headDim),
    length: number(length),
    causal: mask === 'causal',
    options: options.join(', '),
  };
}

const verdict = (share, target) => (share >= target ? 'reached' : 'MISSED');
const mask = entry => (entry.causal ? 'causal' : 'full');

function roofShares(attention, roof) {
  const rows = attention
    .filter(entry => entry.dtype === 'f32')
    .map(entry => {
      const share = best(entry.rates) / best(roof.rates);
      const target = targetShare(entry);
      return [
        entry.headDim, mask(entry), entry.length, best(entry.rates).toFixed(1), median(entry.rates).toFixed(1),
        percent(share), percent(median(entry.rates) / median(roof.rates)),
        target === undefined ? '' : `${percent(target)}, ${verdict(share, target)}`,
      ];
    });
  const header = ['D', 'mask', 'L', 'best', 'median', 'share of roof', 'median share', 'target'];
  return table(header, rows, 2);
}

function specials(entries, roof) {
  const rows = entries.map(entry => [
    entry.options, mask(entry), entry.length, best(entry.rates).toFixed(1), median(entry.rates).toFixed(1),
    percent(best(entry.rates) / best(roof.rates)), percent(median(entry.rates) / median(roof.rates)),
  ]);
  return table(['f32, D = 128', 'mask', 'L', 'best', 'median', 'share of roof', 'median share'], rows, 2);
}

function halfTypes(attention) {
  const rows = attention
    .filter(entry => entry.dtype !== 'f32')
    .flatMap(entry => {
      const same = other => ['headDim', 'length', 'causal'].every(key => other[key] === entry[key]);
      const f32 = attention.find(other => other.dtype === 'f32' && same(other));
      if (f32 === undefined) return [];
      const ratio = best(entry.rates) / best(f32.rates);
      return [[
        entry.dtype, entry.headDim, mask(entry), entry.length,
        best(entry.rates).toFixed(1), median(entry.rates).toFixed(1),
        percent(ratio), percent(median(entry.rates) / median(f32.rates)),
        `${percent(targetOfHalfTypes)}, ${verdict(ratio, targetOfHalfTypes)}`,
      ]];
    });
  return rows.length === 0
    ? 'No 16-bit types were measured.'
    : table(['type', 'D', 'mask', 'L', 'best', 'median', 'of f32', 'median of f32', 'target'], rows, 3);
}

function sentences(entries) {
  const rows = entries.map(({ setting, times }) => [setting, Math.min(...times).toFixed(2), median(times).toFixed(2)]);
  return table(['setting', 'best, microseconds', 'median, microseconds'], rows, 1);
}

function report({ context, entries }) {
  const settings = [...new Set(entries.map(entry => entry.setting))];
  const of = (family, setting) => entries.filter(entry => entry.family === family && entry.setting === setting);
  const parts = [
    '# Attention',
    ...describeContext(context),
    'GFLOP/s; 16 heads, batch 1, causal counts half the operations, the backward pass 2.5 times the forward. A share is the best repetition over the best ' +
      'of the roof, a median share the median over the median of the roof.',
  ];
  for (const setting of settings) {
    const [roof] = of('roof', setting);
    const passes = [['Forward', of('attention', setting)], ['Backward', of('backward', setting)]];
    if (roof === undefined || passes.every(([, entries]) => entries.length === 0)) continue;
    parts.push(
      `## ${setting}`,
      `Roof: best ${best(roof.rates).toFixed(1)}, median ${median(roof.rates).toFixed(1)} GFLOP/s of f32 ` +
        `multiply-adds, ${roof.rates.length} repetitions.`);
    for (const [title, entries] of passes.filter(([, entries]) => entries.length > 0)) {
      parts.push(`### ${title}`, roofShares(entries, roof), halfTypes(entries));
    }
    const special = of('special', setting);
    if (special.length > 0) parts.push('### Special cases', specials(special, roof));
  }
  const short = entries.filter(entry => entry.family === 'sentence');
  if (short.length > 0) parts.push('## A sentence of 13 tokens, 4 heads of 64, f32, one thread', sentences(short));
  return parts.join('\n\n');
}

const [path] = process.argv.slice(2);
if (path === undefined) {
  console.error('usage: node report.mjs RESULTS.json');
  process.exit(2);
}
console.log(report(readResults(path, parse)));
