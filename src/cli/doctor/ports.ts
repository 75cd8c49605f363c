/**
 * Whether the usual ports are free, and who has them if not. The surprise: on Linux the system says
 * who, in files; elsewhere Kedge does without rather than ask another program.
 */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { createServer } from 'node:net';
import { type Finding, fail, ok, warn } from './finding.ts';

/** `isKedge`: whether the Kedge that was looked for is what answers there. */
export async function port(
  what: string,
  number: number,
  option: string,
  isKedge: () => Promise<boolean>,
): Promise<readonly Finding[]> {
  const name = `port ${number}`;
  const code = await tryToListen(number);
  if (code === undefined) return [ok(name, `free, for ${what}`)];
  if (code !== 'EADDRINUSE') {
    return [fail(name, `cannot be listened on (${code})`, `choose another with ${option}`)];
  }
  const holder = holderOf(number);
  const who = holder === undefined ? 'another program' : `process ${holder.pid} (${holder.name})`;
  if (await isKedge()) return [ok(name, `a Kedge is there${holder ? `, ${who}` : ''}`)];
  return [
    warn(name, `taken by ${who}`, `stop that one, or have ${what} at another port: ${option}`),
  ];
}

/** Whether one program listens on both, as far as can be told. */
export function isOneProgram(port: number, other: number): boolean {
  return holderOf(port)?.pid === holderOf(other)?.pid;
}

function tryToListen(number: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    server.listen(number, '127.0.0.1', () => server.close(() => resolve(undefined)));
  });
}

function holderOf(number: number): { pid: number; name: string } | undefined {
  if (process.platform !== 'linux') return undefined;
  try {
    const inodes = new Set(
      ['/proc/net/tcp', '/proc/net/tcp6'].flatMap((f) => listening(f, number)),
    );
    for (const pid of readdirSync('/proc').filter((entry) => /^\d+$/.test(entry))) {
      if (!socketsOf(pid).some((inode) => inodes.has(inode))) continue;
      const [program] = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
      return { pid: Number(pid), name: program.split('/').at(-1)! };
    }
  } catch {
    // Not for us to know.
  }
  return undefined;
}

/** The sockets that listen on a port, by their inodes. */
function listening(file: string, number: number): string[] {
  const lines = readFileSync(file, 'utf8').trim().split('\n').slice(1);
  return lines
    .map((line) => line.trim().split(/\s+/))
    .filter(
      ([, local, , state]) => state === '0A' && Number.parseInt(local.split(':')[1], 16) === number,
    )
    .map((fields) => fields[9]);
}

function socketsOf(pid: string): string[] {
  try {
    return readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
      const [, inode] = /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${fd}`)) ?? [];
      return inode ?? [];
    });
  } catch {
    return [];
  }
}
