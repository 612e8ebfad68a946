// node decode_report.mjs RESULTS.json > REPORT.md
//
// Reads what decode_benchmark measured and prints, for each instruction set and number of threads, the best and the median
// of each case beside those of the loop that reads the same memory, and beside what its arithmetic allows.
import { best, describeContext, number, readResults, settingOf } from './results.mjs';
import { median, percent, table } from './tables.mjs';
import { targetOfDecode, targetOfDecodeArithmetic } from './targets.mjs';

/** `decode/avx3/threads:1/bf16/i8/H:32x8/D:128/L:8192/pages:none`; of the roof, the first three parts. */
function parse(name) {
  const [family, target, threads, query, cache, heads, headDim, length, pages] = name.split('/');
  const [headsQ, headsKv] = (heads ?? '').slice(2).split('x').map(Number);
  return {
    family,
    target,
    setting: settingOf(target, threads),
    query,
    cache,
    headsQ,
    headsKv,
    headDim: number(headDim),
    length: number(length),
    pages: pages?.split(':')[1],
  };
}

const elementBytes = { f32: 4, f16: 2, bf16: 2, i8: 1 };

// Instructions for each vector of float32 that a cache's elements become, beyond the load, on the two units that
// multiply-adds run on. AVX2 has a third unit for shuffles and logic.
const conversions = {
  avx3: { f32: 0, f16: 2, bf16: 1, i8: 2 },
  avx2: { f32: 0, f16: 1, bf16: 0.5, i8: 1 },
};

/** GB/s at which multiply-adds and conversions alone would take the cache in, from the roof's GFLOP/s. */
function arithmeticRate({ target, cache, headsQ, headsKv, headDim }, roof) {
  const group = headsQ / headsKv;
  const elementsPerSecond = roof / 2 / (group + conversions[target][cache]);
  const scales = cache === 'i8' ? 4 / headDim : 0;
  return elementsPerSecond * (elementBytes[cache] + scales);
}

function verdict(share, ofArithmetic, readOfArithmetic) {
  if (targetOfDecode * readOfArithmetic <= targetOfDecodeArithmetic) {
    return `${percent(targetOfDecode)} of reading, ${share >= targetOfDecode ? 'reached' : 'MISSED'}`;
  }
  return `${percent(targetOfDecodeArithmetic)} of arithmetic, ${ofArithmetic >= targetOfDecodeArithmetic ? 'reached' : 'MISSED'}`;
}

function rows(entries, roof) {
  return entries
    .filter(entry => entry.family === 'decode')
    .map(entry => {
      const keys = ['query', 'cache', 'headsQ', 'headsKv', 'headDim', 'length', 'pages'];
      const read = entries.find(other => other.family === 'read' && keys.every(key => other[key] === entry[key]));
      const arithmetic = arithmeticRate(entry, best(roof.rates));
      const rate = best(entry.rates), share = rate / best(read.rates), ofArithmetic = rate / arithmetic;
      return [
        `${entry.headsQ} of ${entry.headsKv}`, entry.cache, entry.pages, entry.headDim, entry.length,
        rate.toFixed(1), median(entry.rates).toFixed(1), best(read.rates).toFixed(1), percent(share),
        percent(median(entry.rates) / median(read.rates)), arithmetic.toFixed(1), percent(ofArithmetic),
        verdict(share, ofArithmetic, best(read.rates) / arithmetic),
      ];
    });
}

function report({ context, entries }) {
  const parts = [
    '# Decoding',
    ...describeContext(context),
    'GB/s of keys, values and scales; batch 1, one query. A share is best over best, a median share median over median. What ' +
      'arithmetic allows: multiply-adds and conversions at the rate of the roof, nothing else.',
  ];
  for (const setting of new Set(entries.map(entry => entry.setting))) {
    const inSetting = entries.filter(entry => entry.setting === setting);
    const roof = inSetting.find(entry => entry.family === 'roof');
    if (roof === undefined || inSetting.length === 1) continue;
    const header = ['heads', 'cache', 'pages', 'D', 'L', 'best', 'median', 'loop', 'share of loop', 'median share',
      'arithmetic', 'share of arithmetic', 'target'];
    parts.push(`## ${setting}`, `Roof: best ${best(roof.rates).toFixed(1)}, median ${median(roof.rates).toFixed(1)} GFLOP/s.`,
      table(header, rows(inSetting, roof), 3));
  }
  return parts.join('\n\n');
}

const [path] = process.argv.slice(2);
if (path === undefined) {
  console.error('usage: node decode_report.mjs RESULTS.json');
  process.exit(2);
}
console.log(report(readResults(path, parse)));
