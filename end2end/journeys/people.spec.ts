import { expect, test, type Page } from '@playwright/test';
import { mailedLink } from '../support/mail';
import { accessible, as, elsewhere, fatima, hanneke, logIn, marieke, once, openTicket, password, press, ruud, sanne } from '../support/people';

async function out(page: Page) {
  await page.context().clearCookies();
}

test('someone who is invited chooses a password by the link, once, and is in', { tag: '@slow' }, async ({ browser }) => {
  const nina = `${once('nina')}@dewaalbouw.example`;
  const agent = await as(browser, sanne);
  await agent.goto('/people');
  await accessible(agent);
  await agent.getByRole('link', { name: 'Uitnodigen' }).click();
  await accessible(agent);
  await agent.getByLabel('Naam', { exact: true }).fill('Nina Nieuw');
  await agent.getByLabel('E-mailadres').fill(nina);
  await agent.getByLabel('Organisatie', { exact: true }).fill('Bestaat niet');
  await agent.getByRole('button', { name: 'Uitnodigen' }).click();
  await expect(agent.getByText('Kies een organisatie die er is.')).toBeVisible();
  await expect(agent.getByLabel('Naam', { exact: true })).toHaveValue('Nina Nieuw');
  await agent.getByLabel('Organisatie', { exact: true }).fill('Bouwbedrijf De Waal');
  await agent.getByRole('button', { name: 'Uitnodigen' }).click();
  await expect(agent.getByText('De uitnodiging is verstuurd.')).toBeVisible();
  await expect(agent.getByRole('heading', { name: 'Nina Nieuw' })).toBeVisible();

  const link = await mailedLink(nina, '/join/');
  const page = await (await browser.newContext({ locale: 'nl-NL' })).newPage();
  await page.goto(link);
  await accessible(page);
  await page.getByLabel('Wachtwoord').fill('kort');
  await page.getByRole('button', { name: 'Inloggen', exact: true }).click();
  await expect(page.getByLabel('Wachtwoord')).toHaveAttribute('aria-invalid', 'true');
  await page.getByLabel('Wachtwoord').fill('een zin die ik onthoud');
  await page.getByRole('button', { name: 'Inloggen', exact: true }).click();
  await expect(page.getByRole('heading', { name: 'Mijn tickets' })).toBeVisible();
  await page.goto(link);
  await expect(page.getByRole('heading', { name: 'Deze link werkt niet meer' })).toBeVisible();
  await accessible(page);
});

test('who forgot the password gets a link, and is told nothing about who has an account', async ({ browser }) => {
  const page = await (await browser.newContext({ locale: 'nl-NL' })).newPage();
  await page.goto('/log-in');
  await page.getByRole('link', { name: 'Wachtwoord vergeten?' }).click();
  await accessible(page);
  await page.getByLabel('E-mailadres').fill('niemand@elders.example');
  await page.getByRole('button', { name: 'Link mailen' }).click();
  const unknown = await page.locator('main').innerText();
  await page.goto('/log-in/forgot');
  await page.getByLabel('E-mailadres').fill('t.verbruggen@dewaalbouw.example');
  await page.getByRole('button', { name: 'Link mailen' }).click();
  expect(await page.locator('main').innerText()).toBe(unknown);
  await page.goto(await mailedLink('t.verbruggen@dewaalbouw.example', '/join/'));
  await page.getByLabel('Wachtwoord').fill('een andere lange zin');
  await page.getByRole('button', { name: 'Inloggen', exact: true }).click();
  await expect(page.getByRole('heading', { name: 'Mijn tickets' })).toBeVisible();
});

