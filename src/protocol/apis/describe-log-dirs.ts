/**
 * DescribeLogDirs: how much each partition takes up in each log directory (KIP-113). The surprise:
 * null topics ask for all of them, an empty list for none.
 *
 * Behaviour
 * - A partition that is not there is left out; that is no error.
 *
 * Versions
 * - 2 flexible (KIP-482)
 * - 3 an error code for the whole answer
 * - 4 the size of the volume and what is left of it (KIP-827)
 * - 5 whether the directory takes no new partitions (KIP-1066)
 */
import { api, array, boolean, type Infer, int16, int32, int64, string, struct } from '../schema.ts';

export const describeLogDirs = api(35, 'DescribeLogDirs', {
  versions: [1, 5],
  flexible: 2,
  request: {
    topics: array(
      struct({
        topic: string,
        partitions: array(int32),
      }),
    ).nullable(),
  },
  response: {
    throttleTimeMs: int32,
    errorCode: int16.since(3).ignorable(),
    results: array(
      struct({
        errorCode: int16,
        logDir: string,
        topics: array(
          struct({
            name: string,
            partitions: array(
              struct({
                partitionIndex: int32,
                partitionSize: int64,
                offsetLag: int64,
                isFutureKey: boolean,
              }),
            ),
          }),
        ),
        totalBytes: int64.since(4).default(-1).ignorable(),
        usableBytes: int64.since(4).default(-1).ignorable(),
        isCordoned: boolean.since(5).ignorable(),
      }),
    ),
  },
});

export interface DescribeLogDirsRequest extends Infer<typeof describeLogDirs.request.fields> {}
export interface DescribeLogDirsResponse extends Infer<typeof describeLogDirs.response.fields> {}
