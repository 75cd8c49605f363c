/**
 * What is in the records: JSON in which a few words are frequent and most are rare, with numbers
 * in between, as events have it. The surprise: it is neither random nor the same over and over, so
 * that a codec has about as much to gain as in real life (gzip makes a third of it).
 */
import { Random } from '../../test/simulation/world/random.ts';

/** More than any batch, so that no batch holds a value twice. */
const poolBytes = 4 << 20;
const wordCount = 4_000;
const letters = [...'eeeeaaaiiioootttnnnsssrrrllcdmupfgbhvykwxzjq'];

export class Values {
  readonly #pool: Uint8Array;
  readonly #recordBytes: number;
  #at = 0;

  constructor(recordBytes: number, seed = 1) {
    this.#recordBytes = recordBytes;
    this.#pool = text(Math.max(poolBytes, 2 * recordBytes), new Random(seed));
  }

  /** The next value: a view that stays as it is. */
  next(): Uint8Array {
    if (this.#at + this.#recordBytes > this.#pool.length) this.#at = this.#at % 97;
    const start = this.#at;
    this.#at += this.#recordBytes;
    return this.#pool.subarray(start, this.#at);
  }
}

function text(bytes: number, random: Random): Uint8Array {
  const words = Array.from({ length: wordCount }, () => word(random));
  // A word of rank n comes about 1/n as often as the first.
  const frequent = (): string => words[Math.floor(wordCount ** random.next()) - 1];
  const written = new Uint8Array(bytes);
  const utf8 = new TextEncoder();
  for (let at = 0; at < bytes; ) {
    const said = Array.from({ length: random.between(3, 8) }, frequent).join(' ');
    const id = random.between(0, 0xffff_ffff).toString(16);
    const event = `{"id":"${id}","type":"${frequent()}","amount":${random.between(0, 99_999)},`;
    at += utf8.encodeInto(`${event}"note":"${said}"}\n`, written.subarray(at)).written;
  }
  return written;
}

function word(random: Random): string {
  return Array.from({ length: random.between(2, 10) }, () => random.pick(letters)).join('');
}
