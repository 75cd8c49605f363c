/** A stream that keeps what is written to it, for tests of what is printed. */
import { Writable } from 'node:stream';
import { Sink } from '../../../src/cli/records/sink.ts';

export function gathering(): { readonly sink: Sink; text(): Promise<string> } {
  const chunks: Buffer[] = [];
  const stream = new Writable({
    write(chunk, _, done) {
      chunks.push(Buffer.from(chunk));
      done();
    },
  });
  const sink = new Sink(stream);
  return {
    sink,
    async text() {
      await sink.flush();
      return Buffer.concat(chunks).toString('latin1');
    },
  };
}
