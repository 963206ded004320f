import { expect, test, type Page } from '@playwright/test';
import { as, awake, marieke } from '../support/people';

/** A picture, made in the page and dropped on the form. */
async function drop(page: Page, name: string) {
  await page.locator('form.form').evaluate(async (form, name) => {
    const canvas = document.createElement('canvas');
    canvas.width = 64;
    canvas.height = 48;
    canvas.getContext('2d')!.fillRect(0, 0, 64, 48);
    const blob: Blob = await new Promise((done) => canvas.toBlob((b) => done(b!), 'image/png'));
    const data = new DataTransfer();
    data.items.add(new File([blob], name, { type: 'image/png' }));
    form.dispatchEvent(new DragEvent('drop', { dataTransfer: data, bubbles: true, cancelable: true }));
  }, name);
}

async function form(page: Page, subject: string) {
  await page.goto('/tickets/new');
  await awake(page);
  await page.getByRole('radio', { name: /Laag/ }).check();
  await page.getByLabel('Afdeling').selectOption({ label: 'SERA Datawijzer' });
  await page.getByLabel('Onderwerp').fill(subject);
  await page.getByLabel('Jouw probleemstelling').fill('Met een bestand.');
}

test('a dropped picture goes up at once with its progress and thumbnail, and one that broke off is tried again', async ({ browser }) => {
  const page = await as(browser, marieke);
  await form(page, 'Gesleept');
  let release = () => {};
  const held = new Promise<void>((resolve) => (release = resolve));
  let tries = 0;
  await page.route('**/uploads?*', async (route) => {
    tries += 1;
    if (tries === 1) return route.abort();
    await held;
    return route.continue();
  });
  await drop(page, 'gesleept.png');
  const row = page.locator('.upload', { hasText: 'gesleept.png' });
  await expect(row.getByText('Het uploaden brak af. Probeer het opnieuw.')).toBeVisible();
  await row.getByRole('button', { name: 'Opnieuw' }).click();
  await expect(row.getByRole('progressbar')).toBeVisible();
  await expect(row.locator('img')).toHaveJSProperty('naturalWidth', 64);
  // Handed in while it still goes up: the form waits for it.
  await page.getByRole('button', { name: 'Indienen' }).click();
  await expect(page).toHaveURL(/tickets\/new/);
  release();
  await expect(page.getByRole('heading', { name: 'Gesleept' })).toBeVisible();
  const picture = page.locator('.file-link img');
  await expect(picture).toHaveCount(1);
  await picture.scrollIntoViewIfNeeded();
  await expect.poll(() => picture.evaluate((img: HTMLImageElement) => img.naturalWidth)).toBeGreaterThan(0);
});

test('files and CC are in the draft too', async ({ browser }) => {
  const page = await as(browser, marieke);
  await form(page, 'Concept met alles');
  await page.getByRole('combobox', { name: /CC toevoegen/ }).fill('ruud');
  await page.getByRole('option', { name: /Ruud Koster/ }).click();
  await drop(page, 'concept.png');
  await expect(page.locator('.upload[data-state=done]')).toHaveCount(1);
  await page.reload();
  await awake(page);
  await expect(page.locator('.upload[data-state=done]', { hasText: 'concept.png' })).toHaveCount(1);
  await expect(page.locator('.chip', { hasText: 'Ruud Koster' })).toBeVisible();
  await page.getByRole('button', { name: 'Indienen' }).click();
  await expect(page.getByRole('heading', { name: 'Concept met alles' })).toBeVisible();
  await expect(page.locator('.file-link')).toHaveCount(1);
  await expect(page.locator('.persons').getByText('Ruud Koster')).toBeVisible();
});

test('the screenshot check without a picture says so, and key users are offered first', async ({ browser }) => {
  const page = await as(browser, marieke);
  await form(page, 'Zonder afbeelding');
  await page.getByRole('combobox', { name: /CC toevoegen/ }).focus();
  await expect(page.getByRole('option').first()).toContainText('key user');
  await page.getByLabel('Ja, ik heb een schermafbeelding geüpload').check();
  await page.getByRole('button', { name: 'Indienen' }).click();
  await expect(page.getByText('Je hebt nog geen afbeelding toegevoegd.').first()).toBeVisible();
  await expect(page.getByLabel('Onderwerp')).toHaveValue('Zonder afbeelding');
});

test('a double click hands in one ticket', async ({ browser }) => {
  const page = await as(browser, marieke);
  const subject = `Tweemaal geklikt ${Date.now()}`;
  await form(page, subject);
  await drop(page, 'tweemaal.png');
  await expect(page.locator('.upload[data-state=done]')).toHaveCount(1);
  await page.getByRole('button', { name: 'Indienen' }).dblclick();
  await expect(page.getByRole('heading', { name: subject })).toBeVisible();
  await page.goto('/');
  await expect(page.locator('.ticket-row', { hasText: subject })).toHaveCount(1);
});

test('a reply that was not sent is still there after a reload', async ({ browser }) => {
  const page = await as(browser, marieke);
  await form(page, 'Antwoord in concept');
  await page.getByRole('button', { name: 'Indienen' }).click();
  await expect(page.getByRole('heading', { name: 'Antwoord in concept' })).toBeVisible();
  await awake(page);
  await page.getByLabel('Je bericht').fill('Nog niet verstuurd');
  await page.reload();
  await awake(page);
  await expect(page.getByLabel('Je bericht')).toHaveValue('Nog niet verstuurd');
  await page.getByRole('button', { name: 'Verstuur antwoord' }).click();
  await expect(page.locator('.message').getByText('Nog niet verstuurd')).toBeVisible();
  await awake(page);
  await expect(page.getByLabel('Je bericht')).toHaveValue('');
});
