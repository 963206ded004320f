import { expect, test, type Page } from '@playwright/test';
import { as, awake, marieke, openTicket, sanne } from '../support/people';

/** Pastes into a field what a program puts on the clipboard: text, and a picture of it. Says whether the browser is left to paste the text. */
async function paste(page: Page, label: string, text: string) {
  return page.getByLabel(label).evaluate((field, text) => {
    const data = new DataTransfer();
    if (text) data.setData('text/plain', text);
    data.items.add(new File([Uint8Array.from([137, 80, 78, 71])], 'image.png', { type: 'image/png' }));
    return field.dispatchEvent(new ClipboardEvent('paste', { clipboardData: data, bubbles: true, cancelable: true }));
  }, text);
}

test('cells of a sheet are pasted as text, a picture alone and a file by its name as a file', async ({ browser }) => {
  const page = await as(browser, marieke);
  await page.goto('/tickets/new');
  await awake(page);
  expect(await paste(page, 'Jouw probleemstelling', 'Code\tNaam\n4\tBorg')).toBe(true);
  expect(await paste(page, 'Onderwerp', 'Uit Word')).toBe(true);
  await page.waitForTimeout(300);
  await expect(page.locator('.upload')).toHaveCount(0);
  expect(await paste(page, 'Jouw probleemstelling', '')).toBe(false);
  await expect(page.locator('.upload')).toHaveCount(1);
  expect(await paste(page, 'Jouw probleemstelling', 'image.png')).toBe(false);
  // Where no text can be written, the picture is taken.
  expect(await paste(page, 'Afdeling', 'Code\tNaam')).toBe(false);
  await expect(page.locator('.upload')).toHaveCount(3);
});

test('what was typed is what is read', async ({ browser }) => {
  const page = await as(browser, marieke);
  await page.goto('/tickets/new');
  await awake(page);
  const typed = ['\\\\srv-erp01\\export\\_nieuw', 'C:\\!temp', 'R&amp;D', 'Groet', '---', 'Marieke'];
  await page.getByLabel('Jouw probleemstelling').fill(typed.join('\n') + '\n\n3. drie\n7. zeven\n\nhttps://portal.example/sites/_layouts/~jan_');
  await page.getByRole('radio', { name: /Laag/ }).check();
  await page.getByLabel('Afdeling').selectOption({ label: 'SERA Datawijzer' });
  await page.getByLabel('Onderwerp').fill('Zoals getypt');
  await page.getByRole('button', { name: 'Indienen' }).click();
  const text = page.locator('.message .text').first();
  expect((await text.locator('p').first().innerText()).split('\n')).toEqual(typed);
  expect(await text.locator('li').evaluateAll((items) => items.map((item) => (item as HTMLLIElement).value))).toEqual([3, 7]);
  await expect(text.locator('a')).toHaveAttribute('href', 'https://portal.example/sites/_layouts/~jan_');
});

test('a name that is typed whole, with a blank after it, is in CC', async ({ browser }) => {
  const page = await as(browser, marieke);
  await page.goto('/tickets/new');
  await awake(page);
  await page.getByRole('radio', { name: /Laag/ }).check();
  await page.getByLabel('Afdeling').selectOption({ label: 'SERA Datawijzer' });
  await page.getByLabel('Onderwerp').fill('CC getypt');
  await page.getByLabel('Jouw probleemstelling').fill('Tekst');
  await page.getByRole('combobox', { name: /CC toevoegen/ }).fill('Ruud Koster ');
  await expect(page.getByRole('option', { name: /Ruud Koster/ })).toBeVisible();
  await expect(page.locator('#cc-fault')).toHaveCount(0);
  await page.keyboard.press('Escape');
  await page.getByRole('button', { name: 'Indienen' }).click();
  await expect(page.getByRole('heading', { name: 'CC getypt' })).toBeVisible();
  await expect(page.locator('.persons').getByText('Ruud Koster')).toBeVisible();
});

test('a screenshot of a whole page is shown, and one that is too large says so and counts', async ({ browser }) => {
  const page = await as(browser, marieke);
  await page.goto('/tickets/new');
  await awake(page);
  const draw = (width: number, height: number) =>
    page.evaluate(async ([width, height]) => {
      const canvas = document.createElement('canvas');
      [canvas.width, canvas.height] = [width, height];
      canvas.getContext('2d')!.fillRect(0, 0, width, height);
      const blob: Blob = await new Promise((done) => canvas.toBlob((b) => done(b!), 'image/png'));
      return [...new Uint8Array(await blob.arrayBuffer())];
    }, [width, height] as const);
  const choose = page.locator('input[type=file]');
  await choose.setInputFiles({ name: 'pagina.png', mimeType: 'image/png', buffer: Buffer.from(await draw(1280, 13_000)) });
  await expect(page.locator('.upload[data-state=done]', { hasText: 'pagina.png' }).locator('img')).toHaveCount(1);
  const huge = Buffer.from(await draw(64, 64));
  // Its header says 60,000 by 60,000 pixels.
  huge.writeUInt32BE(60_000, 16);
  huge.writeUInt32BE(60_000, 20);
  await page.getByRole('button', { name: 'Verwijder pagina.png' }).click();
  await page.getByLabel('Ja, ik heb een schermafbeelding geüpload').uncheck();
  await choose.setInputFiles({ name: 'reus.png', mimeType: 'image/png', buffer: huge });
  await expect(page.getByText('Te groot om hier te tonen; het gaat mee als bestand.')).toBeVisible();
  await expect(page.getByLabel('Ja, ik heb een schermafbeelding geüpload')).toBeChecked();
});

test('without Web Locks, as over plain HTTP, eight tabs share one stream and all hear what happens', async ({ browser }) => {
  const first = await as(browser, sanne);
  const context = first.context();
  await context.addInitScript(() => {
    Object.defineProperty(Navigator.prototype, 'locks', { get: () => undefined });
    const streams: EventSource[] = [];
    const Source = EventSource;
    window.EventSource = class extends Source {
      constructor(url: string | URL) {
        super(url);
        streams.push(this);
      }
    };
    Object.defineProperty(window, 'openStreams', { get: () => streams.filter((stream) => stream.readyState !== Source.CLOSED).length });
  });
  const tabs = [first];
  while (tabs.length < 8) tabs.push(await context.newPage());
  for (const tab of tabs) {
    await tab.goto('/board', { timeout: 15_000 });
    await awake(tab);
  }
  const streams = async (on: Page[]) => {
    const open = await Promise.all(on.map((tab) => tab.evaluate(() => (window as unknown as { openStreams: number }).openStreams)));
    return open.reduce((sum, one) => sum + one, 0);
  };
  await expect.poll(() => streams(tabs)).toBe(1);

  const customer = await as(browser, marieke);
  const arrives = async (subject: string, on: Page[]) => {
    await openTicket(customer, subject);
    for (const tab of on) await expect(tab.getByRole('link', { name: subject })).toBeVisible();
  };
  const subject = `Acht tabbladen ${Date.now()}`;
  await arrives(subject, tabs);
  // Whichever had the stream goes: another takes it.
  for (const tab of tabs.splice(0, 4)) await tab.close();
  await arrives(`${subject}, en vier`, tabs);
  await expect.poll(() => streams(tabs)).toBe(1);
});
