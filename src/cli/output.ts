/**
 * What a command says. The surprise: standard output is only for data, so that it can be piped or
 * read by a program; everything said to a person about it goes to standard error.
 */
import { styleText } from 'node:util';
import { Progress, type ProgressOptions } from './progress.ts';

/** A stream that text is written to; `process.stdout` is one. */
export interface Sink {
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
  write(data: string | Uint8Array, done?: (error?: Error | null) => void): boolean;
}

export interface Column<T> {
  readonly title: string;
  /** What stands in the cell; null and undefined: `-`. */
  of(row: T): string | number | null | undefined;
  /** As numbers are. */
  readonly right?: boolean;
}

type Style = Parameters<typeof styleText>[0];

/** What moves the cursor, changes colours or turns the direction of writing. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const controls = /[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g;
/** The same, but for what our own text is made of: lines, tabs, colours. */
const foreign = new RegExp(`(?![\\n\\t]|\\u001b\\[[\\d;]*m)${controls.source}`, 'g');

/** Names are whatever somebody has given: none is to be obeyed by a terminal. */
export function visible(text: string, unwanted: RegExp = controls): string {
  return text.replace(unwanted, (one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

export class Output {
  /** `--json` was said. */
  readonly json: boolean;
  readonly stdout: Sink;
  readonly stderr: Sink;
  readonly #isPlain: boolean;

  constructor(options: {
    readonly json: boolean;
    readonly stdout: Sink;
    readonly stderr: Sink;
    /** `NO_COLOR` is set. */
    readonly noColor?: boolean;
  }) {
    this.json = options.json;
    this.stdout = options.stdout;
    this.stderr = options.stderr;
    this.#isPlain = options.noColor ?? false;
  }

  /** Data: a line. */
  line(text: string): void {
    this.stdout.write(`${visible(text, foreign)}\n`);
  }

  /** Data: bytes as they are. Settles when there is room for more. */
  write(data: string | Uint8Array): Promise<void> | undefined {
    let settle: () => void = () => {};
    const room = this.stdout.write(data, () => settle());
    return room ? undefined : new Promise((resolve) => (settle = resolve));
  }

  /** Data as JSON, with `--json`; else what `forPeople` does. */
  result(value: unknown, forPeople: () => void): void {
    if (this.json) this.line(JSON.stringify(value, null, 2));
    else forPeople();
  }

  /** Rows under headings; with `--json` the rows themselves, as they are. */
  table<T>(rows: readonly T[], columns: readonly Column<T>[], value: unknown = rows): void {
    this.result(value, () => {
      for (const line of this.tableLines(rows, columns)) this.line(line);
    });
  }

  tableLines<T>(rows: readonly T[], columns: readonly Column<T>[]): string[] {
    const cells = rows.map((row) => columns.map(({ of }) => visible(String(of(row) ?? '-'))));
    const widths = columns.map(({ title }, column) =>
      Math.max(title.length, ...cells.map((line) => line[column].length)),
    );
    const lineOf = (line: readonly string[]) =>
      line
        .map((cell, column) => {
          const width = widths[column];
          return columns[column].right ? cell.padStart(width) : cell.padEnd(width);
        })
        .join('  ')
        .trimEnd();
    const heading = lineOf(columns.map(({ title }) => title));
    return [this.style('bold', heading, this.stdout), ...cells.map(lineOf)];
  }

  /** Names and values, one a line. */
  facts(facts: readonly (readonly [name: string, value: string | number | null])[]): void {
    const width = Math.max(...facts.map(([name]) => name.length));
    for (const [name, value] of facts) {
      this.line(
        `${this.style('bold', name.padEnd(width), this.stdout)}  ${visible(String(value ?? '-'))}`.trimEnd(),
      );
    }
  }

  /** To a person, about what is done: a line on standard error. */
  say(text: string): void {
    this.stderr.write(`${visible(text, foreign)}\n`);
  }

  /** The same, about what may be wrong. */
  warn(text: string): void {
    this.say(`${this.style('yellow', 'warning:', this.stderr)} ${text}`);
  }

  /** How far long work has come, on standard error. End it before something else is said. */
  progress(options: ProgressOptions): Progress {
    return new Progress(this.stderr, options);
  }

  /** Colour, where it is seen. */
  style(style: Style, text: string, sink: Sink): string {
    if (this.#isPlain || !sink.isTTY) return text;
    return styleText(style, text, { validateStream: false });
  }
}
