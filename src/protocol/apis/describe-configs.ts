/**
 * DescribeConfigs: the configs of topics and brokers and where each value comes from. The surprise:
 * null keys ask for all configs, and so does an empty list.
 *
 * Behaviour
 * - Resource type 2 is a topic, 4 a broker, 8 a broker logger, 16 client metrics, 32 a group.
 * - Config source 1 is the topic, 2 a dynamic broker value, 4 the broker's own start-up value, 5
 *   the default.
 *
 * Versions
 * - 1 source and synonyms (KIP-226)
 * - 2 the client throttles itself (KIP-219)
 * - 3 type and documentation (KIP-569)
 * - 4 flexible (KIP-482)
 */
import { api, array, boolean, type Infer, int8, int16, int32, string, struct } from '../schema.ts';

export const describeConfigs = api(32, 'DescribeConfigs', {
  versions: [1, 4],
  flexible: 4,
  request: {
    resources: array(
      struct({
        resourceType: int8,
        resourceName: string,
        configurationKeys: array(string).nullable(),
      }),
    ),
    includeSynonyms: boolean,
    includeDocumentation: boolean.since(3),
  },
  response: {
    throttleTimeMs: int32,
    results: array(
      struct({
        errorCode: int16,
        errorMessage: string.nullable(),
        resourceType: int8,
        resourceName: string,
        configs: array(
          struct({
            name: string,
            value: string.nullable(),
            readOnly: boolean,
            configSource: int8.default(-1),
            isSensitive: boolean,
            synonyms: array(
              struct({
                name: string,
                value: string.nullable(),
                source: int8,
              }),
            ),
            configType: int8.since(3).ignorable(),
            documentation: string.since(3).nullable().ignorable(),
          }),
        ),
      }),
    ),
  },
});

export interface DescribeConfigsRequest extends Infer<typeof describeConfigs.request.fields> {}
export interface DescribeConfigsResponse extends Infer<typeof describeConfigs.response.fields> {}
