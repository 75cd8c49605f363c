/**
 * The one place that asks what time it is. The surprise: a Kedge for tests may run ahead of the
 * clock on the wall, so there are two times: the one that Kedge lives by, which is all that
 * anybody outside of this file and of `alarmTimeOf` means, and the one of the machine it runs on.
 */

/** From this time of the machine on, Kedge was so far ahead of it. */
interface Move {
  readonly since: number;
  readonly aheadMs: number;
}

const moves: Move[] = [];
let aheadMs = 0;

/** The time Kedge lives by, in milliseconds since the epoch. */
export function timeNow(): number {
  return Date.now() + aheadMs;
}

/**
 * For what is measured between the two ends of a line, such as how long a client was silent: it has
 * a clock of its own. Milliseconds since the epoch, of the machine.
 */
export function machineNow(): number {
  return Date.now();
}

/** When the machine is to ring for what is due at this time. */
export function alarmTimeOf(at: number): number {
  return at - aheadMs;
}

/** What is due when the machine rings at this time. */
export function dueAt(alarmTime: number): number {
  return alarmTime + aheadMs;
}

/** What time it was for Kedge when the machine saw this one. */
export function timeAt(machineTime: number): number {
  const move = moves.findLast(({ since }) => since <= machineTime);
  return machineTime + (move?.aheadMs ?? 0);
}

/** How far ahead of the machine Kedge is. */
export function clockAheadMs(): number {
  return aheadMs;
}

/** Lets Kedge live so far ahead of the machine. Alarms that are set have to be set anew. */
export function setClockAhead(ms: number): void {
  moves.push({ since: Date.now(), aheadMs: ms });
  aheadMs = ms;
}
