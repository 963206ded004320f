import { expect, test } from '@playwright/test';
import { mkdirSync } from 'node:fs';
import { as, hanneke, marieke, sanne } from '../support/people';

/** Takes the README's pictures where `PICTURES` asks for it; always holds every screen to its width. */
test('every screen fits its width', async ({ browser }) => {
  test.setTimeout(240_000);
  const folder = process.env.PICTURES;
  if (folder) mkdirSync(folder, { recursive: true });
  for (const [width, height] of [[1440, 900], [768, 1024], [360, 780]] as const) {
    // A colour moves nothing: one theme shows what does not fit.
    for (const colorScheme of folder ? (['light', 'dark'] as const) : (['light'] as const)) {
      const options = { viewport: { width, height }, colorScheme };
      const visitor = await (await browser.newContext(options)).newPage();
      const customer = await as(browser, marieke, options);
      const agent = await as(browser, sanne, options);
      const admin = await as(browser, hanneke, options);
      const own = await customer.locator('.ticket-row', { hasText: 'Termijnstaat' }).first().getAttribute('href');
      const screens = [
        [visitor, '/log-in', 'log-in'], [customer, '/', 'home'], [customer, '/tickets/new', 'form'], [customer, own!, 'ticket'],
        [agent, '/board', 'board'], [agent, '/list', 'list'], [agent, own!, 'desk-ticket'],
        [admin, '/mail', 'mail'], [admin, '/mail/words/update/nl', 'mail-words'],
      ] as const;
      for (const [page, path, name] of screens) {
        await page.goto(path);
        const wider = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
        expect(wider, `${name} at ${width}`).toBeLessThanOrEqual(0);
        if (folder) await page.screenshot({ path: `${folder}/${name}-${colorScheme}-${width}.png` });
      }
      for (const page of [visitor, customer, agent, admin]) await page.context().close();
    }
  }
});
