/**
 * `npm run build`: bundles the Worker as `wrangler deploy` would, without deploying it, and weighs
 * it. What counts for Cloudflare is the gzipped size; the free plan allows 3 MiB, we allow 1.
 */
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

const root = join(import.meta.dirname, '../..');
const dist = join(root, 'dist');
const limitBytes = 1024 * 1024;

rmSync(dist, { recursive: true, force: true });
const { status, stdout, stderr, error } = spawnSync(
  join(root, 'node_modules/.bin/wrangler'),
  ['deploy', '--dry-run', '--outdir', dist],
  {
    cwd: root,
    encoding: 'utf8',
    shell: process.platform === 'win32',
    // No questions, no measuring of us, and no look for a newer version: a build needs no network.
    env: {
      ...process.env,
      CI: 'true',
      WRANGLER_HIDE_BANNER: 'true',
      WRANGLER_SEND_METRICS: 'false',
      WRANGLER_SEND_ERROR_REPORTS: 'false',
    },
  },
);
if (status !== 0) {
  console.error(error?.message ?? `${stdout}${stderr}`.trim());
  console.error('\nkedge: the Worker does not bundle.');
  process.exit(1);
}

const modules = readdirSync(dist).filter((name) => !/\.(map|md)$/.test(name));
const weigh = (bytes: number): string => `${(bytes / 1024).toFixed(1)} KiB`;
const contents = modules.map((name) => readFileSync(join(dist, name)));
const bytes = contents.reduce((sum, content) => sum + content.length, 0);
const gzippedBytes = contents.reduce((sum, content) => sum + gzipSync(content).length, 0);
console.log(
  `dist/${modules.join(', dist/')}: ${weigh(bytes)}, gzipped ${weigh(gzippedBytes)} ` +
    `of ${weigh(limitBytes)} allowed`,
);
if (gzippedBytes > limitBytes) {
  console.error('kedge: the Worker has become too heavy; it has to stay under 1 MiB gzipped.');
  process.exit(1);
}
