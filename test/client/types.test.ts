/** The SDK is TypeScript in other people's projects: its types need no Workers and no Node.js. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { expect, it } from 'vitest';

const root = join(import.meta.dirname, '../..');

it.each([[['esnext', 'dom', 'dom.iterable']], [['esnext', 'webworker']]])(
  'is understood with the types of %j alone',
  async (lib) => {
    const directory = mkdtempSync(join(tmpdir(), 'kedge-types-'));
    try {
      const config = {
        compilerOptions: {
          ...{ target: 'esnext', module: 'esnext', moduleResolution: 'bundler', types: [], lib },
          ...{ strict: true, noEmit: true, allowImportingTsExtensions: true },
        },
        files: [join(root, 'src/client/index.ts')],
      };
      writeFileSync(join(directory, 'tsconfig.json'), JSON.stringify(config));
      const tsc = spawn(join(root, 'node_modules/.bin/tsc'), ['-p', directory]);
      const [said] = await Promise.all([text(tsc.stdout), once(tsc, 'close')]);
      expect(said).toBe('');
      expect(tsc.exitCode).toBe(0);
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  },
  30_000,
);
