import { expect, test, type Locator, type Page } from '@playwright/test';
import { as, awake, daan, fatima, marieke, openTicket, sanne } from '../support/people';
import { asleep, slow } from '../support/slow';

/** Puts the pointer down on a button, and gives where it stood. */
async function hold(page: Page, button: Locator) {
  await button.scrollIntoViewIfNeeded();
  await button.hover();
  const before = await button.boundingBox();
  await page.mouse.down();
  return before;
}

/** An invitation that was refused, with the fault mended before the page wakes. */
async function refused(page: Page, address: string) {
  await page.goto('/people/new');
  await page.getByLabel('Naam', { exact: true }).fill('Tweede Poging');
  await page.getByLabel('E-mailadres').fill(address);
  await page.getByLabel('Organisatie', { exact: true }).fill('Bestaat niet');
  const wake = await asleep(page);
  await page.getByRole('button', { name: 'Uitnodigen' }).click();
  await expect(page.getByText('Kies een organisatie die er is.')).toBeVisible({ timeout: 60_000 });
  await page.getByLabel('Organisatie', { exact: true }).fill('Bouwbedrijf De Waal');
  wake();
  await awake(page);
}

test('a sentence that goes by leaving its field waits until the button is released', async ({ browser }) => {
  const page = await as(browser, sanne);
  await refused(page, 'losgelaten@dewaalbouw.example');
  const fault = page.getByText('Kies een organisatie die er is.');
  const button = page.getByRole('button', { name: 'Uitnodigen' });
  await expect(fault).toBeVisible();
  const before = await hold(page, button);
  await page.waitForTimeout(500);
  await expect(fault).toBeVisible();
  expect(await button.boundingBox()).toEqual(before);
  // Let go elsewhere, nothing is sent: then the sentence goes.
  await page.mouse.move(5, 5);
  await page.mouse.up();
  await expect(fault).toBeHidden();
  await button.click();
  await expect(page.getByText('De uitnodiging is verstuurd.')).toBeVisible();
});

for (const times of [12, 20]) {
  test(`inviting someone who was refused once is sent at the first press, on a processor ${times} times slower`, async ({ browser }) => {
    test.setTimeout(300_000);
    const page = await as(browser, sanne);
    await slow(page, times);
    for (const round of [1, 2]) {
      await refused(page, `ronde-${round}-${times}-keer@dewaalbouw.example`);
      await page.waitForTimeout(200 * times);
      const button = page.getByRole('button', { name: 'Uitnodigen' });
      await button.scrollIntoViewIfNeeded();
      const box = (await button.boundingBox())!;
      // Down and up at one point, as a person does: a button that moves in between is not pressed.
      const sent = page.waitForRequest((request) => request.method() === 'POST', { timeout: 60_000 });
      await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
      await page.mouse.down();
      await page.waitForTimeout(100);
      await page.mouse.up();
      await sent;
      await expect(page.getByText('De uitnodiging is verstuurd.')).toBeVisible({ timeout: 60_000 });
    }
  });
}

test('what others write comes in once the button is released, and the press is not lost', async ({ browser }) => {
  const customer = await as(browser, marieke);
  const id = await openTicket(customer, 'Ingedrukt terwijl er een antwoord komt');
  await awake(customer);
  const desk = await as(browser, sanne);
  await desk.goto(`/tickets/${id}`);
  await awake(desk);
  await customer.getByLabel('Je bericht').fill('Mijn antwoord');
  const send = customer.getByRole('button', { name: 'Verstuur antwoord' });
  const before = await hold(customer, send);
  const fetched = customer.waitForResponse((response) => new URL(response.url()).pathname === `/tickets/${id}` && response.request().resourceType() === 'fetch');
  await desk.getByLabel('Je bericht').fill('Antwoord van de balie');
  await desk.getByRole('button', { name: 'Verstuur antwoord' }).click();
  await (await fetched).finished();
  await customer.waitForTimeout(500);
  await expect(customer.getByText('Antwoord van de balie')).toHaveCount(0);
  expect(await send.boundingBox()).toEqual(before);
  const sent = customer.waitForRequest((request) => request.method() === 'POST' && request.url().endsWith('/api/reply'));
  await customer.mouse.up();
  await sent;
  await expect(customer.locator('.message').getByText('Antwoord van de balie')).toBeVisible();
});

test('a button that is pressed by the space bar is not made anew in between', async ({ browser }) => {
  const customer = await as(browser, fatima);
  const id = await openTicket(customer, 'Met de spatiebalk');
  const [page, colleague] = [await as(browser, sanne), await as(browser, daan)];
  for (const desk of [page, colleague]) {
    await desk.goto(`/tickets/${id}`);
    await awake(desk);
  }
  const pressed = page.locator('form[action="/api/watch"] button');
  await pressed.focus();
  await page.keyboard.down(' ');
  const fetched = page.waitForResponse((response) => new URL(response.url()).pathname === `/tickets/${id}` && response.request().resourceType() === 'fetch');
  await colleague.getByLabel('Nieuw label').fill('tussendoor');
  await colleague.getByLabel('Nieuw label').press('Enter');
  await (await fetched).finished();
  await page.waitForTimeout(300);
  await expect(page.locator('.tags').getByText('tussendoor')).toHaveCount(0);
  const sent = page.waitForRequest((request) => request.method() === 'POST' && request.url().endsWith('/api/watch'));
  await page.keyboard.up(' ');
  await sent;
  await expect(page.locator('.tags').getByText('tussendoor')).toBeVisible();
  await expect(pressed).toHaveAttribute('aria-pressed', 'true');
  await expect(pressed, 'the focus is on it still').toBeFocused();
});

test('a lost connection moves nothing that is pressed', async ({ browser }) => {
  const page = await as(browser, sanne);
  let lose = () => {};
  const lost = new Promise<void>((resolve) => (lose = resolve));
  for (const path of ['**/live?*', '**/live/since?*']) {
    await page.route(path, async (route) => {
      await lost;
      await route.abort();
    });
  }
  await page.goto('/board');
  await awake(page);
  const opener = page.locator('.card-menu summary').first();
  const before = await hold(page, opener);
  lose();
  await page.waitForTimeout(1_000);
  const banner = page.getByText('De verbinding is weg.');
  await expect(banner).toBeHidden();
  expect(await opener.boundingBox()).toEqual(before);
  await page.mouse.up();
  await expect(banner).toBeVisible();
  await expect(page.locator('.card-menu .menu')).toBeVisible();
});

test('a card that is dragged is dropped where it was aimed at, whatever arrives meanwhile', async ({ browser }) => {
  const customer = await as(browser, fatima);
  const id = await openTicket(customer, 'Wordt versleept', 'Laag');
  const page = await as(browser, sanne);
  await page.goto('/board');
  await awake(page);
  const card = page.locator(`[data-card="${id}"]`);
  await card.scrollIntoViewIfNeeded();
  await card.hover();
  await page.mouse.down();
  const target = (await page.locator('.column[data-status=waiting]').boundingBox())!;
  await page.mouse.move(target.x + target.width / 2, target.y + target.height / 2, { steps: 5 });
  const next = await openTicket(customer, 'Komt tijdens het slepen', 'Hoog');
  await page.waitForTimeout(500);
  await expect(page.locator(`[data-card="${next}"]`)).toHaveCount(0);
  await page.mouse.up();
  await expect(page.locator('.column[data-status=waiting]').locator(card)).toBeVisible();
  await expect(page.locator(`[data-card="${next}"]`)).toBeVisible();
});