test('people sign up alone where their organisation lets them in', async ({ browser }) => {
  const agent = await as(browser, sanne);
  await agent.goto('/organisations/new');
  await accessible(agent);
  await agent.getByLabel('Naam', { exact: true }).fill('Open Huis BV');
  await agent.getByLabel('E-maildomeinen').fill('openhuis.example dewaalbouw.example');
  await agent.getByLabel('Zelf aanmelden').check();
  await agent.getByRole('button', { name: 'Bewaren' }).click();
  await expect(agent.getByText('hoort al bij een andere organisatie')).toBeVisible();
  await expect(agent.getByLabel('Zelf aanmelden')).toBeChecked();
  await agent.getByLabel('E-maildomeinen').fill('openhuis.example');
  await agent.getByRole('button', { name: 'Bewaren' }).click();
  await expect(agent.getByText('Opgeslagen.')).toBeVisible();

  const page = await (await browser.newContext({ locale: 'nl-NL' })).newPage();
  await page.goto('/sign-up');
  await accessible(page);
  await page.getByLabel('Naam', { exact: true }).fill('Olga Open');
  await page.getByLabel('Zakelijk e-mailadres').fill('olga@gmail.example');
  await page.getByRole('button', { name: 'Account maken' }).click();
  await expect(page.getByText('kun je je niet zelf aanmelden')).toBeVisible();
  await page.getByLabel('Zakelijk e-mailadres').fill('olga@openhuis.example');
  await page.getByRole('button', { name: 'Account maken' }).click();
  await expect(page.getByText('Kijk in je mail.')).toBeVisible();
  await page.goto(await mailedLink('olga@openhuis.example', '/join/'));
  await page.getByLabel('Wachtwoord').fill('een zin die ik onthoud');
  await page.getByRole('button', { name: 'Inloggen', exact: true }).click();
  await expect(page.getByRole('heading', { name: 'Mijn tickets' })).toBeVisible();
});

test("one's own account: name, mail, password and the places one is logged in", async ({ browser }) => {
  for (const colorScheme of ['light', 'dark'] as const) {
    const page = await as(browser, 'w.hendriks@dewaalbouw.example', { colorScheme });
    await page.getByText('Wouter Hendriks').first().click();
    await page.getByRole('link', { name: 'Mijn account' }).click();
    await accessible(page);
  }
  const page = await as(browser, 'w.hendriks@dewaalbouw.example');
  const other = await elsewhere(browser, 'w.hendriks@dewaalbouw.example');
  await page.goto('/account');
  await page.getByLabel('Tijdzone').selectOption('Europe/Brussels');
  await page.getByRole('button', { name: 'Bewaren' }).first().click();
  await expect(page.getByText('Opgeslagen.')).toBeVisible();
  await expect(page.getByLabel('Tijdzone')).toHaveValue('Europe/Brussels');
  await page.getByLabel('Tickets waarvan je in CC staat').selectOption({ label: 'Eén keer per dag' });
  await page.getByRole('button', { name: 'Bewaren' }).nth(1).click();
  await expect(page.getByLabel('Tickets waarvan je in CC staat')).toHaveValue('digest');
  await expect(page.getByLabel('Je eigen tickets')).toHaveValue('at_once');

  await page.getByLabel('Huidig wachtwoord').first().fill('verkeerd');
  await page.getByLabel('Nieuw wachtwoord').fill('een heel andere zin');
  await page.getByRole('button', { name: 'Wijzig' }).first().click();
  await expect(page.getByText('Dit is niet je huidige wachtwoord.')).toBeVisible();
  await expect(page.getByLabel('Nieuw wachtwoord')).toHaveValue('');
  await page.getByLabel('Huidig wachtwoord').first().fill(password);
  await page.getByLabel('Nieuw wachtwoord').fill('een heel andere zin');
  await page.getByRole('button', { name: 'Wijzig' }).first().click();
  await expect(page.getByText('Je wachtwoord is gewijzigd.')).toBeVisible();
  await other.goto('/account');
  await expect(other).toHaveURL(/log-in/);
  await expect(page.locator('section[aria-labelledby=sessions] li')).toHaveCount(1);
});

