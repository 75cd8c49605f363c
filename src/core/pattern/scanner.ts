/**
 * Reads a pattern character by character, and tells what is wrong with it.
 */

/** The pattern is none. */
export class PatternError extends Error {
  override readonly name = 'PatternError';
}

export class Scanner {
  readonly #characters: readonly string[];
  #at = 0;

  constructor(pattern: string) {
    this.#characters = Array.from(pattern);
  }

  get isAtEnd(): boolean {
    return this.#at >= this.#characters.length;
  }

  /** The next character, which stays; undefined at the end. */
  get next(): string | undefined {
    return this.#characters[this.#at];
  }

  /** Throws PatternError at the end. */
  take(): string {
    const character = this.next;
    if (character === undefined) throw new PatternError('it ends too early');
    this.#at++;
    return character;
  }

  /** Takes this text if it is what follows. */
  takes(text: string): boolean {
    if (!this.isBefore(text)) return false;
    this.#at += text.length;
    return true;
  }

  isBefore(text: string): boolean {
    for (let i = 0; i < text.length; i++) {
      if (this.#characters[this.#at + i] !== text[i]) return false;
    }
    return true;
  }

  /** Takes characters as long as they pass. */
  takeWhile(test: (character: string) => boolean): string {
    const start = this.#at;
    while (this.next !== undefined && test(this.next)) this.#at++;
    return this.#characters.slice(start, this.#at).join('');
  }

  /** Tries to read something: where that answers undefined, nothing was taken. */
  attempt<T>(read: () => T | undefined): T | undefined {
    const start = this.#at;
    const found = read();
    if (found === undefined) this.#at = start;
    return found;
  }
}
