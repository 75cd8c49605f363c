/**
 * docs/cli.md, made of the commands themselves: what `--help` says of each, with a few words before
 * it. A test compares the page with this, so it cannot tell of what is not there.
 */
import type { Command, Entry } from './command.ts';
import { connectionHelp, helpOf, overview } from './help.ts';

const opening = `# The command line

\`kedge\` starts a Kedge on your machine and looks after that one, a deployed one, or any other
Kafka cluster. \`npx kedge\` runs it where it is not installed.

\`\`\`sh try
export KEDGE_BOOTSTRAP=127.0.0.1:9092
npx kedge topic create teas --partitions 3 --config retention.ms=3600000
npx kedge topic describe teas
npx kedge group reset-offsets kitchen --topic teas --to-earliest
npx kedge group describe kitchen --json
npx kedge topic delete teas
\`\`\`

- **What is printed** on standard output is data, and nothing else: a table for people, JSON with
  \`--json\`. What is said about it goes to standard error. Colours and progress are only shown on a
  terminal, and colours not where \`NO_COLOR\` is set.
- **The exit code** is 0 when it is done, 1 when it was refused or failed, 2 when the command line
  was not understood.
- **Which cluster** is meant, the environment says, an option or a profile: see
  [connection](#connection). Commands that need no more than Kafka's protocol work with any cluster;
  those about tokens, and \`kedge tunnel\` and \`kedge deploy\`, are about a Kedge.
- **Passwords** are never options, since every program of a machine can read those.

This page is what \`--help\` prints, command by command. \`npm run docs:cli\` writes it.
`;

/** The whole page. */
export async function reference(entries: readonly Entry[]): Promise<string> {
  const sections = [opening, block(overview(entries)), '## Connection\n', block(connectionHelp())];
  for (const entry of entries) {
    const { command } = await entry.load();
    const path = `kedge ${command.name}`;
    sections.push(`## ${path}\n`, block(helpOf(command, path)), ...belowOf(command, path));
  }
  return `${sections.join('\n').trimEnd()}\n`;
}

function belowOf({ commands }: Command, path: string): string[] {
  return commands.flatMap((command) => {
    const own = `${path} ${command.name}`;
    return [`### ${own}\n`, block(helpOf(command, own)), ...belowOf(command, own)];
  });
}

/** As it is printed. */
function block(text: string): string {
  const lines = text.split('\n').map((line) => (line === '' ? '' : `    ${line}`));
  return `${lines.join('\n')}\n`;
}
