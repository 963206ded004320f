import { expect, test } from '@playwright/test';
import { accessible, as, impact, awake, fatima, marieke, once, openTicket, sanne } from '../support/people';

/** A picture on the clipboard, pasted into the form. */
async function paste(page: import('@playwright/test').Page) {
  await page.getByLabel('Onderwerp').evaluate(async (field) => {
    const canvas = document.createElement('canvas');
    canvas.width = 320;
    canvas.height = 200;
    const pen = canvas.getContext('2d')!;
    pen.fillStyle = '#2450b5';
    pen.fillRect(0, 0, 320, 200);
    const blob: Blob = await new Promise((done) => canvas.toBlob((b) => done(b!), 'image/png'));
    const data = new DataTransfer();
    data.items.add(new File([blob], 'schermafbeelding.png', { type: 'image/png' }));
    field.dispatchEvent(new ClipboardEvent('paste', { clipboardData: data, bubbles: true, cancelable: true }));
  });
}

test('a ticket with a pasted screenshot arrives on an open board', { tag: '@slow' }, async ({ browser }) => {
  const board = await as(browser, sanne);
  await board.goto('/board');
  await awake(board);

  const page = await as(browser, marieke);
  await page.goto('/');
  await page.getByRole('link', { name: 'Dien een ticket in' }).click();
  await awake(page);
  await expect(page.getByLabel('E-mailadres')).toHaveValue(marieke);
  await expect(page.getByRole('radio', { checked: true })).toHaveCount(0);
  await page.getByRole('combobox', { name: /CC toevoegen/ }).fill('ruud');
  await page.getByRole('option', { name: /Ruud Koster/ }).click();
  await page.getByRole('radio', { name: /Hoog/ }).check();
  await impact(page);
  await page.getByLabel('Afdeling').selectOption({ label: 'SERA Business Design B.V.' });
  await page.getByLabel('Onderwerp').fill(once('Geplakt met een schermafbeelding'));
  await page.getByLabel('Jouw probleemstelling').fill('Zie **de afbeelding**.');
  await paste(page);
  await expect(page.locator('.upload[data-state=done]')).toHaveCount(1);
  await expect(page.getByLabel('Ja, ik heb een schermafbeelding geüpload')).toBeChecked();
  await page.getByRole('button', { name: 'Indienen' }).click();

  await expect(page).toHaveURL(/\/tickets\/\d+/);
  await expect(page.getByRole('status').filter({ hasText: 'ingediend met nummer' })).toBeVisible();
  await expect(page.locator('.persons').getByText('Ruud Koster')).toBeVisible();
  await expect(page.locator('.file-link img')).toHaveJSProperty('complete', true);
  await expect(board.locator('.column[data-status=new]').getByRole('link', { name: once('Geplakt met een schermafbeelding'), exact: true })).toBeVisible();
});

test('a reply goes both ways without reloading', { tag: '@slow' }, async ({ browser }) => {
  const page = await as(browser, marieke);
  const id = await openTicket(page, 'Antwoord zonder verversen');
  await awake(page);
  const desk = await as(browser, sanne);
  await desk.goto(`/tickets/${id}`);
  await awake(desk);

  await desk.getByLabel('Je bericht').fill('Welk bouwnummer is het?');
  await desk.getByLabel('Status na het antwoord').selectOption({ label: 'Wacht op klant' });
  await desk.getByRole('button', { name: 'Verstuur antwoord' }).click();
  await expect(page.getByText('Welk bouwnummer is het?')).toBeVisible();
  await expect(page.getByText('Jij bent aan zet')).toBeVisible();

  await awake(desk);
  await page.getByLabel('Je bericht').fill('Bouwnummer 27');
  await page.getByRole('button', { name: 'Verstuur antwoord' }).click();
  await expect(desk.locator('.message').getByText('Bouwnummer 27')).toBeVisible();
  await expect(desk.getByLabel('Status', { exact: true })).toHaveValue('open');
});

test('a note is for staff alone, and a held-back reply keeps its text', async ({ browser }) => {
  const page = await as(browser, marieke);
  const id = await openTicket(page, 'Notitie en ingehaald antwoord');
  const desk = await as(browser, sanne);
  await desk.goto(`/tickets/${id}`);
  await awake(desk);
  await desk.locator('label', { hasText: 'Notitie' }).click();
  await desk.getByLabel('Je bericht').fill('Alleen voor ons');
  await desk.getByRole('button', { name: 'Bewaar notitie' }).click();
  await expect(desk.getByText('Notitie, alleen voor medewerkers')).toBeVisible();
  await page.reload();
  await expect(page.getByText('Alleen voor ons')).toHaveCount(0);

  // Without the live stream, and without asking for what was missed, the view grows old.
  await desk.context().route(/\/live(\/since)?\?/, (route) => route.abort());
  await desk.goto(`/tickets/${id}`);
  await page.getByLabel('Je bericht').fill('Het is al opgelost');
  await page.getByRole('button', { name: 'Verstuur antwoord' }).click();
  await expect(page.getByText('Het is al opgelost')).toBeVisible();
  await desk.getByLabel('Je bericht').fill('Ik kijk ernaar');
  await desk.getByRole('button', { name: 'Verstuur antwoord' }).click();
  await expect(desk.getByText('Je antwoord is nog niet verstuurd')).toBeVisible();
  await expect(desk.getByText('Marieke van Loon antwoordde')).toBeVisible();
  await expect(desk.getByLabel('Je bericht')).toHaveValue('Ik kijk ernaar');
  await desk.getByRole('button', { name: 'Verstuur toch' }).click();
  await expect(desk.locator('.message').getByText('Ik kijk ernaar')).toBeVisible();
});

