import { expect, test, type Page } from '@playwright/test';
import { accessible, always, as, awake, hanneke, impact, marieke, neverNow, offices, openTicket, sanne } from '../support/people';

/** The names of the days as the form has them, Monday first. */
const days = ['Maandag', 'Dinsdag', 'Woensdag', 'Donderdag', 'Vrijdag', 'Zaterdag', 'Zondag'];

async function calendar(page: Page, text: string) {
  await page.locator('input[type=file]').setInputFiles({ name: 'dagen.ics', mimeType: 'text/calendar', buffer: Buffer.from(text) });
  await page.getByRole('button', { name: 'Neem over' }).click();
}

test.afterEach(() => offices(always));

test('an admin gives a department its hours, and what is wrong stands where it was typed', async ({ browser }) => {
  const page = await as(browser, hanneke);
  await page.goto('/hours');
  await page.getByRole('link', { name: 'SERA Alphens' }).click();
  await page.getByLabel('Maandag', { exact: true }).fill('9:00-17:00 16:00-18:00');
  await page.getByLabel('Dinsdag', { exact: true }).fill('22:00-6:00');
  await page.getByLabel('Tijdzone').fill('Mars/Olympus');
  await page.getByRole('button', { name: 'Bewaren', exact: true }).click();
  await expect(page.locator('.error')).toHaveCount(3);
  await expect(page.getByLabel('Maandag', { exact: true })).toHaveValue('9:00-17:00 16:00-18:00');
  await accessible(page);
  for (const day of days) await page.getByLabel(day, { exact: true }).fill('');
  await page.getByLabel('Tijdzone').fill('Europe/Amsterdam');
  await page.getByRole('button', { name: 'Bewaren', exact: true }).click();
  await expect(page.locator('.error').first()).toBeVisible();
  for (const day of days.slice(0, 5)) await page.getByLabel(day, { exact: true }).fill('8:30-12:30 13-17');
  await page.getByLabel(/Eerste Kerstdag/).check();
  await page.getByRole('button', { name: 'Bewaren', exact: true }).click();
  await expect(page.getByRole('link', { name: 'SERA Alphens' })).toHaveAttribute('aria-current', 'true');
  await expect(page.getByLabel(/Eerste Kerstdag/)).toBeChecked();
  await expect(page.locator('.weeks td')).toHaveCount(28);
  await expect(page.locator('.weeks').getByText('8.30–12.30, 13.00–17.00').first()).toBeVisible();

  const soon = new Date(Date.now() + 9 * 86_400_000).toISOString().slice(0, 10);
  await page.getByLabel('Datum').fill(soon);
  await page.getByLabel('Naam').fill('Inventaris');
  await page.getByRole('button', { name: 'Voeg toe' }).click();
  await expect(page.locator('.weeks').getByText('Inventaris')).toBeVisible();

  await calendar(page, 'naam;datum\nKerst;2026-12-25\n');
  await expect(page.getByText('Dit bestand is geen agenda')).toBeVisible();
  const next = new Date(Date.now() + 11 * 86_400_000).toISOString().slice(0, 10).replaceAll('-', '');
  await calendar(page, `BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VEVENT\r\nUID:1\r\nDTSTART;VALUE=DATE:${next}\r\nSUMMARY:Verhuisdag\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n`);
  await expect(page.getByText('1 dag overgenomen.')).toBeVisible();
  await expect(page.locator('.weeks').getByText('Verhuisdag')).toBeVisible();
  await accessible(page);
});

test('an admin chooses targets, also for one organisation', async ({ browser }) => {
  const page = await as(browser, hanneke);
  await page.goto('/targets');
  const high = page.locator('form.target').first();
  await high.getByLabel('Eerste reactie').fill('gauw');
  await high.getByRole('button', { name: 'Bewaren' }).click();
  await expect(page.locator('form.target').first().locator('.error')).toBeVisible();
  await expect(page.locator('form.target').first().getByLabel('Eerste reactie')).toHaveValue('gauw');
  await page.goto('/targets');
  const other = page.locator('form.target').last();
  // For every department and every organisation there is one already: it is not written over.
  await other.getByRole('button', { name: 'Voeg toe' }).click();
  await expect(page.locator('#new-organisation-fault')).toBeVisible();
  await other.getByLabel('Organisatie').fill('Koperslag Bouw');
  await other.getByLabel('Oplossing').fill('3 dagen');
  await other.getByRole('button', { name: 'Voeg toe' }).click();
  await expect(page.locator('.rows').getByText('Koperslag Bouw')).toBeVisible();
  await accessible(page);
  await page.getByRole('button', { name: 'Verwijder deze streeftijd' }).click();
  await expect(page.locator('.rows').getByText('Koperslag Bouw')).toHaveCount(0);
});

test('outside office hours the form says when it is taken up, and the board shows what is urgent', async ({ browser }) => {
  const customer = await as(browser, marieke);
  const low = await openTicket(customer, 'Kan wachten', 'Laag');
  await offices(neverNow());
  await customer.goto('/tickets/new');
  await awake(customer);
  await expect(customer.getByText('Ons kantoor is nu gesloten.')).toBeVisible();
  await customer.getByLabel('Afdeling').selectOption({ label: 'SERA Business Design B.V.' });
  await customer.getByRole('radio', { name: /Laag/ }).check();
  await expect(customer.locator('.promised')).toContainText(/Je ticket pakken we .+ om 8\.30 uur op\. Je hoort uiterlijk/);
  await expect(customer.getByLabel('Wat staat er stil?')).toBeHidden();
  await customer.getByRole('radio', { name: /Hoog/ }).check();
  await expect(customer.locator('.promised')).toContainText('Dit behandelen we nu, ook buiten kantooruren.');
  await customer.getByLabel('Onderwerp').fill('Alles ligt plat');
  await customer.getByLabel('Jouw probleemstelling').fill('Sinds zonet');
  await customer.getByRole('button', { name: 'Indienen' }).click();
  await expect(customer.getByText('Schrijf wat er nu stilstaat.').first()).toBeVisible();
  await accessible(customer);
  await impact(customer);
  await customer.getByRole('button', { name: 'Indienen' }).click();
  await expect(customer.locator('.expect')).toContainText('Dit behandelen we nu');
  await expect(customer.locator('.message').getByText('Niemand kan boeken')).toBeVisible();
  await customer.goto(`/tickets/${low}`);
  await expect(customer.locator('.expect')).toContainText('Ons kantoor is nu gesloten.');

  const board = await as(browser, sanne);
  await board.goto('/board');
  await awake(board);
  await expect(board.getByText('Alleen urgente tickets worden nu behandeld.')).toBeVisible();
  const column = board.locator('.column[data-status=new]');
  await expect(column.getByRole('link', { name: 'Alles ligt plat' })).toBeVisible();
  await expect(column.getByRole('link', { name: 'Kan wachten' })).toBeHidden();
  await accessible(board);
  await board.getByRole('button', { name: 'Toon alle tickets' }).click();
  await expect(column.getByRole('link', { name: 'Kan wachten' })).toBeVisible();

  // The office opens, and the boards that are open follow by themselves.
  await offices(always);
  await expect(board.getByText('Alleen urgente tickets worden nu behandeld.')).toBeHidden({ timeout: 20_000 });
});
