import { expect, test } from '@playwright/test';
import { as, awake, daan, fatima, openTicket, sanne } from '../support/people';

test('a ticket that is resolved loses its clock, and one that is reopened gets it back, on a page that stays open', async ({ browser }) => {
  const customer = await as(browser, fatima);
  const id = await openTicket(customer, 'De klok loopt mee');
  const [page, colleague] = [await as(browser, sanne), await as(browser, daan)];
  for (const desk of [page, colleague]) {
    await desk.goto(`/tickets/${id}`);
    await awake(desk);
  }
  const clock = page.locator('.props .due');
  await expect(clock).toBeVisible();
  await colleague.getByLabel('Status', { exact: true }).selectOption({ label: 'Opgelost' });
  await expect(page.getByLabel('Status', { exact: true })).toHaveValue('resolved');
  await expect(clock).toHaveCount(0);
  await expect(page.locator('.props .clock')).toBeHidden();
  await customer.goto(`/tickets/${id}`);
  await customer.getByLabel('Je bericht').fill('Toch nog niet');
  await customer.getByRole('button', { name: 'Verstuur antwoord' }).click();
  await expect(page.locator('.message').getByText('Toch nog niet')).toBeVisible();
  await expect(clock).toBeVisible();
});

test('what a ticket had nothing of fills while its page is open', async ({ browser }) => {
  const customer = await as(browser, fatima);
  const id = await openTicket(customer, 'Nog niets ernaast');
  await awake(customer);
  const page = await as(browser, sanne);
  await page.goto(`/tickets/${id}`);
  await awake(page);
  await expect(page.getByRole('heading', { name: 'Voorgesteld voor CC' })).toHaveCount(0);
  await customer.getByLabel('Iemand anders, op e-mailadres').fill('adviseur@ergens.example');
  await customer.locator('form[action="/api/name_for_cc"]').getByRole('button', { name: 'Voeg toe' }).click();
  await expect(customer.getByText('adviseur@ergens.example').first()).toBeVisible();
  // Being named is nothing that happened to the ticket: what happens next brings it along.
  await customer.getByLabel('Je bericht').fill('Onze adviseur leest graag mee');
  await customer.getByRole('button', { name: 'Verstuur antwoord' }).click();
  await expect(page.getByRole('heading', { name: 'Voorgesteld voor CC' })).toBeVisible();
  await page.getByRole('button', { name: /adviseur@ergens\.example/ }).last().click();
  await expect(page.getByRole('heading', { name: 'Voorgesteld voor CC' })).toHaveCount(0);
});

test("the list's total and its empty state follow its rows", async ({ browser }) => {
  const customer = await as(browser, fatima);
  const label = `leeg-${Date.now()}`;
  const id = await openTicket(customer, 'Komt in een lege lijst');
  const [page, colleague] = [await as(browser, sanne), await as(browser, daan)];
  await page.goto(`/list?tag=${label}`);
  await awake(page);
  const nothing = page.getByText('Geen tickets met dit filter.');
  await expect(nothing).toBeVisible();
  await colleague.goto(`/tickets/${id}`);
  await awake(colleague);
  await colleague.getByLabel('Nieuw label').fill(label);
  await colleague.getByLabel('Nieuw label').press('Enter');
  await expect(page.getByRole('link', { name: 'Komt in een lege lijst' })).toBeVisible();
  await expect(nothing).toBeHidden();

  // A row that leaves is no longer counted among those that were chosen.
  await page.getByLabel(`Kies ticket ${id}`).check();
  await expect(page.locator('[data-ticked]')).toHaveText('1');
  await colleague.getByRole('button', { name: `Haal het label ${label} weg` }).click();
  await expect(nothing).toBeVisible();
  await expect(page.locator('.bulk')).toBeHidden();

  await page.goto('/list');
  await awake(page);
  const total = page.locator('.list-head .total');
  const before = Number((await total.innerText()).replace(/\D/g, ''));
  await openTicket(customer, 'Telt mee');
  await expect(total).toHaveText(new RegExp(`^${(before + 1).toLocaleString('nl-NL').replace('.', '\\.')} `));
});

test('an organisation that is not there is said, and is no reason to show all tickets', async ({ browser }) => {
  const page = await as(browser, sanne);
  for (const path of ['/list', '/board']) {
    await page.goto(path);
    await page.getByText('Filter', { exact: true }).first().click();
    await page.locator('.filter-add').getByLabel('Organisatie').fill('Koperslgg');
    await page.locator('.filter-add').getByRole('button', { name: 'Filter' }).click();
    await expect(page.getByText('Er is geen organisatie met de naam Koperslgg.')).toBeVisible();
    await expect(page.locator('.card, tbody tr')).toHaveCount(0);
    await page.getByRole('link', { name: 'Haal het filter Organisatie Koperslgg weg' }).click();
    await expect(page.locator('.card, tbody tr').first()).toBeVisible();
  }
});
