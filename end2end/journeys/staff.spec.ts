import { expect, test } from '@playwright/test';
import { as, awake, daan, fatima, marieke, openTicket, sanne } from '../support/people';

test('everything on a ticket can be changed, each with its line in the history, seen by the customer as far as it may', async ({ browser }) => {
  const customer = await as(browser, marieke);
  const id = await openTicket(customer, 'Alle eigenschappen', 'Laag');
  await awake(customer);
  const page = await as(browser, sanne);
  await page.goto(`/tickets/${id}`);
  await awake(page);
  const history = (text: string | RegExp) => expect(page.locator('.happening', { hasText: text })).toBeVisible();
  await page.getByLabel('Status', { exact: true }).selectOption({ label: 'In behandeling' });
  await history('zette de status van Nieuw op In behandeling');
  await page.getByLabel('Medewerker', { exact: true }).selectOption({ label: 'Daan Verhoeven' });
  await history('wees toe aan Daan Verhoeven');
  await page.locator('.weigh summary').click();
  await page.getByLabel('Urgentie', { exact: true }).selectOption({ label: 'Hoog' });
  await page.getByLabel('Reden, voor de klant').fill('Er staan meer mensen stil dan gedacht');
  await page.locator('.weigh').getByRole('button', { name: 'Wijzig' }).click();
  await history('zette de urgentie op Hoog: Er staan meer mensen stil dan gedacht');
  await page.getByLabel('Afdeling', { exact: true }).selectOption({ label: 'SERA Datawijzer' });
  await history('verplaatste naar SERA Datawijzer');
  await page.getByLabel('CC toevoegen').selectOption({ label: 'Ruud Koster (key user)' });
  await history('zette Ruud Koster in CC');
  await page.getByLabel('Nieuw label').fill('Versie 8');
  await page.getByLabel('Nieuw label').press('Enter');
  await history('plakte het label versie 8');
  await page.getByRole('button', { name: 'Haal het label versie 8 weg' }).click();
  await history('haalde het label versie 8 weg');

  const theirs = customer.locator('.properties');
  for (const text of ['In behandeling', 'Hoog', 'Daan Verhoeven', 'SERA Datawijzer']) await expect(theirs.getByText(text)).toBeVisible();
  await expect(customer.locator('.persons').getByText('Ruud Koster')).toBeVisible();
  await expect(customer.getByText('Er staan meer mensen stil dan gedacht')).toBeVisible();
  await expect(customer.getByText('versie 8')).toHaveCount(0);
});

test('someone in CC reads along and leaves, and the portal is live at home too', async ({ browser }) => {
  const [requester, reader] = [await as(browser, marieke), await as(browser, 'r.koster@dewaalbouw.example')];
  await reader.goto('/');
  await awake(reader);
  const id = await openTicket(requester, 'Samen lezen');
  await awake(requester);
  await requester.getByLabel('CC toevoegen').selectOption({ label: 'Ruud Koster (key user)' });
  const row = reader.locator(`#t${id}`);
  await expect(reader.locator('section', { has: reader.getByRole('heading', { name: 'Waarvan je in CC staat' }) }).locator(row)).toBeVisible();
  await row.getByRole('link').click();
  await awake(reader);
  await reader.getByLabel('Je bericht').fill('Bij mij ook');
  await reader.getByRole('button', { name: 'Verstuur antwoord' }).click();
  await expect(requester.locator('.message').getByText('Bij mij ook')).toBeVisible();
  await reader.getByRole('button', { name: 'Ga uit CC' }).click();
  await expect(reader.getByRole('heading', { name: 'Mijn tickets' })).toBeVisible();
  await reader.goto(`/tickets/${id}`);
  await expect(reader.getByRole('heading', { name: 'Deze pagina is er niet' })).toBeVisible();
});

test('a change by another is marked, and focus stays where it is', async ({ browser }) => {
  const customer = await as(browser, fatima);
  const [mine, other] = [await openTicket(customer, 'Waar ik ben', 'Hoog'), await openTicket(customer, 'Wat verandert', 'Hoog')];
  const [page, colleague] = [await as(browser, sanne), await as(browser, daan)];
  for (const board of [page, colleague]) {
    await board.goto('/board');
    await awake(board);
  }
  const link = page.locator(`[data-card="${mine}"]`).getByRole('link');
  await link.focus();
  await colleague.locator(`[data-card="${other}"]`).getByRole('link').focus();
  await colleague.keyboard.press('a');
  await expect(page.locator(`[data-card="${other}"][data-changed]`)).toBeVisible();
  await expect(link).toBeFocused();
  await expect(page.locator(`[data-card="${other}"][data-changed]`)).toHaveCount(0, { timeout: 15_000 });
});

test('the second of two agents who move one card is told, and sees where it is', async ({ browser }) => {
  const customer = await as(browser, fatima);
  const id = await openTicket(customer, 'Twee tegelijk', 'Hoog');
  const [one, two] = [await as(browser, sanne), await as(browser, daan)];
  await one.goto('/board');
  await awake(one);
  // Deaf: it still shows where the card was.
  await two.context().route('**/live*', (route) => route.abort());
  await two.context().route('**/live/since*', (route) => route.abort());
  await two.goto('/board');
  await awake(two);
  const card = (page: typeof one) => page.locator(`[data-card="${id}"]`);
  await card(one).getByRole('link').focus();
  await one.keyboard.press('Shift+ArrowRight');
  await expect(one.locator('.column[data-status=open]').locator(card(one))).toBeVisible();
  await card(two).getByLabel(`Ticket ${id}: verplaats of wijs toe`).click();
  await card(two).getByRole('button', { name: 'Opgelost' }).click();
  await expect(two.locator('.toast', { hasText: 'Iemand anders was je net voor.' })).toBeVisible();
  await expect(two.locator('.column[data-status=open]').locator(card(two))).toBeVisible();
});

test('without JavaScript a reply takes a file along, and CC is changed', async ({ browser }) => {
  const page = await as(browser, marieke, { javaScriptEnabled: false });
  await page.goto('/tickets/new');
  await page.getByRole('radio', { name: /Laag/ }).check();
  await page.getByLabel('Afdeling').selectOption({ label: 'SERA Datawijzer' });
  await page.getByLabel('Onderwerp').fill('Bijlage zonder script');
  await page.getByLabel('Jouw probleemstelling').fill('Eerst zonder.');
  await page.getByRole('button', { name: 'Indienen' }).click();
  await page.getByLabel('Je bericht').fill('Nu met bestand');
  await page.locator('input[type=file]').setInputFiles({ name: 'later.txt', mimeType: 'text/plain', buffer: Buffer.from('regel') });
  await page.getByRole('button', { name: 'Verstuur antwoord' }).click();
  await expect(page.locator('.message', { hasText: 'Nu met bestand' }).getByText('later.txt')).toBeVisible();
  const [saved] = await Promise.all([page.waitForEvent('download'), page.getByRole('link', { name: /later\.txt/ }).click()]);
  expect(saved.suggestedFilename()).toBe('later.txt');
  await page.getByLabel('CC toevoegen').selectOption({ label: 'Ruud Koster (key user)' });
  await page.locator('.add-cc').getByRole('button', { name: 'Voeg toe' }).click();
  await expect(page.locator('.persons').getByText('Ruud Koster')).toBeVisible();
  await page.getByRole('button', { name: 'Ruud Koster weghalen' }).click();
  await expect(page.locator('.persons').getByText('Ruud Koster')).toHaveCount(0);
});
