/**
 * ListGroups: the groups a broker coordinates. The surprise: clients ask every broker and join the
 * answers.
 *
 * Behaviour
 * - Empty filters let everything through; states and types are compared without regard to case.
 *
 * Versions
 * - 1 throttle time (KIP-124)
 * - 2 the client throttles itself (KIP-219)
 * - 3 flexible (KIP-482)
 * - 4 filter by state (KIP-518)
 * - 5 filter by type (KIP-848)
 */
import { api, array, type Infer, int16, int32, string, struct } from '../schema.ts';

export const listGroups = api(16, 'ListGroups', {
  versions: [0, 5],
  flexible: 3,
  request: {
    statesFilter: array(string).since(4),
    typesFilter: array(string).since(5),
  },
  response: {
    throttleTimeMs: int32.since(1).ignorable(),
    errorCode: int16,
    groups: array(
      struct({
        groupId: string,
        protocolType: string,
        groupState: string.since(4).ignorable(),
        groupType: string.since(5).ignorable(),
      }),
    ),
  },
});

export interface ListGroupsRequest extends Infer<typeof listGroups.request.fields> {}
export interface ListGroupsResponse extends Infer<typeof listGroups.response.fields> {}
