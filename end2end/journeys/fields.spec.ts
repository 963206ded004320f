import { expect, test, type Page } from '@playwright/test';
import { as, awake, fatima, marieke, openTicket, sanne } from '../support/people';

/** The fields of a page whose text is too small for a phone, which would zoom in on them. */
const tooSmall = (page: Page) =>
  page
    .locator('input:not([type=hidden], [type=checkbox], [type=radio], [type=file]), select, textarea')
    .evaluateAll((fields) =>
      fields.map((field) => [parseFloat(getComputedStyle(field).fontSize), field.outerHTML.slice(0, 120)] as const).filter(([size]) => size < 16),
    );

test('fields on a touch screen have text of at least 16 px', async ({ browser }) => {
  const phone = { hasTouch: true, isMobile: true, viewport: { width: 390, height: 844 } };
  const visitor = await (await browser.newContext({ ...phone, locale: 'nl-NL' })).newPage();
  await visitor.goto('/log-in');
  expect(await visitor.evaluate(() => matchMedia('(pointer: coarse)').matches), 'it is a touch screen').toBe(true);
  expect(await tooSmall(visitor)).toEqual([]);
  const customer = await as(browser, fatima, phone);
  const id = await openTicket(customer, 'Met de vinger');
  const desk = await as(browser, sanne, phone);
  for (const [page, paths] of [
    [customer, ['/', '/tickets/new', `/tickets/${id}`, '/account']],
    [desk, ['/board', '/list', `/tickets/${id}`, '/people', '/people/new', '/reports']],
  ] as const) {
    for (const path of paths) {
      await page.goto(path);
      expect(await page.locator('input, select, textarea').count(), path).toBeGreaterThan(0);
      expect(await tooSmall(page), path).toEqual([]);
    }
  }
});

test('a refused ticket says what is still to be done above its fields, has the focus there, and takes back what was mended', async ({ browser }) => {
  const page = await as(browser, marieke);
  await page.goto('/tickets/new');
  await awake(page);
  await page.getByLabel('Onderwerp').fill('Nog niet af');
  await page.getByRole('radio', { name: /Hoog/ }).check();
  await page.getByRole('button', { name: 'Indienen' }).click();
  const summary = page.locator('.error-summary');
  await expect(summary).toBeFocused();
  const [above, first] = [(await summary.boundingBox())!, (await page.getByLabel('E-mailadres').boundingBox())!];
  expect(above.y + above.height).toBeLessThanOrEqual(first.y);
  await awake(page);
  await expect(summary).toBeFocused();

  // Less urgent: what is asked of an urgent ticket alone is no longer to be done.
  await expect(summary.getByRole('link', { name: 'Wat staat er stil?' })).toBeVisible();
  await page.getByRole('radio', { name: /Laag/ }).check();
  await expect(summary.getByRole('link', { name: 'Wat staat er stil?' })).toBeHidden();

  // A link leads into its field.
  await summary.getByRole('link', { name: 'Afdeling' }).click();
  await expect(page.getByLabel('Afdeling')).toBeFocused();
  await page.getByLabel('Afdeling').selectOption({ label: 'SERA Datawijzer' });
  await expect(page.getByText('Kies de afdeling waar je ticket voor is.')).toBeHidden();
  await page.getByLabel('Jouw probleemstelling').fill('Nu wel');
  await expect(summary).toBeHidden();
  // Of what is not asked any more nobody is told.
  await expect(page.locator('main [aria-invalid=true]:visible')).toHaveCount(0);
});

test('how urgent it is, once chosen, is asked no longer', async ({ browser }) => {
  const page = await as(browser, marieke);
  await page.goto('/tickets/new');
  await awake(page);
  await page.getByRole('button', { name: 'Indienen' }).click();
  const asked = page.getByText('Kies hoe urgent het is.');
  await expect(asked).toBeVisible();
  await awake(page);
  await page.locator('.error-summary').getByRole('link', { name: 'Urgentie' }).click();
  await expect(page.getByRole('radio').first()).toBeFocused();
  await page.getByRole('radio', { name: /Vraag/ }).check();
  await expect(asked).toBeHidden();
  await expect(page.locator('.error-summary').getByRole('link', { name: 'Urgentie' })).toBeHidden();
  await expect(page.locator('#urgency')).not.toHaveAttribute('aria-invalid', 'true');
});

test('an upload is announced when it begins and when it is there, and a removed file leaves the focus at the next', async ({ browser }) => {
  const page = await as(browser, marieke);
  await page.goto('/tickets/new');
  await awake(page);
  await page.evaluate(() => {
    const said: string[] = [];
    Object.assign(window, { said });
    const area = document.querySelector('.upload-area')!;
    const look = () => {
      for (const live of area.querySelectorAll('[aria-live], [role=status], [role=alert], [role=log]')) {
        const text = live.textContent ?? '';
        if (text && said.at(-1) !== text) said.push(text);
      }
    };
    new MutationObserver(look).observe(area, { subtree: true, childList: true, characterData: true });
  });
  const choose = page.locator('input[type=file]');
  const large = { name: 'groot.log', mimeType: 'text/plain', buffer: Buffer.from('een regel van een log\n'.repeat(150_000)) };
  await choose.setInputFiles(large);
  await expect(page.locator('.upload[data-state=done]')).toHaveCount(1);
  expect(await page.evaluate(() => (window as unknown as { said: string[] }).said)).toEqual(['groot.log wordt geüpload.', 'groot.log is geüpload.']);

  const small = (name: string) => ({ name, mimeType: 'text/plain', buffer: Buffer.from('regel') });
  await choose.setInputFiles([small('een.txt'), small('twee.txt')]);
  await expect(page.locator('.upload[data-state=done]')).toHaveCount(3);
  await page.getByRole('button', { name: 'Verwijder een.txt' }).click();
  await expect(page.getByRole('button', { name: 'Verwijder twee.txt' })).toBeFocused();
  await page.keyboard.press('Enter');
  await expect(page.getByRole('button', { name: 'Verwijder groot.log' })).toBeFocused();
  await page.keyboard.press('Enter');
  await expect(choose).toBeFocused();
  await expect(page.locator('.upload-area [role=status]')).toHaveText('groot.log is weggehaald.');
});

test('what is removed beside a ticket leaves the focus beside it', async ({ browser }) => {
  const customer = await as(browser, fatima);
  const id = await openTicket(customer, 'Labels eraf');
  const page = await as(browser, sanne);
  await page.goto(`/tickets/${id}`);
  await awake(page);
  const label = page.getByLabel('Nieuw label');
  for (const name of ['eerste', 'tweede']) {
    await label.fill(name);
    await label.press('Enter');
    await expect(page.locator('.tags').getByText(name)).toBeVisible();
    await expect(label).toBeFocused();
  }
  await page.getByRole('button', { name: 'Haal het label eerste weg' }).press('Enter');
  await expect(page.getByRole('button', { name: 'Haal het label tweede weg' })).toBeFocused();
  await page.keyboard.press('Enter');
  await expect(label).toBeFocused();
});
