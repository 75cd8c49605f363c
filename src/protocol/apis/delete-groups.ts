/**
 * DeleteGroups: removes groups that have no members, with their committed offsets (KIP-229). The
 * surprise: in the request the field is called `groupsNames`, as in Kafka.
 *
 * Behaviour
 * - A group with members is NON_EMPTY_GROUP, a missing one GROUP_ID_NOT_FOUND.
 *
 * Versions
 * - 1 the client throttles itself (KIP-219)
 * - 2 flexible (KIP-482)
 * - 3 messages beside the errors
 */
import { api, array, type Infer, int16, int32, string, struct } from '../schema.ts';

export const deleteGroups = api(42, 'DeleteGroups', {
  versions: [0, 3],
  flexible: 2,
  request: {
    groupsNames: array(string),
  },
  response: {
    throttleTimeMs: int32,
    results: array(
      struct({
        groupId: string,
        errorCode: int16,
        errorMessage: string.nullable().since(3).ignorable().default(null),
      }),
    ),
  },
});

export interface DeleteGroupsRequest extends Infer<typeof deleteGroups.request.fields> {}
export interface DeleteGroupsResponse extends Infer<typeof deleteGroups.response.fields> {}
