/** What the SDK weighs in a browser, and that who needs a part of it gets no more. */
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { describe, expect, it } from 'vitest';

const root = join(import.meta.dirname, '../..');

async function bundle(names: string) {
  const { outputFiles, metafile } = await build({
    stdin: { contents: `export { ${names} } from 'kedge/client';`, resolveDir: root },
    bundle: true,
    minify: true,
    format: 'esm',
    // What is not there in a browser fails to bundle.
    platform: 'browser',
    target: 'es2022',
    write: false,
    metafile: true,
  });
  const [{ inputs }] = Object.values(metafile.outputs);
  const used = Object.entries(inputs).filter(([, { bytesInOutput }]) => bytesInOutput > 0);
  return {
    files: used.map(([file]) => file.slice(file.indexOf('src/'))),
    gzipped: gzipSync(outputFiles[0].contents).length,
  };
}

describe('the SDK for a browser', () => {
  it.each([
    ['Producer', 24_000],
    ['Consumer', 27_000],
    ['Admin', 20_000],
    ['Admin, Consumer, Producer, bytes, json, text', 36_000],
  ])('of %s weighs at most %i bytes, gzipped', async (names, most) => {
    expect((await bundle(names)).gzipped).toBeLessThan(most);
  });

  it('has nothing of a consumer in a producer, and the other way round', async () => {
    const { files: producer } = await bundle('Producer');
    const { files: consumer } = await bundle('Consumer');
    const foreign = /client\/(consumer|admin)\/|apis\/(fetch|consumer-group|offset-|create-)/;
    expect(producer.filter((file) => foreign.test(file))).toEqual([]);
    const ofProducers = /producer\/(producer|sender)|apis\/(produce|init-producer-id|end-txn)\.ts/;
    expect(consumer.filter((file) => ofProducers.test(file))).toEqual([]);
  });

  it('depends on nothing', async () => {
    const { files } = await bundle('Admin, Consumer, Producer');
    expect(files.filter((file) => file.includes('node_modules'))).toEqual([]);
  });
});