test('what is typed survives a reload, a failed submit and an expired session', async ({ browser }) => {
  const page = await as(browser, fatima);
  await page.goto('/tickets/new');
  await awake(page);
  await page.getByLabel('Onderwerp').fill('Blijft staan');
  await page.getByRole('radio', { name: /Laag/ }).check();
  await page.reload();
  await awake(page);
  await expect(page.getByLabel('Onderwerp')).toHaveValue('Blijft staan');
  await expect(page.getByRole('radio', { name: /Laag/ })).toBeChecked();

  await page.getByLabel('URL link').fill('lvs.koperslag.example');
  await page.getByRole('button', { name: 'Indienen' }).click();
  await expect(page.getByText('Dit adres begint niet met http:// of https://').first()).toBeVisible();
  await expect(page.getByText('Kies de afdeling waar je ticket voor is.').first()).toBeVisible();
  await expect(page.getByLabel('Onderwerp')).toHaveValue('Blijft staan');
  await expect(page.getByLabel('URL link')).toHaveValue('lvs.koperslag.example');

  // What is typed after it came back survives a reload, which sends nothing again, and so does going back and forth.
  await awake(page);
  await page.getByLabel('Jouw probleemstelling').fill('Na het falen getypt');
  await page.reload();
  await awake(page);
  await expect(page.getByLabel('Jouw probleemstelling')).toHaveValue('Na het falen getypt');
  await expect(page).toHaveURL(/\/tickets\/new$/);
  for (const go of [() => page.goBack(), () => page.goForward()]) {
    await go();
    await awake(page);
    await expect(page.getByLabel('Onderwerp')).toHaveValue('Blijft staan');
  }

  await page.getByLabel('URL link').fill('');
  await page.getByLabel('Afdeling').selectOption({ label: 'SERA Alphens.nl' });
  await page.getByLabel('Jouw probleemstelling').fill('Na het verlopen van de sessie');
  await page.context().clearCookies();
  await page.getByRole('button', { name: 'Indienen' }).click();
  await expect(page.getByText('Je sessie was verlopen')).toBeVisible();
  await page.getByLabel('E-mailadres').fill(fatima);
  await page.getByLabel('Wachtwoord').fill('balie-demo');
  await page.getByRole('button', { name: 'Inloggen', exact: true }).click();
  await expect(page.getByLabel('Onderwerp')).toHaveValue('Blijft staan');
  await expect(page.getByLabel('Jouw probleemstelling')).toHaveValue('Na het verlopen van de sessie');
  await awake(page);
  // The page one lands on never wakes: it is left before its scripts arrive.
  await page.route('**/*.wasm', route => route.abort());
  await page.getByRole('button', { name: 'Indienen' }).click();
  await expect(page.getByRole('heading', { name: 'Blijft staan' })).toBeVisible();
  await page.unroute('**/*.wasm');
  await page.goto('/tickets/new');
  await awake(page);
  await expect(page.getByLabel('Onderwerp')).toHaveValue('');
});

test('files show progress, can be removed, and a refused one says why', async ({ browser }) => {
  const page = await as(browser, marieke);
  await page.goto('/tickets/new');
  await awake(page);
  const choose = page.locator('input[type=file]');
  await choose.setInputFiles({ name: 'virus.exe', mimeType: 'application/octet-stream', buffer: Buffer.from('MZ') });
  await expect(page.getByRole('listitem').getByText('Dit soort bestand nemen we niet aan.')).toBeVisible();
  await choose.setInputFiles({ name: 'log.txt', mimeType: 'text/plain', buffer: Buffer.from('regel een') });
  await expect(page.locator('.upload[data-state=done]')).toHaveCount(1);
  await page.getByRole('button', { name: 'Verwijder log.txt' }).click();
  await expect(page.locator('.upload[data-state=done]')).toHaveCount(0);
});

test('every page is accessible in both themes', async ({ browser }) => {
  test.setTimeout(180_000);
  for (const colorScheme of ['light', 'dark'] as const) {
    const visitor = await (await browser.newContext({ colorScheme })).newPage();
    await visitor.goto('/log-in');
    await accessible(visitor);
    const page = await as(browser, marieke, { colorScheme });
    const id = await openTicket(page, `Toegankelijk ${colorScheme}`, 'Hoog');
    for (const path of ['/', '/tickets/new', `/tickets/${id}`, '/nergens', '/?q=termijn']) {
      await page.goto(path);
      await accessible(page);
    }
    const desk = await as(browser, sanne, { colorScheme });
    for (const path of ['/board', '/list', `/tickets/${id}`, '/list?q=zzz']) {
      await desk.goto(path);
      await accessible(desk);
    }
  }
});
