import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from '@playwright/test';

/** The link that the newest mail to an address holds, below a path. */
export async function mailedLink(to: string, path: string, secret = '[0-9a-f]{64}'): Promise<string> {
  const folder = process.env.JOURNEY_MAIL ?? '';
  let link = '';
  await expect(() => {
    const mails = readdirSync(folder)
      .sort()
      .map((name) => readFileSync(join(folder, name), 'utf8').replaceAll('=\r\n', '').replaceAll('=\n', ''))
      .filter((raw) => raw.includes(to) && raw.includes(path));
    link = new RegExp(`${path}${secret}`).exec(mails.at(-1) ?? '')?.[0] ?? '';
    expect(link).not.toBe('');
  }).toPass({ timeout: 10_000 });
  return link;
}