test('a key user reads what colleagues opened once their organisation says so, and cannot write there', async ({ browser }) => {
  const customer = await as(browser, 'i.brandsma@dewaalbouw.example');
  const id = await openTicket(customer, 'Alleen van Ilse');
  const keyUser = await as(browser, ruud);
  await keyUser.goto(`/tickets/${id}`);
  await expect(keyUser.getByRole('heading', { name: 'Alleen van Ilse' })).toHaveCount(0);
  const agent = await as(browser, sanne);
  await agent.goto('/organisations');
  await accessible(agent);
  await agent.getByRole('link', { name: 'Bouwbedrijf De Waal' }).click();
  await agent.getByLabel('Key users lezen alle tickets').check();
  await press(agent, 'Bewaren');
  await keyUser.goto('/');
  await keyUser.getByRole('link', { name: /Alleen van Ilse/ }).click();
  await expect(keyUser.getByRole('heading', { name: 'Alleen van Ilse' })).toBeVisible();
  await expect(keyUser.getByText('Je leest mee als key user.')).toBeVisible();
  await expect(keyUser.getByRole('button', { name: 'Verstuur' })).toHaveCount(0);
  await accessible(keyUser);
  await agent.getByLabel('Key users lezen alle tickets').uncheck();
  await press(agent, 'Bewaren');
  // Their open page goes by itself.
  await expect(keyUser.getByRole('heading', { name: 'Alleen van Ilse' })).toHaveCount(0);
});

test('an admin changes departments, reads what was done, and imports people from a file they first see row by row', async ({ browser }) => {
  const admin = await as(browser, hanneke);
  await admin.goto('/departments');
  await accessible(admin);
  await admin.goto('/people/import');
  await accessible(admin);
  const choose = async (text: string) => {
    await admin.getByLabel('Bestand').setInputFiles({ name: 'mensen.csv', mimeType: 'text/csv', buffer: Buffer.from(text) });
    await admin.getByRole('button', { name: 'Bekijken' }).click();
  };
  await choose('zomaar\n');
  await expect(admin.getByText('Er ontbreken kolommen.')).toBeVisible();
  // Columns that are called otherwise are chosen.
  await choose('Wie;Adres;Bedrijf\nPia;pia@import.example;Import BV\n');
  await expect(admin.getByText('Er ontbreken kolommen.')).toBeVisible();
  await accessible(admin);
  await admin.getByLabel('Wie', { exact: true }).selectOption('name');
  await admin.getByLabel('Adres', { exact: true }).selectOption('email');
  await admin.getByRole('button', { name: 'Opnieuw bekijken' }).click();
  await expect(admin.getByRole('button', { name: 'Importeren' })).toBeEnabled();
  await admin.getByRole('link', { name: 'Ander bestand' }).click();
  await choose('naam;e-mail;organisatie\nPia;pia@import.example;Import BV\nFout;geen adres;Import BV\n');
  await expect(admin.getByRole('heading', { name: 'Rijen met fouten' })).toBeVisible();
  await expect(admin.getByRole('button', { name: 'Importeren' })).toHaveCount(0);
  await accessible(admin);
  await admin.getByRole('link', { name: 'Ander bestand' }).click();
  await choose('naam;e-mail;organisatie;key user\nPia;pia@import.example;Import BV;ja\n');
  await admin.getByRole('button', { name: 'Importeren' }).click();
  await expect(admin.getByText('Klaar: 1 rij verwerkt.')).toBeVisible();
  await admin.goto('/people?typed=pia');
  await expect(admin.getByRole('link', { name: 'Import BV' })).toBeVisible();
  await admin.goto('/audit?deed=people_imported');
  await expect(admin.getByRole('cell', { name: 'Personen geïmporteerd' }).first()).toBeVisible();
  await accessible(admin);
  const saved = admin.waitForEvent('download');
  await admin.getByRole('link', { name: 'Exporteren' }).click();
  expect((await saved).suggestedFilename()).toBe('audit.csv');
  const phone = await as(browser, hanneke, { viewport: { width: 390, height: 844 } });
  for (const path of ['/people', '/organisations', '/departments', '/privacy', '/audit', '/people/import', '/people/1', '/account']) {
    await phone.goto(path);
    expect(await phone.evaluate(() => document.documentElement.scrollWidth <= innerWidth), path).toBe(true);
  }
});

