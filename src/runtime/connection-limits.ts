/**
 * After how much a Kafka connection ends between two requests, as the Worker's variables say. The
 * surprise: 0 is no limit; what cannot be understood keeps the doors shut, for a limit that was
 * mistyped would only be missed when the platform ends the invocation.
 */
import { Variables } from './variables.ts';

/** Infinity: never for its sake. */
export interface ConnectionLimits {
  /** Calls to objects. */
  readonly calls: number;
  /** Requests; each 256 KiB that it or its answer moves counts as one more. */
  readonly requests: number;
}

const most = 2_147_483_647;

/**
 * `KEDGE_CALLS_PER_CONNECTION` (an invocation may make 10,000) and `KEDGE_REQUESTS_PER_CONNECTION`
 * (it may compute for only so long).
 */
export function connectionLimitsFrom(
  variables: Readonly<Record<string, unknown>>,
): ConnectionLimits {
  const read = new Variables(variables);
  const limit = (name: string, preset: number) => read.count(name, preset, most) || Infinity;
  return {
    calls: limit('KEDGE_CALLS_PER_CONNECTION', 9_000),
    requests: limit('KEDGE_REQUESTS_PER_CONNECTION', 10_000),
  };
}
