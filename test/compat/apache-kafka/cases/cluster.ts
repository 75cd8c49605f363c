/** What a broker says of itself, of its topics and of where they are kept. */
import { apis } from '../../../../src/protocol/apis/index.ts';
import { apiVersions, describeCluster, describeLogDirs, metadata, produce } from '../apis.ts';
import { scripts } from '../player.ts';
import { batch, produceOf, versions } from '../requests.ts';

const noSuchTopicId = 'c29tZS1vdGhlci10b3BpYw';

/** A request header alone: what a client of another age may begin with. */
function headerOf(apiKey: number, version: number): Uint8Array {
  const bytes = new Uint8Array(4 + 8 + 2 + 1);
  const view = new DataView(bytes.buffer);
  view.setInt32(0, bytes.length - 4);
  view.setInt16(4, apiKey);
  view.setInt16(6, version);
  view.setInt32(8, 42);
  view.setInt16(12, -1);
  return bytes;
}

const asking = scripts('api-versions', {
  'of-what-both-have': async (on) => {
    const client = { clientSoftwareName: 'differ', clientSoftwareVersion: '1.0' };
    for (const version of versions(0, 4)) {
      const answer = await on.quietly(apiVersions, version, client);
      const named = answer.apiKeys.flatMap(({ apiKey, minVersion, maxVersion }) => {
        const api = apis.find(({ key }) => key === apiKey);
        return api === undefined ? [] : [[api.name, `${minVersion} to ${maxVersion}`]];
      });
      on.note(`the versions by v${version}`, Object.fromEntries(named));
      on.note(`the rest of v${version}`, [answer.errorCode, answer.throttleTimeMs]);
      const kept = answer.finalizedFeatures.filter(({ name }) => name === 'transaction.version');
      on.note(`the feature by v${version}`, kept);
    }
  },
  'in-an-unknown-version': async (on) => {
    for (const version of [6, 99]) {
      const frame = await on.raw(`ApiVersions v${version}`, headerOf(18, version), 10);
      on.note('which is an answer', frame !== null);
    }
  },
  'of-software-without-a-name': async (on) => {
    for (const [clientSoftwareName, clientSoftwareVersion] of [
      ['', ''],
      ['a b', '1'],
      ['a', '-'],
    ]) {
      const { errorCode } = await on.quietly(apiVersions, 3, {
        clientSoftwareName,
        clientSoftwareVersion,
      });
      on.note('the error', errorCode);
    }
  },
  'of-other-apis-that-are-unknown': async (on) => {
    for (const [key, version] of [
      [0, 99],
      [1, 3],
      [3, 99],
      [999, 0],
      [-1, 0],
    ] as const) {
      await on.raw(`API ${key} v${version}`, headerOf(key, version));
    }
  },
});

const describing = scripts('metadata', {
  'of-a-topic': async (on) => {
    const { name } = await on.topic('topic', {}, 2);
    for (const version of versions(0, 13)) {
      await on.ask(metadata, version, { topics: [{ name }] });
    }
  },
  'of-a-topic-by-id': async (on) => {
    const { topicId } = await on.topic();
    for (const version of [12, 13]) {
      const topics = [
        { name: null, topicId },
        { name: null, topicId: noSuchTopicId },
      ];
      await on.ask(metadata, version, { topics, allowAutoTopicCreation: false });
    }
  },
  'of-a-topic-by-both': async (on) => {
    const topic = await on.topic();
    await on.ask(metadata, 12, { topics: [topic], allowAutoTopicCreation: false });
    const topics = [{ name: null }];
    await on.ask(metadata, 12, { topics, allowAutoTopicCreation: false });
  },
  'of-unknown-topics': async (on) => {
    for (const name of ['no-such-topic', 'bad name', '', '..']) {
      for (const version of [4, 8, 9, 12, 13]) {
        await on.ask(metadata, version, { topics: [{ name }], allowAutoTopicCreation: false });
      }
    }
  },
  'of-a-topic-twice': async (on) => {
    const { name } = await on.topic();
    for (const version of [1, 12])
      await on.ask(metadata, version, { topics: [{ name }, { name }] });
  },
  'of-none': async (on) => {
    for (const version of versions(1, 13)) await on.ask(metadata, version, { topics: [] });
  },
  'makes-what-is-missing': async (on) => {
    for (const version of [0, 3, 4, 12]) {
      const name = on.name(`v${version}`);
      const request = { topics: [{ name }], allowAutoTopicCreation: true };
      await on.until(metadata, version, request, ({ topics: [topic] }) => topic.errorCode === 0);
    }
  },
  'makes-nothing-of-a-bad-name': async (on) => {
    for (const name of ['bad name', '', '.']) {
      await on.ask(metadata, 12, { topics: [{ name }], allowAutoTopicCreation: true });
    }
  },
  'with-operations': async (on) => {
    const { name } = await on.topic();
    const topic = { topics: [{ name }], includeTopicAuthorizedOperations: true };
    for (const version of [8, 10, 11, 12]) {
      const cluster = version < 11 ? { includeClusterAuthorizedOperations: true } : {};
      await on.ask(metadata, version, { ...topic, ...cluster });
    }
  },
});

const dirOf = ({ results: [dir] }: { results: readonly { topics: readonly unknown[] }[] }) =>
  dir?.topics.length ?? 0;

const others = scripts('cluster', {
  described: async (on) => {
    for (const version of [0, 1, 2]) {
      await on.ask(describeCluster, version, {});
      await on.ask(describeCluster, version, { includeClusterAuthorizedOperations: true });
    }
  },
  'described-by-kind': async (on) => {
    for (const endpointType of [2, 3, 0]) {
      for (const version of [1, 2]) await on.ask(describeCluster, version, { endpointType });
    }
  },
  'log-directories-of-a-topic': async (on) => {
    const { name, topicId } = await on.topic('topic', {}, 2);
    await on.ask(produce, 9, produceOf({ name, topicId }, batch(['a', 'b'])));
    for (const version of versions(1, 5)) {
      const request = { topics: [{ topic: name, partitions: [1, 0] }] };
      const answer = await on.quietly(describeLogDirs, version, request);
      const { partitions } = answer.results[0].topics[0];
      const inOrder = partitions.toSorted((a, b) => a.partitionIndex - b.partitionIndex);
      on.note(`the partitions of v${version}`, inOrder);
      on.note(`the number of topics of v${version}`, dirOf(answer));
    }
  },
  'log-directories-of-nothing': async (on) => {
    for (const version of [1, 4]) {
      const unknown = { topics: [{ topic: 'no-such-topic', partitions: [0] }] };
      on.note(
        'of a topic that is not there',
        dirOf(await on.quietly(describeLogDirs, version, unknown)),
      );
      on.note('of none', dirOf(await on.quietly(describeLogDirs, version, { topics: [] })));
    }
  },
});

export const clusterScripts = [...asking, ...describing, ...others];