test('an account that is disabled is out at once, and a page that was open says so', async ({ browser }) => {
  const customer = await as(browser, fatima);
  const admin = await as(browser, hanneke);
  await admin.goto('/people?typed=oulad');
  await admin.getByRole('link', { name: 'Fatima Oulad' }).click();
  await admin.getByRole('button', { name: 'Blokkeren' }).click();
  await expect(admin.getByText('Geblokkeerd').first()).toBeVisible();
  await customer.goto('/');
  await expect(customer).toHaveURL(/log-in/);
  await admin.getByRole('button', { name: 'Weer toelaten' }).click();
  await out(customer);
  await logIn(customer, fatima);
});

test('two people become one', async ({ browser }) => {
  const admin = await as(browser, hanneke);
  const old = await as(browser, 'p.nijland@koperslag.example');
  const id = await openTicket(old, 'Van het oude adres');
  await admin.goto('/people?typed=smeets');
  await admin.getByRole('link', { name: 'Lotte Smeets' }).click();
  await admin.getByText('Samenvoegen').first().click();
  await admin.getByLabel('E-mailadres van de ander').fill('niemand@koperslag.example');
  await admin.getByRole('button', { name: 'Samenvoegen' }).click();
  await expect(admin.getByLabel('E-mailadres van de ander')).toHaveValue('niemand@koperslag.example');
  await admin.getByLabel('E-mailadres van de ander').fill('p.nijland@koperslag.example');
  await admin.getByRole('button', { name: 'Samenvoegen' }).click();
  const kept = await as(browser, 'l.smeets@koperslag.example');
  await kept.goto(`/tickets/${id}`);
  await expect(kept.getByRole('heading', { name: 'Van het oude adres' })).toBeVisible();
  await old.goto('/');
  await expect(old).toHaveURL(/log-in/);
});

test('a link for another address goes to both ends', async ({ browser }) => {
  const page = await as(browser, marieke);
  await page.goto('/account');
  await page.getByLabel('Nieuw e-mailadres').fill('marieke@anders.example');
  await page.getByLabel('Huidig wachtwoord').nth(1).fill(password);
  await page.getByRole('button', { name: 'Wijzig' }).nth(1).click();
  await expect(page.getByText('Kijk in je mail: beide adressen hebben een link gekregen.')).toBeVisible();
  await page.goto(await mailedLink('marieke@anders.example', '/account/address/'));
  await accessible(page);
  await page.getByRole('button', { name: 'Bevestigen' }).click();
  await expect(page.getByText('zodra ook de link in de e-mail naar het andere adres is gevolgd')).toBeVisible();
});

test('a colleague whom the requester names reads along at once, anyone else is proposed and staff can invite them', async ({ browser }) => {
  const customer = await as(browser, fatima);
  const id = await openTicket(customer, 'Samen naar kijken');
  const add = async (address: string) => {
    await customer.getByLabel('Iemand anders, op e-mailadres').fill(address);
    await customer.locator('form[action="/api/name_for_cc"]').getByRole('button', { name: 'Voeg toe' }).click();
  };
  await add('b.vandenberg@koperslag.example');
  await expect(customer.locator('.persons li', { hasText: 'Bas van den Berg' })).toBeVisible();
  await add('adviseur@elders.example');
  await expect(customer.getByRole('heading', { name: 'Voorgesteld voor CC' })).toBeVisible();
  await accessible(customer);
  const agent = await as(browser, sanne);
  await agent.goto(`/tickets/${id}`);
  await agent.getByRole('link', { name: 'Nodig adviseur@elders.example uit' }).click();
  await expect(agent.getByLabel('E-mailadres')).toHaveValue('adviseur@elders.example');
  await expect(agent.getByLabel('Organisatie', { exact: true })).toHaveValue('Koperslag Bouw');
  await customer.getByRole('button', { name: /Vergeet adviseur|adviseur@elders.example niet|Laat .*adviseur/ }).last().click();
  await expect(customer.getByRole('heading', { name: 'Voorgesteld voor CC' })).toHaveCount(0);
});
