/** What a benchmark is to the program that runs it, and what all of them write. */
import type { Ratio } from './statistics.ts';

export interface Benchmark {
  /** One line. */
  readonly summary: string;
  readonly help: string;
  /** Settles with whether every ratio holds. Throws UsageError for arguments it does not know. */
  run(args: readonly string[]): Promise<boolean>;
}

/** A command line that cannot be obeyed; the message is for the person who typed it. */
export class UsageError extends Error {}

/** Somebody wanted no more, and all that was started is stopped. */
export class Stopped extends Error {}

const quietMs = 5_000;
let lastLine = Number.NEGATIVE_INFINITY;

/** Says how far a long piece of work is: on one line of a terminal, elsewhere now and then. */
export function progress(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${text}`);
  else if (performance.now() - lastLine >= quietMs) {
    console.error(text);
    lastLine = performance.now();
  }
}

/** Ends the line that `progress` wrote on. */
export function progressDone(): void {
  if (process.stderr.isTTY) process.stderr.write('\r\x1b[K');
}

/** For example `1.02 (0.99 to 1.04)`. */
export function ratioText({ ratio, low, high }: Ratio): string {
  return `${ratio.toFixed(2)} (${low.toFixed(2)} to ${high.toFixed(2)})`;
}

/** Columns as wide as what is in them. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column]))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
