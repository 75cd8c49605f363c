/**
 * Waits until a client has taken an answer. The surprise: one that leaves it lying is hung up on
 * only when the memory that it takes is wanted by others.
 */
import type { Unsent } from './answer-memory.ts';

/** How often it is looked whether the answer has to go. */
const lookMs = 1_000;

/** Settles as `sent` does, and counts the answer until then. */
export async function untilTaken(
  unsent: Unsent,
  sent: Promise<unknown>,
  hangUp: () => void,
): Promise<void> {
  const timer = setInterval(() => {
    if (!unsent.mustGo) return;
    // At once: the next one that looks may find that it can stay.
    unsent.done();
    hangUp();
  }, lookMs);
  try {
    await sent;
  } finally {
    clearInterval(timer);
    unsent.done();
  }
}
