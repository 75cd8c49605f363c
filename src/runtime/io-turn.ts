/**
 * Gives way to everybody else of this isolate. The surprise: promises alone never do. As long as
 * one of them can go on, no socket is read or written and no timer runs; only to wait for a timer
 * lets whoever has waited for the network have a turn.
 */
export function ioTurn(ms = 0): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}
