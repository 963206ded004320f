import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { always, mailToken, offices } from './people';
import { startProvider } from './provider';

/** Starts Balie on a fresh database with demo data; the returned function stops it. `BALIE_URL` names one that runs already. */
export default async function server() {
  if (process.env.BALIE_URL) return;
  const root = resolve(import.meta.dirname, '../..');
  const folder = mkdtempSync(join(tmpdir(), 'balie-journeys-'));
  process.env.JOURNEY_MAIL = join(folder, 'mail');
  const env = {
    ...process.env,
    BALIE_LISTEN: '127.0.0.1:3100',
    BALIE_METRICS_LISTEN: '',
    BALIE_DATABASE: `sqlite:${join(folder, 'balie.db')}`,
    BALIE_FILES: join(folder, 'files'),
    BALIE_MAIL_URL: `file:${join(folder, 'mail')}`,
    BALIE_MAIL_TOKEN: mailToken,
    BALIE_BASE_URL: 'http://localhost:3100',
    BALIE_INTERNAL_HOSTS: '127.0.0.1',
    BALIE_OIDC_ISSUER: 'http://localhost:3101',
    BALIE_OIDC_CLIENT_ID: 'balie',
    BALIE_OIDC_CLIENT_SECRET: 'journeys-keep-no-secrets',
    BALIE_OIDC_NAME: 'SERA',
    BALIE_OIDC_ROLES: 'helpdesk=agent it=admin',
    BALIE_LOG: 'warn',
  };
  const balie = join(root, 'target/release/balie');
  execFileSync(balie, ['demo'], { env, cwd: root });
  const answers = () => fetch('http://127.0.0.1:3100/readyz').then((r) => r.ok, () => false);
  if (await answers()) throw new Error('something answers at port 3100 already: another Balie?');
  const provider = startProvider(3101, 'http://localhost:3100/log-in/provider/back');
  const child = spawn(balie, ['serve'], { env, cwd: root, stdio: 'inherit' });
  const ended = new Promise<void>((resolved) => child.once('exit', () => resolved()));
  const stop = async () => {
    child.kill('SIGTERM');
    await ended;
    provider.close();
    provider.closeAllConnections();
    rmSync(folder, { recursive: true, force: true });
  };
  for (let tries = 0; !(await answers()); tries++) {
    if (tries > 100 || child.exitCode !== null) {
      await stop();
      throw new Error('Balie does not start');
    }
    await new Promise((wait) => setTimeout(wait, 100));
  }
  await offices(always).catch(async (error) => {
    await stop();
    throw error;
  });
  return stop;
}
