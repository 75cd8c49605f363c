/** Chance, the one place it comes from. */
import { uuidFromRandom } from '../bytes/uuid.ts';

/** A fresh UUID in Kafka's form. Never starts with a dash, which tools would take for an option. */
export function randomUuid(): string {
  for (;;) {
    const uuid = uuidFromRandom(crypto.getRandomValues(new Uint8Array(16)));
    if (!uuid.startsWith('-')) return uuid;
  }
}
