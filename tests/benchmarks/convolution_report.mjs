// node convolution_report.mjs RESULTS.json > REPORT.md
//
// Reads what long_convolution_benchmark measured and prints, for each instruction set and number of threads, the times of each
// case beside those of FFTW, and what shorter filters and masked spectra save.
import { describeContext, number, readResults, settingOf } from './results.mjs';
import { median, percent, table } from './tables.mjs';
import { targetOfConvolution } from './targets.mjs';

/** `convolution/avx3/threads:1/B:16x64/L:1024/K:1024/masked:0`, or `.../masked:50/scattered` */
function parse(name) {
  const [family, target, threads, rows, length, filterLength, masked, where] = name.split('/');
  return {
    family,
    target,
    setting: settingOf(target, threads),
    rows: rows?.slice(2),
    length: number(length),
    filterLength: number(filterLength),
    masked: number(masked),
    scattered: where === 'scattered',
  };
}

const least = times => Math.min(...times);
const isFull = entry => entry.filterLength === entry.length && entry.masked === 0;

function besideFftw(ours, theirs) {
  const rows = ours.filter(entry => entry.masked === 0).map(entry => {
    const keys = ['rows', 'length', 'filterLength'];
    const other = theirs.find(rival => keys.every(key => rival[key] === entry[key]));
    const cells = [entry.rows, entry.length, entry.filterLength, least(entry.times).toFixed(2), median(entry.times).toFixed(2)];
    if (other === undefined) return [...cells, '', '', '', '', ''];
    const ratio = least(other.times) / least(entry.times), target = targetOfConvolution[entry.target];
    const verdict = isFull(entry) ? `${target}, ${ratio >= target ? 'reached' : 'MISSED'}` : '';
    return [...cells, least(other.times).toFixed(2), median(other.times).toFixed(2), ratio.toFixed(2),
      (median(other.times) / median(entry.times)).toFixed(2), verdict];
  });
  const header = ['rows', 'L', 'taps', 'best, ms', 'median, ms', 'FFTW, best', 'FFTW, median', 'ratio', 'median ratio', 'target'];
  return table(header, rows, 1);
}

function savings(ours) {
  const rows = ours.filter(entry => !isFull(entry)).flatMap(entry => {
    const full = ours.find(other => isFull(other) && other.length === entry.length && other.rows === entry.rows);
    if (full === undefined) return [];
    return [[
      entry.length, entry.filterLength, `${entry.masked}%${entry.scattered ? ', scattered' : ''}`, least(entry.times).toFixed(2),
      percent(least(entry.times) / least(full.times)), percent(median(entry.times) / median(full.times)),
    ]];
  });
  if (rows.length === 0) return 'No shorter filter and no masked spectrum was measured.';
  return table(['L', 'taps', 'masked', 'best, ms', 'of the full one', 'median of the full one'], rows, 0);
}

function report({ context, entries }) {
  const parts = [
    '# Long convolution',
    ...describeContext(context),
    'Milliseconds of a causal convolution over float32, all rows. The ratio is FFTW\'s best over our best, the median ratio its ' +
      'median over our median: above 1, ours is faster.',
  ];
  if (!entries.some(entry => entry.family === 'fftw')) parts.push('FFTW was not there to compare with.');
  for (const setting of new Set(entries.map(entry => entry.setting))) {
    const of = family => entries.filter(entry => entry.setting === setting && entry.family === family);
    const ours = of('convolution');
    if (ours.length === 0) continue;
    parts.push(`## ${setting}`, besideFftw(ours, of('fftw')), '### Shorter filters and masked spectra', savings(ours));
  }
  return parts.join('\n\n');
}

const [path] = process.argv.slice(2);
if (path === undefined) {
  console.error('usage: node convolution_report.mjs RESULTS.json');
  process.exit(2);
}
console.log(report(readResults(path, parse)));
