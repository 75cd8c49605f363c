/**
 * How long a live stream lasts, as the Worker's variables say. The surprise: no stream lasts for
 * ever, so that who may read is asked anew now and then; its client comes again where it was.
 */

/** Kedge's own variables that are read here. */
export const streamVariables = ['KEDGE_STREAM_MAX_AGE_MS'];

const defaultMaxAgeMs = 3_600_000;
const leastMs = 1_000;
const mostMs = 86_400_000;

/** `KEDGE_STREAM_MAX_AGE_MS`; by default an hour. Throws a plain Error that says what it may be. */
export function streamMaxAgeMsFrom(variables: Readonly<Record<string, unknown>>): number {
  const ms = Number(variables.KEDGE_STREAM_MAX_AGE_MS ?? defaultMaxAgeMs);
  if (Number.isInteger(ms) && ms >= leastMs && ms <= mostMs) return ms;
  throw new Error(`KEDGE_STREAM_MAX_AGE_MS must be a whole number from ${leastMs} to ${mostMs}`);
}
