import { expect, test, type Page } from '@playwright/test';
import { code } from '../support/codes';
import { accessible, as, awake, daan, hanneke, logIn, password } from '../support/people';

const yasmin = 'yasmin.elamrani@sera.example';
const joost = 'joost.bakkum@sera.example';

async function tryPassword(page: Page, email: string) {
  await page.goto('/log-in');
  await page.getByLabel('E-mailadres').fill(email);
  await page.getByLabel('Wachtwoord').fill(password);
  await page.getByRole('button', { name: 'Inloggen', exact: true }).click();
}

/** Forgets the session, from a page that does not mind. */
async function out(page: Page) {
  await page.goto('about:blank');
  await page.context().clearCookies();
}

/** A device that knows who holds it. */
async function authenticator(page: Page) {
  const devtools = await page.context().newCDPSession(page);
  await devtools.send('WebAuthn.enable');
  const options = { protocol: 'ctap2', transport: 'internal', hasResidentKey: true, hasUserVerification: true, isUserVerified: true, automaticPresenceSimulation: true } as const;
  const { authenticatorId } = await devtools.send('WebAuthn.addVirtualAuthenticator', { options });
  return { devtools, authenticatorId };
}

test('an app makes the second step, recovery codes stand in for it, and both are shown and counted once', async ({ browser }) => {
  const page = await as(browser, yasmin);
  await page.goto('/account');
  await page.getByRole('link', { name: 'App instellen' }).click();
  await accessible(page);
  const secret = await page.locator('.app-code code').innerText();
  await page.getByLabel('Code', { exact: true }).fill('000000');
  await page.locator('#app-password').fill(password);
  await page.getByRole('button', { name: 'App gebruiken' }).click();
  await expect(page.getByText('Deze code klopt niet')).toBeVisible();
  expect(await page.locator('.app-code code').innerText()).toBe(secret);
  await page.getByLabel('Code', { exact: true }).fill(code(secret));
  await page.locator('#app-password').fill(password);
  await page.getByRole('button', { name: 'App gebruiken' }).click();
  await expect(page.getByRole('heading', { name: 'Herstelcodes' })).toBeVisible();
  const codes = await page.locator('.codes code').allInnerTexts();
  expect(codes).toHaveLength(10);
  await accessible(page);
  await page.getByRole('link', { name: 'Ik heb ze bewaard' }).click();
  await expect(page.getByText('Er zijn nog 10 herstelcodes.')).toBeVisible();
  await expect(page.locator('.codes')).toHaveCount(0);

  const again = await (await browser.newContext({ locale: 'nl-NL' })).newPage();
  await again.goto('/board');
  await tryPassword(again, yasmin);
  await expect(again.getByRole('heading', { name: 'Tweede stap bij het inloggen' })).toBeVisible();
  await accessible(again);
  const elsewhere = await again.context().newPage();
  await elsewhere.goto('/board');
  await expect(elsewhere).toHaveURL(/log-in/);
  await again.getByLabel('Code', { exact: true }).fill('111111');
  await again.getByRole('button', { name: 'Inloggen', exact: true }).click();
  await expect(again.getByText('Deze code klopt niet')).toBeVisible();
  // The code of now was used to set it up; the next one counts already.
  await again.getByLabel('Code', { exact: true }).fill(code(secret, 30));
  await again.getByRole('button', { name: 'Inloggen', exact: true }).click();
  await expect(again).toHaveURL(/board/);

  const lost = await (await browser.newContext({ locale: 'nl-NL' })).newPage();
  await tryPassword(lost, yasmin);
  await lost.getByLabel('Code', { exact: true }).fill(codes[3]);
  await lost.getByRole('button', { name: 'Inloggen', exact: true }).click();
  await expect(lost).toHaveURL(/board/);
  await lost.goto('/account');
  await expect(lost.getByText('Er zijn nog 9 herstelcodes.')).toBeVisible();
});

