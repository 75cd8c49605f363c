/**
 * The Worker behind a port that is not Kedge's own but the habitual one of another program, where
 * clients know nothing of the prefixes that tell Kedge's dialects apart. It puts them back. What
 * Kedge does not speak yet is refused in that dialect's words.
 */
import type { PrefixPorts } from './local-options.ts';

export interface PrefixProps {
  readonly prefix: string;
  /** Paths that have no prefix here either, by their beginning. */
  readonly kept: readonly string[];
  /** Why there is nothing behind it, if there is nothing. */
  readonly missing?: { readonly message: string; readonly contentType: string };
}

/** What is behind each of these ports. */
export const prefixProps: Readonly<Record<keyof PrefixPorts, PrefixProps>> = {
  rest: { prefix: '/rest', kept: ['/v3', '/kafka/v3'] },
  registry: {
    prefix: '/registry',
    kept: [],
    missing: {
      message: 'Kedge has no schema registry yet.',
      contentType: 'application/vnd.schemaregistry.v1+json',
    },
  },
  connect: {
    prefix: '/connect',
    kept: [],
    missing: { message: 'Kedge runs no connectors yet.', contentType: 'application/json' },
  },
};

/** The whole of it. A path that has its prefix already is one that Kedge answered with. */
export const prefixWorker = `
export default {
  fetch(request, env, { props: { prefix, kept, missing } }) {
    if (missing !== undefined) {
      const body = JSON.stringify({ error_code: 501, message: missing.message });
      return new Response(body, { status: 501, headers: { 'content-type': missing.contentType } });
    }
    const url = new URL(request.url);
    const isKept = [prefix, ...kept].some(
      (path) => url.pathname === path || url.pathname.startsWith(path + '/'),
    );
    if (isKept) return env.KEDGE.fetch(request);
    url.pathname = prefix + url.pathname;
    return env.KEDGE.fetch(new Request(url, request));
  },
};
`;
