/**
 * How far long work has come: how much, how fast, how much longer. The surprise: where nobody looks
 * at a screen it is a line every few seconds, so that a log of it can be read.
 */
import type { Sink } from './output.ts';

export interface ProgressOptions {
  /** What is done: `orders`. */
  readonly label: string;
  /** Of what: `records`, or `bytes`, which are printed as kB, MB … */
  readonly unit: string;
  /** How much there is; undefined: nobody knows. */
  readonly total?: number | undefined;
  /** What was done before, by another run. */
  readonly done?: number;
  readonly now?: () => number;
}

const repaintMs = 100;
const lineMs = 5_000;

export class Progress implements Disposable {
  readonly #sink: Sink;
  readonly #options: ProgressOptions;
  readonly #now: () => number;
  readonly #started: number;
  readonly #before: number;
  #done: number;
  #total: number | undefined;
  #shownAt: number;
  #painted = false;

  constructor(sink: Sink, options: ProgressOptions) {
    this.#sink = sink;
    this.#options = options;
    this.#now = options.now ?? Date.now;
    this.#started = this.#now();
    this.#before = options.done ?? 0;
    this.#done = this.#before;
    this.#total = options.total;
    this.#shownAt = sink.isTTY ? 0 : this.#started;
  }

  /** So much more is done. */
  add(count: number): void {
    this.#done += count;
    const now = this.#now();
    if (now - this.#shownAt < (this.#sink.isTTY ? repaintMs : lineMs)) return;
    this.#shownAt = now;
    this.#show(this.text(now));
  }

  /** There is so much in all. */
  set total(total: number) {
    this.#total = total;
  }

  /** `orders  1,234 of 5,000 records (24%), 411/s, 9 s left`. */
  text(now = this.#now()): string {
    const { label, unit } = this.#options;
    const seconds = (now - this.#started) / 1000;
    const rate = seconds > 0 ? (this.#done - this.#before) / seconds : 0;
    const total = this.#total;
    const amount =
      total === undefined
        ? amountOf(this.#done, unit)
        : `${amountOf(this.#done, unit, false)} of ${amountOf(total, unit)}`;
    const percent = total ? ` (${Math.floor((100 * this.#done) / total)}%)` : '';
    const left =
      total !== undefined && rate > 0 && total > this.#done
        ? `, ${durationText((total - this.#done) / rate)} left`
        : '';
    return `${label}  ${amount}${percent}, ${amountOf(Math.round(rate), unit, false)}/s${left}`;
  }

  /** It is over: the last line stays where somebody looks, with `summary` in place of it. */
  end(summary?: string): void {
    if (this.#painted) this.#sink.write('\r\u001b[K');
    this.#painted = false;
    if (summary !== undefined) this.#sink.write(`${summary}\n`);
  }

  [Symbol.dispose](): void {
    this.end();
  }

  #show(text: string): void {
    if (!this.#sink.isTTY) {
      this.#sink.write(`${text}\n`);
      return;
    }
    this.#painted = true;
    this.#sink.write(`\r${text.slice(0, (this.#sink.columns ?? 80) - 1)}\u001b[K`);
  }
}

/** `1,234 records`, `1.2 MB`. */
export function amountOf(count: number, unit: string, withUnit = true): string {
  if (unit === 'bytes') return bytesText(count);
  const number = count.toLocaleString('en-US');
  return withUnit ? `${number} ${unit}` : number;
}

/** `17 B`, `1.2 kB`, `34 MB`. */
export function bytesText(bytes: number): string {
  const names = ['B', 'kB', 'MB', 'GB', 'TB'];
  let size = bytes;
  let name = 0;
  for (; size >= 1000 && name < names.length - 1; name++) size /= 1000;
  return `${name > 0 && size < 10 ? size.toFixed(1) : Math.round(size)} ${names[name]}`;
}

/** `9 s`, `2 min 5 s`, `3 h 4 min`. */
export function durationText(seconds: number): string {
  const whole = Math.ceil(seconds);
  if (whole < 60) return `${whole} s`;
  const minutes = Math.floor(whole / 60);
  if (minutes < 60) return `${minutes} min ${whole % 60} s`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