test('a passkey logs in with no password, and is the second step too', async ({ browser }) => {
  const page = await as(browser, daan);
  await page.goto('/account');
  await awake(page);
  const { devtools, authenticatorId } = await authenticator(page);
  await page.getByLabel('Naam van dit apparaat').fill('Laptop van Daan');
  await page.locator('#passkey-password').fill('verkeerd');
  await page.getByRole('button', { name: 'Passkey toevoegen' }).click();
  await expect(page.getByText('Dit is niet je huidige wachtwoord.')).toBeVisible();
  await page.locator('#passkey-password').fill(password);
  await page.getByRole('button', { name: 'Passkey toevoegen' }).click();
  await expect(page.getByText('Laptop van Daan')).toBeVisible();
  await accessible(page);

  await out(page);
  await page.goto('/log-in?next=/list');
  await awake(page);
  await page.getByRole('button', { name: 'Inloggen met passkey' }).click();
  await expect(page).toHaveURL(/^[^?]*\/list$/);

  // The password alone is not enough any more.
  await out(page);
  await tryPassword(page, daan);
  await expect(page.getByText('Log in met je passkey.')).toBeVisible();
  await awake(page);
  await page.getByRole('button', { name: 'Inloggen met passkey' }).click();
  await expect(page).toHaveURL(/board/);

  // A device that does not know who holds it.
  await out(page);
  await devtools.send('WebAuthn.setUserVerified', { authenticatorId, isUserVerified: false });
  await page.goto('/log-in');
  await awake(page);
  await page.getByRole('button', { name: 'Inloggen met passkey' }).click();
  await expect(page.getByText('Dat is niet gelukt.')).toBeVisible({ timeout: 20_000 });
  await devtools.send('WebAuthn.setUserVerified', { authenticatorId, isUserVerified: true });

  // Taken away: its device is a stranger.
  await page.getByRole('button', { name: 'Inloggen met passkey' }).click();
  await expect(page).toHaveURL(/board/);
  await page.goto('/account');
  await page.getByText('Weghalen', { exact: true }).first().click();
  await page.locator('section[aria-labelledby=second] .rows').getByLabel('Huidig wachtwoord').fill(password);
  await page.getByRole('button', { name: 'Weghalen' }).click();
  await expect(page.getByText('Laptop van Daan')).toHaveCount(0);
  await out(page);
  await page.goto('/log-in');
  await awake(page);
  await page.getByRole('button', { name: 'Inloggen met passkey' }).click();
  await expect(page.getByText('Deze passkey is hier niet bekend')).toBeVisible();
  await logIn(page, daan);
});

test('an admin requires a second step of leads, and one who has none sets it up on the way in', async ({ browser }) => {
  const admin = await as(browser, hanneke);
  await admin.goto('/people?typed=bakkum');
  await admin.getByRole('link', { name: 'Joost Bakkum' }).click();
  await admin.getByLabel('Rol').selectOption({ label: 'Teamleider' });
  await admin.getByRole('button', { name: 'Bewaren' }).click();
  await expect(admin.getByText('Opgeslagen.')).toBeVisible();
  await admin.goto('/security');
  await accessible(admin);
  await admin.getByLabel('Beheerder').check();
  await admin.getByRole('button', { name: 'Bewaren' }).click();
  await expect(admin.getByText('Stel eerst zelf een tweede stap in')).toBeVisible();
  await admin.getByLabel('Beheerder').uncheck();
  await admin.getByLabel('Teamleider').check();
  await admin.getByRole('button', { name: 'Bewaren' }).click();
  await expect(admin.getByText('Opgeslagen.')).toBeVisible();

  const page = await (await browser.newContext({ locale: 'nl-NL' })).newPage();
  await tryPassword(page, joost);
  await expect(page.getByRole('heading', { name: 'Stel een tweede stap in' })).toBeVisible();
  await accessible(page);
  const secret = await page.locator('.app-code code').innerText();
  await page.getByLabel('Code', { exact: true }).fill(code(secret));
  await page.getByRole('button', { name: 'Inloggen', exact: true }).click();
  await expect(page.getByRole('heading', { name: 'Herstelcodes' })).toBeVisible();
  await page.goto('/board');
  await expect(page.getByRole('heading', { name: 'Bord' })).toBeVisible();
  await admin.getByLabel('Teamleider').uncheck();
  await admin.getByRole('button', { name: 'Bewaren' }).click();
});
