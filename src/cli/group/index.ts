/** `kedge group`: who reads together, how far they are, and how to let them go on elsewhere. */
import { command as action, group } from '../command.ts';
import type { Output } from '../output.ts';
import { placesOf } from '../topic/views.ts';
import { resetOffsets } from './reset.ts';
import { describeGroup, type GroupView, listingOf } from './views.ts';

const list = action({
  name: 'list',
  summary: 'list groups of consumers: classic, consumer and share groups',
  options: {
    state: { value: 'state', summary: 'only those in this state: Stable, Empty …' },
    type: { value: 'type', summary: 'only those of this type: classic, consumer or share' },
  },
  connects: true,
  examples: [{ command: 'kedge group list' }, { command: 'kedge group list --state empty' }],
  async run({ options: { state, type }, output, connect }) {
    const { admin } = await connect();
    const isLike = (value: string, wanted: string | undefined) =>
      wanted === undefined || value.toLowerCase() === wanted.toLowerCase();
    const groups = (await admin.listGroups())
      .filter((one) => isLike(one.state, state) && isLike(one.type, type))
      .sort((a, b) => (a.groupId < b.groupId ? -1 : 1));
    output.table(groups, [
      { title: 'GROUP', of: ({ groupId }) => groupId },
      { title: 'TYPE', of: (one) => one.type },
      { title: 'STATE', of: (one) => one.state },
    ]);
  },
});

const describe = action({
  name: 'describe',
  summary: 'show groups: their state, members, offsets and lag',
  description:
    'The lag is how many offsets lie between where a group has come to and the end. All groups ' +
    'where none is named.',
  arguments: [
    { name: 'group', summary: 'a group', optional: true, multiple: true, complete: 'group' },
  ],
  connects: true,
  examples: [
    { command: 'kedge group describe shop' },
    { command: "kedge group describe shop --json | jq '.[0].lag'", summary: 'the lag in all' },
  ],
  async run({ args, output, connect }) {
    const cluster = await connect();
    const listings =
      args.length > 0
        ? await Promise.all(args.map((groupId) => listingOf(cluster, groupId)))
        : await cluster.admin.listGroups();
    const views: GroupView[] = [];
    for (const listing of listings) views.push(await describeGroup(cluster, listing));
    output.result(views, () => {
      views.forEach((view, index) => {
        if (index > 0) output.line('');
        show(output, view);
      });
    });
  },
});

function show(output: Output, { groupId, type, state, members, offsets, lag }: GroupView): void {
  output.facts([
    ['Group', groupId],
    ['Type', type],
    ['State', state],
    ['Members', members.length],
    ['Lag', lag],
  ]);
  if (offsets.length > 0) {
    output.line('');
    const lines = output.tableLines(offsets, [
      { title: 'TOPIC', of: ({ topic }) => topic },
      { title: 'PARTITION', of: ({ partition }) => partition, right: true },
      { title: 'COMMITTED', of: ({ committed }) => committed, right: true },
      { title: 'LATEST', of: ({ latest }) => latest, right: true },
      { title: 'LAG', of: (row) => row.lag, right: true },
      { title: 'MEMBER', of: ({ memberId }) => memberId },
    ]);
    for (const line of lines) output.line(line);
  }
  if (members.length > 0) {
    output.line('');
    const lines = output.tableLines(members, [
      { title: 'MEMBER', of: ({ memberId }) => memberId },
      { title: 'INSTANCE', of: ({ groupInstanceId }) => groupInstanceId },
      { title: 'CLIENT', of: ({ clientId }) => clientId },
      { title: 'HOST', of: ({ clientHost }) => clientHost },
      { title: 'PARTITIONS', of: ({ assignment }) => assignment.length, right: true },
    ]);
    for (const line of lines) output.line(line);
  }
}

const remove = action({
  name: 'delete',
  summary: 'delete groups that have no members, and what they remember',
  arguments: [{ name: 'group', summary: 'a group', multiple: true, complete: 'group' }],
  connects: true,
  examples: [{ command: 'kedge group delete shop' }],
  async run({ args, output, connect }) {
    const cluster = await connect();
    for (const groupId of args) await listingOf(cluster, groupId);
    for (const groupId of args) await cluster.admin.deleteGroups([groupId]);
    output.result(
      args.map((groupId) => ({ groupId, deleted: true })),
      () => {
        for (const groupId of args) output.line(`${groupId} is deleted.`);
      },
    );
  },
});

const deleteOffsets = action({
  name: 'delete-offsets',
  summary: 'let a group forget how far it has read a topic',
  arguments: [
    { name: 'group', summary: 'a group', complete: 'group' },
    { name: 'topic', summary: 'a topic that it does not read now', complete: 'topic' },
  ],
  connects: true,
  examples: [{ command: 'kedge group delete-offsets shop orders' }],
  async run({ args: [groupId, topic], output, connect }) {
    const cluster = await connect();
    await listingOf(cluster, groupId);
    const places = await placesOf(cluster, [topic]);
    await cluster.admin.deleteGroupOffsets(groupId, places);
    output.result({ groupId, topic }, () =>
      output.line(`${groupId} does not know any more how far it has read ${topic}.`),
    );
  },
});

export const command = group({
  name: 'group',
  summary: 'list, describe and delete groups, and reset their offsets',
  commands: [list, describe, resetOffsets, deleteOffsets, remove],
});
