/**
 * Asks many objects without asking all of them at once: a request that names a thousand groups must
 * not open a thousand calls. Answers stand in the order of the items. The surprise: every so many
 * items nothing new is asked until other connections had a turn, or they would have none before the
 * last answer.
 */
import { ioTurn } from './io-turn.ts';

export interface Bounds {
  /** How many are asked at the same time. */
  readonly atOnce?: number;
  /** Lets others have their turn. */
  readonly giveWay?: () => Promise<void>;
}

export async function eachBounded<Item, Answer>(
  items: readonly Item[],
  ask: (item: Item, index: number) => Promise<Answer>,
  { atOnce = 20, giveWay = ioTurn }: Bounds = {},
): Promise<Answer[]> {
  const answers: Answer[] = new Array(items.length);
  let next = 0;
  let pauseAt = atOnce;
  let pause: Promise<void> | undefined;
  const work = async (): Promise<void> => {
    while (next < items.length) {
      const index = next++;
      if (index === pauseAt) {
        pauseAt += atOnce;
        pause = giveWay();
      }
      // All of them wait: while one goes on there is no turn for others.
      if (pause !== undefined) await pause;
      answers[index] = await ask(items[index], index);
    }
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, items.length) }, work));
  return answers;
}
