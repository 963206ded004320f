import { expect, test } from '@playwright/test';
import { as, marieke, sanne } from '../support/people';

test('the whole portal works without JavaScript, uploads included', async ({ browser }) => {
  const page = await as(browser, marieke, { javaScriptEnabled: false });
  await page.goto('/');
  await page.getByRole('link', { name: 'Dien een ticket in' }).click();
  await page.getByLabel('Onderwerp').fill('Zonder script');
  await page.locator('input[type=file]').setInputFiles([
    { name: 'log.txt', mimeType: 'text/plain', buffer: Buffer.from('regel een') },
  ]);
  await page.getByRole('button', { name: 'Indienen' }).click();

  await expect(page.getByText('Kies hoe urgent het is.').first()).toBeVisible();
  await expect(page.getByLabel('Onderwerp')).toHaveValue('Zonder script');
  await expect(page.getByText('log.txt')).toBeVisible();
  await page.getByRole('radio', { name: /Vraag/ }).check();
  await page.getByLabel('Afdeling').selectOption({ label: 'SERA Datawijzer' });
  await page.getByLabel('Jouw probleemstelling').fill('Werkt dit ook zonder?');
  await page.getByRole('checkbox', { name: /Ruud Koster/ }).check();
  await page.getByRole('button', { name: 'Indienen' }).click();

  await expect(page.getByRole('heading', { name: 'Zonder script' })).toBeVisible();
  await expect(page.getByText('log.txt')).toBeVisible();
  await expect(page.locator('.persons').getByText('Ruud Koster')).toBeVisible();
  const url = page.url().split('?')[0];

  await page.getByLabel('Je bericht').fill('Nog iets');
  await page.getByRole('button', { name: 'Verstuur antwoord' }).click();
  await expect(page.locator('.message').getByText('Nog iets')).toBeVisible();
  await page.getByRole('button', { name: 'Opgelost, bedankt' }).click();
  await expect(page.locator('.properties').getByText('Gesloten')).toBeVisible();
  await page.getByLabel('Je bericht').fill('Toch niet');
  await page.getByRole('button', { name: 'Verstuur antwoord' }).click();
  await expect(page.locator('.properties').getByText('In behandeling')).toBeVisible();

  await page.goto('/');
  await page.getByRole('searchbox').fill('zonder script');
  await page.keyboard.press('Enter');
  await expect(page.getByRole('link', { name: /Zonder script/ })).toBeVisible();
  await page.getByRole('button', { name: 'English' }).click();
  await expect(page.getByRole('heading', { name: 'My tickets' })).toBeVisible();
  await page.getByRole('button', { name: 'Nederlands' }).first().click();

  const desk = await as(browser, sanne, { javaScriptEnabled: false });
  await desk.goto(url);
  await desk.getByLabel('Status', { exact: true }).selectOption({ label: 'Opgelost' });
  await desk.locator('form', { has: desk.getByLabel('Status', { exact: true }) }).getByRole('button', { name: 'Wijzig' }).click();
  await expect(desk.getByLabel('Status', { exact: true })).toHaveValue('resolved');

  await page.locator('.menu-details summary').click();
  await page.getByRole('button', { name: 'Uitloggen' }).click();
  await expect(page).toHaveURL(/log-in/);
  await page.goto('/tickets/new');
  await expect(page).toHaveURL(/log-in\?next=/);
});
