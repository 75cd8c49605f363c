/**
 * JSON objects one after the other in one body, with white space or nothing between them, as they
 * arrive. The surprise: a chunk may end anywhere, in a string or in a character, and what is
 * complete is to be answered before the rest has come.
 */
import { maxBodyBytes } from '../body.ts';

const code = {
  backslash: 0x5c,
  closing: 0x7d,
  closingList: 0x5d,
  opening: 0x7b,
  openingList: 0x5b,
  quote: 0x22,
  space: 0x20,
} as const;

export class JsonStream {
  /** Why nothing after the last complete object can be read; undefined: all is well. */
  error: string | undefined;
  readonly #decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: false });
  /** The object that is not complete yet, as far as it has come. */
  #text = '';
  #depth = 0;
  #inString = false;
  #escaped = false;

  /** The texts of the objects that this chunk completes. */
  push(chunk: Uint8Array): string[] {
    const scanned = this.#text.length;
    this.#text += this.#decode(chunk, true);
    return this.#scan(scanned);
  }

  /** The body has ended. */
  end(): void {
    this.#decode(new Uint8Array(0), false);
    if (this.#depth > 0) this.error ??= 'the body ends inside of an object';
  }

  #scan(from: number): string[] {
    const text = this.#text;
    const complete: string[] = [];
    let start = 0;
    for (let at = from; at < text.length && this.error === undefined; at++) {
      const wasOutside = this.#depth === 0;
      this.#step(text.charCodeAt(at));
      if (wasOutside && this.#depth > 0) start = at;
      if (wasOutside || this.#depth > 0) continue;
      complete.push(text.slice(start, at + 1));
      start = at + 1;
    }
    this.#text = this.#depth > 0 ? text.slice(start) : '';
    if (this.#text.length > maxBodyBytes) this.error = `a record is larger than ${maxBodyBytes}`;
    return complete;
  }

  #step(character: number): void {
    if (this.#inString) {
      if (this.#escaped) this.#escaped = false;
      else if (character === code.backslash) this.#escaped = true;
      else if (character === code.quote) this.#inString = false;
    } else if (character === code.opening) {
      this.#depth++;
    } else if (this.#depth === 0) {
      if (character > code.space) {
        this.error = `an object was expected, not ${String.fromCharCode(character)}`;
      }
    } else if (character === code.quote) {
      this.#inString = true;
    } else if (character === code.openingList) {
      this.#depth++;
    } else if (character === code.closing || character === code.closingList) {
      this.#depth--;
    }
  }

  #decode(chunk: Uint8Array, stream: boolean): string {
    try {
      return this.#decoder.decode(chunk, { stream });
    } catch {
      this.error ??= 'the body is not UTF-8';
      return '';
    }
  }
}
