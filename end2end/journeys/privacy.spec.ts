import { expect, test } from '@playwright/test';
import { readFile } from 'node:fs/promises';
import { accessible, as, awake, hanneke, openTicket, password, sanne } from '../support/people';

const gerrit = 'g.vanrijn@weg.example';

test('an admin exports what is known of a person, and erases them for good', async ({ browser }) => {
  const admin = await as(browser, hanneke);
  await admin.goto('/people/new');
  await admin.getByLabel('Naam', { exact: true }).fill('Gerrit van Rijn');
  await admin.getByLabel('E-mailadres').fill(gerrit);
  await admin.getByLabel('Organisatie', { exact: true }).fill('Bouwbedrijf De Waal');
  await admin.getByRole('button', { name: 'Uitnodigen' }).click();
  await expect(admin.getByRole('heading', { name: 'Gerrit van Rijn' })).toBeVisible();
  const person = admin.url().split('?')[0];
  const customer = await as(browser, 'm.vanloon@dewaalbouw.example');
  const ticket = await openTicket(customer, 'Gerrit van Rijn kan niet inloggen');

  await admin.goto(person);
  await admin.getByRole('button', { name: 'Alles exporteren' }).click();
  const saved = admin.waitForEvent('download');
  await admin.getByRole('link', { name: 'Bestand opslaan' }).click();
  const bytes = await readFile(await (await saved).path());
  expect(bytes.subarray(0, 2).toString()).toBe('PK');
  expect(bytes.includes('person.json')).toBe(true);

  await admin.getByText('Persoon voorgoed wissen').first().click();
  await admin.getByLabel('Typ het e-mailadres van deze persoon').fill('een.ander@weg.example');
  await admin.getByRole('button', { name: 'Persoon voorgoed wissen' }).click();
  await expect(admin.getByText('Dit is niet het e-mailadres van deze persoon.')).toBeVisible();
  await expect(admin.getByLabel('Typ het e-mailadres van deze persoon')).toHaveValue('een.ander@weg.example');
  await accessible(admin);
  await admin.getByLabel('Typ het e-mailadres van deze persoon').fill(gerrit);
  await admin.getByRole('button', { name: 'Persoon voorgoed wissen' }).click();
  await expect(admin.getByRole('heading', { name: /^Anoniem \d+$/ })).toBeVisible();
  await expect(admin.getByText('Deze persoon is gewist.').first()).toBeVisible();
  await expect(admin.getByText(/Wordt uit de teksten gehaald/)).toHaveCount(0, { timeout: 15_000 });
  await accessible(admin);
  await customer.goto(`/tickets/${ticket}`);
  await expect(customer.getByRole('heading', { name: /^Anoniem \d+ kan niet inloggen/ })).toBeVisible();
});

test('an admin tries out how long tickets are kept before it holds', async ({ browser }) => {
  const admin = await as(browser, hanneke);
  await admin.goto('/privacy');
  await accessible(admin);
  await admin.getByLabel('Gesloten, in dagen').fill('7');
  await admin.getByRole('button', { name: 'Proef draaien' }).click();
  await expect(admin.getByText('Vul een aantal dagen in, 30 of meer')).toBeVisible();
  await expect(admin.getByLabel('Gesloten, in dagen')).toHaveValue('7');
  await admin.getByLabel('Gesloten, in dagen').fill('3650');
  await admin.getByRole('button', { name: 'Proef draaien' }).click();
  await expect(admin.getByText('Dit is een proef')).toBeVisible();
  await expect(admin.getByText('Er verdwijnt vannacht niets.')).toBeVisible();
  await admin.getByRole('button', { name: 'Bewaren' }).click();
  await expect(admin.getByText('Opgeslagen.')).toBeVisible();
  await expect(admin.getByLabel('Gesloten, in dagen')).toHaveValue('3650');
  await admin.getByLabel('Gesloten, in dagen').fill('');
  await admin.getByRole('button', { name: 'Bewaren' }).click();
  await expect(admin.getByLabel('Gesloten, in dagen')).toHaveValue('');
});

test('an agent makes a token, uses the API with it, and takes it away', async ({ browser }) => {
  const agent = await as(browser, sanne);
  await agent.goto('/account');
  await awake(agent);
  const tokens = agent.locator('section').filter({ has: agent.getByRole('heading', { name: 'API-tokens' }) });
  await tokens.getByText('Token maken').first().click();
  await tokens.getByLabel('Waar is het voor?').fill('Koppeling met het ERP');
  await tokens.getByLabel('Huidig wachtwoord').fill(password);
  await tokens.getByRole('button', { name: 'Token maken' }).click();
  await expect(agent.getByText('Kies waar het token voor is.')).toBeVisible();
  await expect(tokens.getByLabel('Waar is het voor?')).toHaveValue('Koppeling met het ERP');
  await accessible(agent);
  await tokens.getByLabel(/Mensen lezen/).check();
  await tokens.getByLabel('Huidig wachtwoord').fill(password);
  await tokens.getByRole('button', { name: 'Token maken' }).click();
  await expect(agent.getByRole('heading', { name: 'Dit is je nieuwe token' })).toBeVisible();
  await accessible(agent);
  const token = (await agent.locator('.secret code').innerText()).trim();
  const api = await browser.newContext();
  const ask = (path: string) => api.request.get(path, { headers: { Authorization: `Bearer ${token}` } });
  const answer = await ask('/v1/people?email=m.vanloon@dewaalbouw.example');
  expect((await answer.json()).people[0].name).toBe('Marieke van Loon');
  expect((await ask('/v1/organisations')).status()).toBe(403);
  await agent.getByRole('link', { name: 'Ik heb het bewaard' }).click();
  const row = agent.getByRole('listitem').filter({ hasText: 'Koppeling met het ERP' });
  await expect(row).toContainText('Mensen lezen');
  await row.getByRole('button', { name: 'Intrekken' }).click();
  await expect(agent.getByText('Het token is ingetrokken')).toBeVisible();
  expect((await ask('/v1/people')).status()).toBe(401);
});
