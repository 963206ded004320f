import { expect, test, type Browser, type Page } from '@playwright/test';
import { accessible, hanneke, logIn, marieke } from '../support/people';

/** Goes to the provider and says there who one is. */
async function atProvider(browser: Browser, who: string, from = '/log-in'): Promise<Page> {
  const page = await (await browser.newContext({ locale: 'nl-NL' })).newPage();
  await page.goto(from);
  await page.getByRole('link', { name: 'Inloggen met SERA' }).click();
  await page.getByPlaceholder('Enter any login').fill(who);
  await page.getByPlaceholder('and password').fill('x');
  await page.getByRole('button', { name: 'Sign-in' }).click();
  await page.getByRole('button', { name: 'Continue' }).click();
  return page;
}

test('a customer and a new member of staff come in by the provider, with the rights their groups give', async ({ browser }) => {
  const door = await browser.newPage();
  await door.goto('/log-in');
  await accessible(door);
  const customer = await atProvider(browser, 'fatima', '/log-in?next=/account');
  await expect(customer).toHaveURL(/localhost:3100\/account/);
  await expect(customer.getByLabel('Naam', { exact: true })).toHaveValue('Fatima Oulad');
  const agent = await atProvider(browser, 'nieuw');
  await expect(agent).toHaveURL(/board/);
  await agent.goto('/audit');
  await expect(agent.getByRole('heading', { name: 'Auditlog' })).toHaveCount(0);
  const admin = await browser.newPage();
  await logIn(admin, hanneke);
  await admin.goto('/people?typed=nieuw%40sera');
  await expect(admin.getByText('Nieuwe Medewerker')).toBeVisible();
});

test('who is not known here, or says they are someone else without proof, stays outside', async ({ browser }) => {
  for (const who of ['vreemd', 'boef']) {
    const page = await atProvider(browser, who);
    await expect(page.getByText('Je bent daar bekend, maar hebt hier geen toegang.')).toBeVisible();
    await accessible(page);
    await page.goto('/board');
    await expect(page).toHaveURL(/log-in/);
  }
  const page = await browser.newPage();
  await page.goto('/log-in/provider/back?code=x&state=x');
  await expect(page.getByText('Inloggen daar is niet gelukt.')).toBeVisible();
  await logIn(page, marieke);
});
