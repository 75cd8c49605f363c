/** The commands of `kedge`, in the order they are listed. Each is loaded when it is asked for. */
import type { Entry } from './command.ts';

export const commands: readonly Entry[] = [
  {
    name: 'dev',
    summary: 'start Kedge on this machine',
    load: () => import('./dev/command.ts'),
  },
  {
    name: 'produce',
    summary: 'send lines, files or JSON to a topic',
    load: () => import('./records/produce.ts'),
  },
  {
    name: 'consume',
    summary: 'print the records of topics, and those that come',
    load: () => import('./records/consume.ts'),
  },
  {
    name: 'export',
    summary: 'write topics to files',
    load: () => import('./records/export.ts'),
  },
  {
    name: 'import',
    summary: 'store what kedge export has written',
    load: () => import('./records/import.ts'),
  },
  {
    name: 'topic',
    summary: 'list, create, change and delete topics',
    load: () => import('./topic/index.ts'),
  },
  {
    name: 'group',
    summary: 'list, describe and delete groups, and reset their offsets',
    load: () => import('./group/index.ts'),
  },
  {
    name: 'config',
    summary: 'show and change settings of topics, brokers and groups, and quotas',
    load: () => import('./config/index.ts'),
  },
  {
    name: 'cluster',
    summary: 'show which cluster it is, and its brokers',
    load: () => import('./cluster/index.ts'),
  },
  {
    name: 'acl',
    summary: 'manage who may do what',
    load: () => import('./admin/acl.ts'),
  },
  {
    name: 'user',
    summary: 'manage users and their passwords',
    load: () => import('./admin/user.ts'),
  },
  {
    name: 'token',
    summary: 'manage tokens, by which programs show who they are',
    load: () => import('./admin/token.ts'),
  },
  {
    name: 'profile',
    summary: 'keep connections to clusters under names',
    load: () => import('./profile/index.ts'),
  },
  {
    name: 'doctor',
    summary: 'look for what may be wrong, and say what to do about it',
    load: () => import('./doctor/index.ts'),
  },
  {
    name: 'deploy',
    summary: 'put a Kedge on Cloudflare, or a newer one in its place',
    load: () => import('./deploy/index.ts'),
  },
  {
    name: 'tunnel',
    summary: 'connect Kafka clients on this machine to a deployed Kedge',
    load: () => import('./tunnel/command.ts'),
  },
  {
    name: 'completion',
    summary: 'print what makes a shell complete kedge: bash, zsh or fish',
    load: () => import('./completion/command.ts'),
  },
];
