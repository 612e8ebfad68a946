// Statistics and Markdown shared by the reports.

export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** A Markdown table; the first `labels` columns are texts, the others numbers, aligned to the right. */
export function table(header, rows, labels) {
  const line = cells => `| ${cells.join(' | ')} |`;
  const rule = header.map((_, column) => (column < labels ? '---' : '---:'));
  return [header, rule, ...rows].map(line).join('\n');
}

export const percent = share => `${(100 * share).toFixed(1)}%`;
