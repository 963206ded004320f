import { expect, test } from '@playwright/test';
import { as, awake, daan, fatima, openTicket, sanne } from '../support/people';

test('a card moves by keyboard alone', { tag: '@slow' }, async ({ browser }) => {
  const customer = await as(browser, fatima);
  const id = await openTicket(customer, 'Met het toetsenbord', 'Hoog');
  const page = await as(browser, sanne);
  await page.goto('/board');
  await awake(page);
  const card = page.locator(`[data-card="${id}"]`);
  await card.getByRole('link').focus();
  await page.keyboard.press('Shift+ArrowRight');
  await expect(page.locator('.column[data-status=open]').locator(card)).toBeVisible();
  await expect(card.getByRole('link')).toBeFocused();
  await page.keyboard.press('a');
  await expect(card.getByTitle('Sanne Dekker').first()).toBeVisible();
  await page.keyboard.press('Shift+ArrowRight');
  await expect(page.locator('.column[data-status=waiting]').locator(card)).toBeVisible();
  await expect(card.getByRole('link')).toBeFocused();
  await page.keyboard.press('ArrowLeft');
  await expect(page.locator('.column[data-status=open] a:focus')).toHaveCount(1);
  await page.keyboard.press('/');
  await expect(page.getByRole('searchbox')).toBeFocused();
});

test('two browsers share one board, by menu and by drag', { tag: '@slow' }, async ({ browser }) => {
  const customer = await as(browser, fatima);
  const id = await openTicket(customer, 'Op twee schermen', 'Hoog');
  const [one, two] = [await as(browser, sanne), await as(browser, daan)];
  for (const page of [one, two]) {
    await page.goto('/board');
    await awake(page);
  }
  const card = (page: import('@playwright/test').Page) => page.locator(`[data-card="${id}"]`);
  await card(one).getByLabel(`Ticket ${id}: verplaats of wijs toe`).click();
  await card(one).getByRole('button', { name: 'In behandeling' }).click();
  await expect(two.locator('.column[data-status=open]').locator(card(two))).toBeVisible();
  // It is read out until something else happens; the mark on the card goes after seconds, which a slow machine may need to look.
  await expect(two.getByRole('status').filter({ hasText: `#${id}: Sanne Dekker zette de status` })).toHaveCount(1);

  await two.locator('li', { has: card(two) }).dragTo(two.locator('.column[data-status=waiting]'));
  await expect(one.locator('.column[data-status=waiting]').locator(card(one))).toBeVisible();
});

test('nothing moves under the pointer', async ({ browser }) => {
  const customer = await as(browser, fatima);
  await openTicket(customer, 'Onder de muis', 'Laag');
  const page = await as(browser, sanne);
  await page.goto('/board');
  await awake(page);
  const column = page.locator('.column[data-status=new]');
  const card = column.locator('.card').first();
  await card.hover();
  const before = await column.locator('.subject').allTextContents();
  await openTicket(customer, 'Komt erboven', 'Hoog');
  await expect(column.getByText('1 wacht', { exact: true })).toBeVisible();
  expect(await column.locator('.subject').allTextContents()).toEqual(before);
  await page.mouse.move(5, 5);
  await expect(column.getByRole('link', { name: 'Komt erboven' })).toBeVisible();
});

test('the filter is in the address', async ({ browser }) => {
  const page = await as(browser, sanne);
  await page.goto('/board?urgency=high');
  const urgencies = await page.locator('.card .urgency').evaluateAll((all) => all.map((u) => u.getAttribute('data-urgency')));
  expect(urgencies.length).toBeGreaterThan(1);
  expect(new Set(urgencies)).toEqual(new Set(['high']));
  await page.getByText('Filter', { exact: true }).first().click();
  await page.locator('.filter-add').getByLabel('Medewerker').selectOption({ label: 'Nog niemand' });
  await page.locator('.filter-add').getByRole('button', { name: 'Filter' }).click();
  await expect(page).toHaveURL(/urgency=high.*assignee=nobody/);
  await page.getByRole('link', { name: /Haal het filter Urgentie/ }).click();
  await expect(page).toHaveURL(/board\?assignee=nobody$/);
});

test('a cut stream comes back and misses nothing', async ({ browser }) => {
  const customer = await as(browser, fatima);
  const page = await as(browser, sanne);
  await page.goto('/board');
  await awake(page);
  await page.context().setOffline(true);
  const id = await openTicket(customer, 'Tijdens de storing', 'Hoog');
  await page.context().setOffline(false);
  await expect(page.locator(`[data-card="${id}"]`)).toBeVisible({ timeout: 45_000 });
});

test('the list sorts, pages and changes several at once', async ({ browser }) => {
  const customer = await as(browser, fatima);
  // A page holds fifty; the demo data has fewer.
  for (let n = 0; n < 12; n++) await openTicket(customer, `Bladzijde ${n}`);
  const ids = [await openTicket(customer, 'Samen een'), await openTicket(customer, 'Samen twee')];
  const page = await as(browser, sanne);
  await page.goto('/list');
  await page.getByRole('link', { name: 'Nr.' }).click();
  await expect(page).toHaveURL(/sort=number/);
  await awake(page);
  for (const id of ids) await page.getByLabel(`Kies ticket ${id}`).check();
  // What others do shows, and takes nothing out of one's hands.
  const between = await openTicket(customer, 'Tussendoor');
  await expect(page.getByRole('row', { name: new RegExp(`#${between}`) })).toBeVisible();
  for (const id of ids) await expect(page.getByLabel(`Kies ticket ${id}`)).toBeChecked();
  await page.locator('.bulk').getByLabel('Status').selectOption({ label: 'Wacht op klant' });
  await page.locator('.bulk').getByRole('button', { name: 'Wijzig' }).click();
  for (const id of ids) await expect(page.getByRole('row', { name: new RegExp(`#${id}`) }).getByText('Wacht op klant')).toBeVisible();
  await page.getByRole('link', { name: 'Volgende' }).click();
  await expect(page).toHaveURL(/after=/);
  await page.getByRole('link', { name: 'Vorige' }).click();
  await expect(page.getByRole('row', { name: new RegExp(`#${ids[1]}`) })).toBeVisible();
});
