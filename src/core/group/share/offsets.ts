/** Which topics of a share group somebody wants forgotten can be. */
import { ErrorCode, errorInfo } from '../../../protocol/errors.ts';
import type { ForgettableTopic, ShareGroupCalls } from './calls.ts';
import type { ShareTopics } from './share-topics.ts';

/** Of these names, which are being forgotten, and what is wrong with the others. */
export function deletable(
  wanted: ShareGroupCalls['deleteShareOffsets']['command']['topics'],
  { forgotten }: ShareTopics,
): ForgettableTopic[] {
  return wanted.map(({ name, topicId }) => {
    if (topicId === null) {
      return refused(name, errorInfo(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION).message);
    }
    const going = forgotten[topicId];
    if (!going) return refused(name, 'There is no offset information to delete.');
    const { partitions } = going;
    return { name, topicId, errorCode: ErrorCode.NONE, errorMessage: null, partitions };
  });
}

function refused(name: string, errorMessage: string): ForgettableTopic {
  const errorCode = ErrorCode.UNKNOWN_TOPIC_OR_PARTITION;
  return { name, topicId: null, errorCode, errorMessage, partitions: [] };
}
