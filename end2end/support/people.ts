import AxeBuilder from '@axe-core/playwright';
import { expect, request, test, type Browser, type Cookie, type Page } from '@playwright/test';
import { slow } from './slow';

export const marieke = 'm.vanloon@dewaalbouw.example';
export const ruud = 'r.koster@dewaalbouw.example';
export const fatima = 'f.oulad@koperslag.example';
export const sanne = 'sanne.dekker@sera.example';
export const daan = 'daan.verhoeven@sera.example';
export const hanneke = 'hanneke.degraaf@sera.example';
export const password = 'balie-demo';
/** With it a mail server hands mails over. */
export const mailToken = 'journeys-hand-their-mails-over';

/** How many times slower the processor is in this run of a journey. */
const slower = () => Number(test.info().project.metadata.slower ?? 1);

/** The session that someone's first log-in began: a password is slow on purpose, and most journeys are about something else. */
const sessions = new Map<string, Cookie>();

/** Someone on a page of their own, who has just logged in by their password: in another browser than the one they use. */
export async function elsewhere(browser: Browser, email: string): Promise<Page> {
  const page = await (await browser.newContext({ locale: 'nl-NL', timezoneId: 'Europe/Amsterdam' })).newPage();
  await logIn(page, email);
  return page;
}

/** Someone on a page of their own, logged in: by the session they have already, as another tab would be, or else by their password. */
export async function as(browser: Browser, email: string, options = {}): Promise<Page> {
  const context = await browser.newContext({ locale: 'nl-NL', timezoneId: 'Europe/Amsterdam', ...options });
  const page = await context.newPage();
  const session = sessions.get(email);
  if (session) {
    await context.addCookies([session]);
    await page.goto('/');
  }
  // There was none, or it has ended.
  if (!session || page.url().includes('/log-in')) {
    await context.clearCookies();
    await logIn(page, email);
    const begun = (await context.cookies()).find((cookie) => cookie.name === 'balie');
    if (begun) sessions.set(email, begun);
  }
  if (slower() > 1) await slow(page, slower());
  return page;
}

/** A name that no other run of the same journey has. */
export function once(name: string) {
  return slower() > 1 ? `${name}-${test.info().project.name}` : name;
}

export async function logIn(page: Page, email: string) {
  await page.goto('/log-in');
  await page.getByLabel('E-mailadres').fill(email);
  await page.getByLabel('Wachtwoord').fill(password);
  await page.getByRole('button', { name: 'Inloggen', exact: true }).click();
  await expect(page).not.toHaveURL(/log-in/);
}

/** Waits until the islands of the page are awake. */
export async function awake(page: Page) {
  await page.waitForLoadState('load');
  await page.waitForFunction(() => performance.getEntriesByType('resource').some((r) => r.name.includes('.wasm')));
  await page.waitForTimeout(300 * slower());
}

/** Presses a button that posts a form, and waits for the answer: another person's page looks only then. */
export async function press(page: Page, name: string) {
  const answer = page.waitForResponse((response) => response.request().method() === 'POST');
  await page.getByRole('button', { name }).click();
  await answer;
  await page.waitForLoadState('load');
}

/** Fails on any violation of WCAG 2.2 A and AA. In legacy mode: what is in a sandboxed frame cannot be looked into. */
export async function accessible(page: Page) {
  const found = await new AxeBuilder({ page }).setLegacyMode().withTags(['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa']).analyze();
  expect(found.violations.map((v) => `${v.id}: ${v.nodes.map((n) => n.html).slice(0, 3).join(' | ')}`)).toEqual([]);
}

/** Opens a ticket with the form as it is, and gives its number. */
export async function openTicket(page: Page, subject: string, urgency = 'Gemiddeld') {
  await page.goto('/tickets/new');
  await page.getByRole('radio', { name: new RegExp(urgency) }).check();
  if (urgency === 'Hoog') await impact(page);
  await page.getByLabel('Afdeling').selectOption({ label: 'SERA Business Design B.V.' });
  await page.getByLabel('Onderwerp').fill(subject);
  await page.getByLabel('Jouw probleemstelling').fill('Programma 40218, activiteit 31.\n\n1. Openen\n2. Opslaan');
  await page.getByRole('button', { name: 'Indienen' }).click();
  await expect(page).toHaveURL(/\/tickets\/\d+/);
  return Number(/tickets\/(\d+)/.exec(page.url())?.[1]);
}

/** Answers what a most urgent ticket asks. */
export async function impact(page: Page) {
  await page.getByLabel('Wat staat er stil?').fill('Niemand kan boeken');
  await page.getByLabel('Voor hoeveel mensen?').fill('12');
}

/** Gives every department the same hours on each of these days, Monday first. */
export async function offices(week: string[]) {
  const address = 'http://localhost:3100';
  const api = await request.newContext({ baseURL: address, extraHTTPHeaders: { Origin: address } });
  await api.post('/api/log_in', { form: { email: hanneke, password } });
  const page = await (await api.get('/hours')).text();
  const departments = new Set([...page.matchAll(/hours\?department=(\d+)/g)].map((found) => found[1]));
  expect(departments.size).toBeGreaterThan(1);
  const [monday, tuesday, wednesday, thursday, friday, saturday, sunday] = week;
  for (const department of departments) {
    const form = { department, zone: 'Europe/Amsterdam', monday, tuesday, wednesday, thursday, friday, saturday, sunday };
    expect((await api.post('/api/save_hours', { form })).ok()).toBe(true);
  }
  await api.dispose();
}

/** Open day and night: what a journey sees must not depend on when it runs. */
export const always = Array<string>(7).fill('0-24');

/** Closed now: open on one day only, which is neither today nor tomorrow. */
export function neverNow() {
  const today = (new Date().getDay() + 6) % 7;
  return Array.from({ length: 7 }, (_, day) => (day === (today + 3) % 7 ? '8:30-17:30' : ''));
}

/** Hands a mail over, as a mail server does. */
export async function handOver(page: Page, headers: Record<string, string>, text: string) {
  const raw = Object.entries({ To: 'support@localhost', 'Message-ID': `<${crypto.randomUUID()}@x.example>`, ...headers })
    .map(([name, value]) => `${name}: ${value}\r\n`)
    .join('');
  const answer = await page.request.post('/mail/incoming', { headers: { Authorization: `Bearer ${mailToken}`, 'Content-Type': 'message/rfc822' }, data: `${raw}\r\n${text}` });
  expect(answer.status()).toBe(202);
}
