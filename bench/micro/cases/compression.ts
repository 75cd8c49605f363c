/** Each codec, opening 1 MB, beside what the platform has by itself. */
import { gunzipSync, gzipSync } from 'node:zlib';
import { Codec, compress, decompress } from '../../../src/bytes/compression.ts';
import { Random } from '../../../test/simulation/world/random.ts';
import { textBytes } from '../bytes.ts';
import type { Case } from '../case.ts';

const length = 1_000_000;
const codecs = Object.entries(Codec).filter(([, codec]) => codec !== Codec.NONE);

export const compression: readonly Case[] = codecs.flatMap(([name, codec]) => {
  const plain = () => textBytes(length, new Random(5));
  return [
    {
      name: `opening 1 MB, ${name.toLowerCase()}`,
      baseline: "the platform's gunzip",
      prepare() {
        const bytes = plain();
        const [packed, zipped] = [compress(codec, bytes), gzipSync(bytes)];
        return {
          bytes: length,
          run: () => decompress(codec, packed, length).length,
          baseline: () => gunzipSync(zipped, { maxOutputLength: length + 1 }).length,
        };
      },
    },
    {
      name: `packing 1 MB, ${name.toLowerCase()}`,
      baseline: "the platform's gzip",
      prepare() {
        const bytes = plain();
        return {
          bytes: length,
          run: () => compress(codec, bytes).length,
          baseline: () => gzipSync(bytes).length,
        };
      },
    },
  ];
});
