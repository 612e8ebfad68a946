// node report.mjs RESULTS.json > REPORT.md
//
// Reads what ggml_benchmark measured and prints, for each number of threads, the times of each case beside those of ggml.
import { best, describeContext, readResults, settingOf } from '../../results.mjs';
import { median, table } from '../../tables.mjs';

/** `ours/avx3/threads:1/H:32/f32/D:128/L:2048/causal/group:4/keys:f16`; of the roof, the first three parts. */
function parse(name, { difference }) {
  const [family, target, threads, ...parts] = name.split('/');
  const values = Object.fromEntries(parts.map(part => part.split(':')));
  return { family, setting: settingOf(target, threads), name: parts.join('/'), difference, ...values };
}

const least = times => Math.min(...times);

function row(ours, theirs) {
  const cells = [
    `${ours.H} / ${ours.H / (ours.group ?? 1)}`, ours.queries === undefined ? 'causal' in ours ? 'causal' : 'full' : '1 query', ours.D, ours.L,
    least(ours.times).toFixed(2), median(ours.times).toFixed(2),
  ];
  if (theirs === undefined) return [...cells, '', '', '', '', ''];
  return [
    ...cells, least(theirs.times).toFixed(2), median(theirs.times).toFixed(2),
    (least(theirs.times) / least(ours.times)).toFixed(2), (median(theirs.times) / median(ours.times)).toFixed(2),
    theirs.difference.toExponential(1),
  ];
}

function report({ context, entries }) {
  const parts = [
    "# llama.cpp's ggml beside ours",
    ...describeContext(context),
    `${context.rival}. Milliseconds of attention over keys and values of float16 under queries of float32, batch 1, heads of ` +
      "queries / of keys. The ratio is ggml's best over our best, the median ratio its median over our median: above 1, ours " +
      'is faster. The difference is that of the outputs, as a share of their norm.',
  ];
  const header = ['heads', 'case', 'D', 'keys', 'best, ms', 'median, ms', 'ggml, best', 'ggml, median', 'ratio', 'median ratio', 'difference'];
  for (const setting of new Set(entries.map(entry => entry.setting))) {
    const of = family => entries.filter(entry => entry.setting === setting && entry.family === family);
    const theirs = of('ggml'), [roof] = of('roof');
    parts.push(`## ${setting}`);
    if (roof) parts.push(`Roof: best ${best(roof.rates).toFixed(1)}, median ${median(roof.rates).toFixed(1)} GFLOP/s.`);
    parts.push(table(header, of('ours').map(entry => row(entry, theirs.find(({ name }) => name === entry.name))), 2));
  }
  return parts.join('\n\n');
}

const [path] = process.argv.slice(2);
if (path === undefined) {
  console.error('usage: node report.mjs RESULTS.json');
  process.exit(2);
}
console.log(report(readResults(path, parse)));
