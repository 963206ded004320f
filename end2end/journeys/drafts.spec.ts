import { expect, test, type BrowserContext, type Page } from '@playwright/test';
import { as, awake, fatima, marieke } from '../support/people';

const subject = (page: Page) => page.getByLabel('Onderwerp');

async function newTicket(context: BrowserContext) {
  const page = await context.newPage();
  await page.goto('/tickets/new');
  await awake(page);
  return page;
}

/** Waits until a tab has asked the others which drafts are open in them. */
const asked = (page: Page) => page.waitForTimeout(600);

test('two tabs of a new ticket each keep their own draft', async ({ browser }) => {
  const one = await as(browser, fatima);
  await one.goto('/tickets/new');
  await awake(one);
  await subject(one).fill('In het eerste tabblad');
  const two = await newTicket(one.context());
  await asked(two);
  await expect(subject(two)).toHaveValue('');
  await expect(two.getByText('Nog niet verstuurd')).toHaveCount(0);
  await subject(two).fill('In het tweede tabblad');
  for (const page of [one, two]) {
    await page.reload();
    await awake(page);
  }
  await expect(subject(one)).toHaveValue('In het eerste tabblad');
  await expect(subject(two)).toHaveValue('In het tweede tabblad');

  // Handing in one leaves the other as it is.
  await one.getByRole('radio', { name: /Laag/ }).check();
  await one.getByLabel('Afdeling').selectOption({ label: 'SERA Datawijzer' });
  await one.getByLabel('Jouw probleemstelling').fill('Tekst');
  await one.getByRole('button', { name: 'Indienen' }).click();
  await expect(one.getByRole('heading', { name: 'In het eerste tabblad' })).toBeVisible();
  await two.reload();
  await awake(two);
  await expect(subject(two)).toHaveValue('In het tweede tabblad');
  await one.goto('/tickets/new');
  await awake(one);
  await expect(subject(one)).toHaveValue('');
});

test('the draft of a tab that was closed is offered, and can be gone on with or thrown away', async ({ browser }) => {
  const one = await as(browser, fatima);
  await one.goto('/tickets/new');
  await awake(one);
  await subject(one).fill('Blijft liggen');
  const context = one.context();
  await one.close();
  const two = await newTicket(context);
  await expect(two.getByText('Nog niet verstuurd: “Blijft liggen”')).toBeVisible();
  await two.getByRole('button', { name: 'Ga verder' }).click();
  await expect(subject(two)).toHaveValue('Blijft liggen');
  await two.waitForTimeout(600);
  await two.close();

  const three = await newTicket(context);
  await three.getByRole('button', { name: 'Gooi weg' }).click();
  await expect(three.getByText('Nog niet verstuurd')).toHaveCount(0);
  await three.reload();
  await awake(three);
  await asked(three);
  await expect(three.getByText('Nog niet verstuurd')).toHaveCount(0);
});

test('a draft can be thrown away where it stands, after a question', async ({ browser }) => {
  const page = await as(browser, fatima);
  await page.goto('/tickets/new');
  await awake(page);
  await subject(page).fill('Toch maar niet');
  page.once('dialog', (dialog) => dialog.dismiss());
  await page.getByRole('button', { name: 'Gooi weg' }).click();
  await expect(subject(page)).toHaveValue('Toch maar niet');
  page.once('dialog', (dialog) => dialog.accept());
  await page.getByRole('button', { name: 'Gooi weg' }).click();
  await expect(subject(page)).toHaveValue('');
  await page.reload();
  await awake(page);
  await expect(subject(page)).toHaveValue('');
});

test('a draft with a file that the server no longer has says so at the file, and can be handed in without it', async ({ browser }) => {
  const page = await as(browser, marieke);
  await page.goto('/tickets/new');
  await awake(page);
  await page.locator('input[type=file]').setInputFiles({ name: 'verdwenen.txt', mimeType: 'text/plain', buffer: Buffer.from('regel') });
  await expect(page.locator('.upload[data-state=done]')).toHaveCount(1);
  const id = await page.locator('input[name="attachments[]"]').inputValue();
  const thrown = await page.request.post('/api/discard_upload', { form: { id }, headers: { Origin: new URL(page.url()).origin } });
  expect(thrown.ok()).toBe(true);
  await page.reload();
  await awake(page);
  await expect(page.getByText('Dit bestand staat niet meer op de server.')).toBeVisible();
  await expect(page.locator('input[name="attachments[]"]')).toHaveCount(0);
  await page.getByRole('radio', { name: /Laag/ }).check();
  await page.getByLabel('Afdeling').selectOption({ label: 'SERA Datawijzer' });
  await subject(page).fill('Zonder het verdwenen bestand');
  await page.getByLabel('Jouw probleemstelling').fill('Tekst');
  await page.getByRole('button', { name: 'Verwijder verdwenen.txt' }).click();
  await page.getByRole('button', { name: 'Indienen' }).click();
  await expect(page.getByRole('heading', { name: 'Zonder het verdwenen bestand' })).toBeVisible();
});
