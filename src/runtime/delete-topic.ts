/**
 * Has the controller delete a topic for an object that has learned that its time is over. The
 * surprise: nothing is dropped here; the controller writes down what is left to do, and then tells
 * every partition, the one that asked among them.
 */
import type { Objects } from './stubs.ts';

/** One that is gone already does no harm. */
export async function deleteTopic(objects: Objects, topicId: string): Promise<void> {
  await objects.controller().call('deleteTopics', { topics: [{ name: null, topicId }] });
}
