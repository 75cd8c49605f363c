/** The example's Worker, as `wrangler dev` would run it. */
import { join } from 'node:path';
import { build } from 'esbuild';
import { convertV4MiniflareOptions, Miniflare } from 'miniflare';

export interface LiveFeed {
  /** Where its page is. */
  readonly url: string;
  stop(): Promise<void>;
}

export async function startLiveFeed(kedgeUrl: string, token: string): Promise<LiveFeed> {
  const { outputFiles } = await build({
    entryPoints: [join(import.meta.dirname, '../../examples/live-feed/worker.ts')],
    bundle: true,
    write: false,
    format: 'esm',
    loader: { '.html': 'text' },
  });
  const miniflare = new Miniflare(
    convertV4MiniflareOptions({
      modules: [{ type: 'ESModule', path: 'worker.js', contents: outputFiles[0].text }],
      compatibilityDate: '2026-11-01',
      bindings: { KEDGE_URL: kedgeUrl, KEDGE_TOKEN: token },
      host: '127.0.0.1',
      port: 0,
      cf: false,
    }),
  );
  const url = await miniflare.ready;
  return { url: url.origin, stop: () => miniflare.dispose() };
}
