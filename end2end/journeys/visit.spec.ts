import { expect, test, type Page, type Request } from '@playwright/test';
import { accessible, as, awake, fatima, marieke, openTicket, sanne } from '../support/people';

/** Everything a page asks for, and everything its policy forbids. */
function watch(page: Page) {
  const asked: string[] = [];
  const broken: string[] = [];
  page.on('request', (request) => asked.push(request.url()));
  page.on('console', (line) => {
    if (line.type() === 'error' && !/status of 4\d\d/.test(line.text())) broken.push(line.text());
  });
  page.on('pageerror', (error) => broken.push(error.message));
  return { asked, broken };
}

test('a visit stays on one host, breaks no policy, and takes files that are hashed, compressed and kept for ever', async ({ browser, request, baseURL }) => {
  const host = new URL(baseURL!).host;
  const [customer, agent] = [await as(browser, marieke), await as(browser, sanne)];
  const id = await openTicket(customer, 'Een bezoek');
  const files = new Set<string>();
  for (const [page, paths] of [
    [customer, ['/', '/tickets/new', `/tickets/${id}`, '/nergens']],
    [agent, ['/board', '/list', `/tickets/${id}`]],
  ] as const) {
    const { asked, broken } = watch(page);
    for (const path of paths) {
      await page.goto(path);
      await awake(page);
    }
    expect(asked.filter((url) => !url.startsWith('blob:') && new URL(url).host !== host)).toEqual([]);
    expect(broken).toEqual([]);
    for (const url of asked) if (new URL(url).pathname.startsWith('/pkg/')) files.add(new URL(url).pathname);
  }
  for (const kind of ['js', 'wasm', 'css']) expect([...files].filter((file) => file.endsWith(`.${kind}`)).length, kind).toBeGreaterThan(0);
  for (const file of files) {
    expect(file, 'its name changes with its content').toMatch(/\.[\w-]{16,}\.(js|wasm|css)$/);
    for (const encoding of ['br', 'gzip']) {
      const answer = await request.get(file, { headers: { 'accept-encoding': encoding } });
      expect(answer.headers()['content-encoding'], file).toBe(encoding);
      expect(answer.headers()['cache-control'], file).toContain('immutable');
    }
  }
});

test('one browser has one stream however many tabs, and the next tab takes it over', async ({ browser }) => {
  const customer = await as(browser, fatima);
  const first = await as(browser, sanne);
  const open = new Set<Request>();
  const isStream = (request: Request) => new URL(request.url()).pathname === '/live';
  first.context().on('request', (request) => void (isStream(request) && open.add(request)));
  for (const over of ['requestfinished', 'requestfailed'] as const) first.context().on(over as 'requestfailed', (request) => void open.delete(request));
  const tabs = [first, await first.context().newPage(), await first.context().newPage()];
  for (const tab of tabs) {
    await tab.goto('/board');
    await awake(tab);
  }
  const id = await openTicket(customer, 'In elk tabblad', 'Hoog');
  for (const tab of tabs) await expect(tab.locator(`[data-card="${id}"]`)).toBeVisible();
  expect(open.size).toBe(1);

  await tabs[0].close();
  const next = await openTicket(customer, 'Na het eerste tabblad', 'Hoog');
  for (const tab of tabs.slice(1)) await expect(tab.locator(`[data-card="${next}"]`)).toBeVisible();
  await expect.poll(() => [...open].filter((request) => !request.frame().page().isClosed()).length).toBe(1);
});

test('logging out in one tab ends the others', async ({ browser }) => {
  const one = await as(browser, sanne);
  const two = await one.context().newPage();
  for (const tab of [one, two]) {
    await tab.goto('/board');
    await awake(tab);
  }
  await one.locator('.menu-details summary:visible').click();
  await one.getByRole('button', { name: 'Uitloggen' }).click();
  await expect(two).toHaveURL(/log-in\?next=\/board/);
});

test('what goes wrong and what is opened is accessible too, in both themes', async ({ browser }) => {
  test.setTimeout(180_000);
  for (const colorScheme of ['light', 'dark'] as const) {
    const page = await as(browser, marieke, { colorScheme });
    await page.goto('/tickets/new');
    await awake(page);
    await page.locator('input[type=file]').setInputFiles({ name: 'virus.exe', mimeType: 'application/octet-stream', buffer: Buffer.from('MZ') });
    await expect(page.locator('.upload[data-state=failed]')).toBeVisible();
    await page.getByRole('combobox', { name: /CC toevoegen/ }).focus();
    await expect(page.getByRole('listbox')).toBeVisible();
    await accessible(page);
    await page.getByRole('button', { name: 'Verwijder virus.exe' }).click();
    await page.getByRole('button', { name: 'Indienen' }).click();
    await expect(page.getByText('Kies hoe urgent het is.').first()).toBeVisible();
    await accessible(page);
    const visitor = await (await browser.newContext({ colorScheme, locale: 'nl-NL' })).newPage();
    await visitor.goto('/log-in');
    await visitor.getByLabel('E-mailadres').fill(`niemand-${colorScheme}@x.example`);
    await visitor.getByLabel('Wachtwoord').fill('verkeerd-woord');
    await visitor.getByRole('button', { name: 'Inloggen', exact: true }).click();
    await expect(visitor.getByText('Dit e-mailadres en wachtwoord horen niet bij elkaar.')).toBeVisible();
    await accessible(visitor);
    const desk = await as(browser, sanne, { colorScheme });
    await desk.goto('/board');
    await awake(desk);
    await desk.locator('.card-menu summary').first().click();
    await expect(desk.locator('.card-menu .menu')).toBeVisible();
    await accessible(desk);
    await desk.goto('/list');
    await desk.getByText('Filter', { exact: true }).first().click();
    await accessible(desk);
  }
});

test('who reads in New York is offered its clock, and promises name it then', async ({ browser }) => {
  const page = await as(browser, fatima, { timezoneId: 'America/New_York' });
  // The browser says its zone when the log-in page wakes; the page after that knows.
  await awake(page);
  await page.reload();
  const offer = page.getByRole('complementary', { name: 'Tijdzone' });
  await expect(offer).toContainText('De klok van dit apparaat staat op de tijd van New York.');
  await accessible(page);
  await offer.getByRole('button', { name: 'Gebruik New York' }).click();
  await expect(offer).toHaveCount(0);
  await page.goto('/tickets/new');
  await page.getByRole('radio', { name: /Hoog/ }).check();
  await page.getByLabel('Afdeling').selectOption({ index: 1 });
  await expect(page.locator('.promised')).toContainText('(tijd van New York)');
  await page.goto('/account');
  await page.getByLabel('Tijdzone').selectOption('Europe/Amsterdam');
  await page.locator('form[action="/api/set_own"]').getByRole('button').click();
  await page.goto('/');
  await offer.getByRole('button', { name: 'Houd Amsterdam' }).click();
  await expect(offer).toHaveCount(0);
  await page.reload();
  await expect(offer).toHaveCount(0);
});
