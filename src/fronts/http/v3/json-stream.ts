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
  /** The object that is not complete yet, as it has come: put together once, when it is. */
  readonly #pieces: string[] = [];
  /** Of all pieces. */
  #length = 0;
  #depth = 0;
  #inString = false;
  #escaped = false;

  /** The texts of the objects that this chunk completes. */
  push(chunk: Uint8Array): string[] {
    const text = this.#decode(chunk, true);
    const complete: string[] = [];
    let start = 0;
    for (let at = 0; at < text.length && this.error === undefined; at++) {
      const wasOutside = this.#depth === 0;
      this.#step(text.charCodeAt(at));
      if (wasOutside && this.#depth > 0) start = at;
      if (wasOutside || this.#depth > 0) continue;
      this.#keep(text.slice(start, at + 1));
      complete.push(this.#pieces.join(''));
      this.#pieces.length = this.#length = 0;
    }
    if (this.#depth > 0) this.#keep(text.slice(start));
    if (this.#length > maxBodyBytes) this.error = `a record is larger than ${maxBodyBytes}`;
    return complete;
  }

  /** The body has ended. */
  end(): void {
    this.#decode(new Uint8Array(0), false);
    if (this.#depth > 0) this.error ??= 'the body ends inside of an object';
  }

  #keep(piece: string): void {
    this.#pieces.push(piece);
    this.#length += piece.length;
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
