/** What the licences of others ask for: that they stand where the code of others is bundled. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './project.ts';

/** The notices for the packages that these files are of. */
export function noticesOf(files: readonly string[]): string {
  const packages = files.flatMap(
    (file) => /^node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(file)?.[1] ?? [],
  );
  const notices = [...new Set(packages)].sort().map(noticeOf);
  return `Kedge contains code of the following packages.\n\n${notices.join('\n')}`;
}

function noticeOf(name: string): string {
  const folder = join(root, 'node_modules', name);
  const { version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const texts = readdirSync(folder)
    .filter((file) => /^(licen[sc]e|notice|copying)/i.test(file))
    .map((file) => readFileSync(join(folder, file), 'utf8').trim());
  if (texts.length === 0 || !existsSync(folder)) throw new Error(`${name} states no licence`);
  const rule = '-'.repeat(80);
  return `${rule}\n${name} ${version} (${license})\n${rule}\n\n${texts.join('\n\n')}\n`;
}
