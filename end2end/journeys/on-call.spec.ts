import { expect, test } from '@playwright/test';
import { mailedLink } from '../support/mail';
import { accessible, always, as, awake, daan, hanneke, marieke, neverNow, offices, openTicket, press, sanne } from '../support/people';
import { pushService } from '../support/push';

test('reports show what came in, as plots, tables and CSV, and agents are compared by leads only', async ({ browser }) => {
  const admin = await as(browser, hanneke);
  await admin.getByRole('link', { name: 'Cijfers' }).click();
  await expect(admin.getByRole('heading', { name: 'Cijfers' })).toBeVisible();
  await expect(admin.getByRole('img', { name: /samen \d+ binnen en \d+ opgelost/ })).toBeVisible();
  await expect(admin.getByRole('heading', { name: 'Per medewerker' })).toBeVisible();
  await accessible(admin);
  await admin.getByRole('link', { name: '7 dagen' }).click();
  await expect(admin.getByRole('link', { name: '7 dagen' })).toHaveAttribute('aria-current', 'true');
  await admin.getByRole('combobox', { name: 'Urgentie' }).selectOption({ label: 'Hoog' });
  await admin.getByRole('button', { name: 'Toon' }).click();
  await expect(admin).toHaveURL(/urgency=high/);
  const download = admin.waitForEvent('download');
  await admin.getByRole('link', { name: 'CSV' }).first().click();
  expect((await download).suggestedFilename()).toBe('days.csv');
  const agent = await as(browser, sanne);
  await agent.goto('/reports');
  await expect(agent.getByRole('heading', { name: 'Per afdeling' })).toBeVisible();
  await expect(agent.getByRole('heading', { name: 'Per medewerker' })).toHaveCount(0);
});

test('a rota is made, someone stands in, and a calendar has a secret link', async ({ browser }) => {
  const admin = await as(browser, hanneke);
  await admin.goto('/on-call');
  await accessible(admin);
  await admin.getByLabel('Minuten tot de volgende wordt gewaarschuwd').fill('999');
  await admin.getByLabel('1e in het rooster').selectOption({ label: 'Sanne Dekker' });
  await admin.locator('form[action="/api/save_rota"]').evaluate((form: HTMLFormElement) => (form.noValidate = true));
  await admin.getByRole('button', { name: 'Bewaren' }).click();
  await expect(admin.getByText('Kies 1 tot 240 minuten.').first()).toBeVisible();
  await expect(admin.getByLabel('1e in het rooster').locator('option:checked')).toHaveText('Sanne Dekker');
  await admin.getByLabel('Minuten tot de volgende wordt gewaarschuwd').fill('5');
  await admin.getByLabel('2e in het rooster').selectOption({ label: 'Daan Verhoeven' });
  await admin.getByRole('button', { name: 'Bewaren' }).click();
  await expect(admin.getByText('Het rooster is bewaard.')).toBeVisible();
  await expect(admin.getByRole('cell', { name: /Sanne Dekker/ }).first()).toBeVisible();
  await accessible(admin);
  const agent = await as(browser, daan);
  await agent.goto('/on-call');
  await expect(agent.getByRole('heading', { name: 'Rooster' })).toHaveCount(0);
  await agent.getByRole('button', { name: 'Maak een geheime link' }).click();
  const link = await agent.locator('code.secret').innerText();
  const calendar = await agent.request.get(link);
  expect(calendar.headers()['content-type']).toContain('text/calendar');
  expect(await calendar.text()).toContain('BEGIN:VCALENDAR');
  expect((await agent.request.get(link.replace(/.{3}\/calendar/, '000/calendar'))).status()).toBe(404);
});

test('an urgent ticket at night reaches the closed browser of who is on call, and one click takes it on', async ({ browser }) => {
  const service = await pushService();
  const agent = await as(browser, sanne);
  await agent.context().grantPermissions(['notifications'], { origin: new URL(agent.url()).origin });
  await service.subscribes(agent);
  await agent.goto('/on-call');
  await awake(agent);
  await expect(agent.getByText('Deze browser krijgt geen meldingen.')).toBeVisible();
  await agent.getByRole('button', { name: 'Meldingen aanzetten' }).click();
  await expect(agent.getByText('Deze browser krijgt een melding van elk alarm')).toBeVisible();
  expect(JSON.parse(service.told[0].text)).toMatchObject({ title: 'Meldingen staan aan' });
  await accessible(agent);
  await agent.reload();
  await expect(agent.getByRole('button', { name: 'Meldingen uitzetten' })).toBeVisible();

  const customer = await as(browser, marieke);
  try {
    await offices(neverNow());
    const admin = await as(browser, hanneke);
    await admin.goto('/on-call');
    await admin.getByRole('link', { name: 'SERA Business Design' }).click();
    for (const place of await admin.getByLabel(/^\d+e in het rooster$/).all()) await place.selectOption({ value: '' });
    await admin.getByLabel('1e in het rooster').selectOption({ label: 'Sanne Dekker' });
    await admin.getByRole('button', { name: 'Bewaren' }).click();
    await expect(admin.getByText('Het rooster is bewaard.')).toBeVisible();
    const id = await openTicket(customer, 'De fabriek ligt stil', 'Hoog');
    await expect(() => expect(service.told).toHaveLength(2)).toPass({ timeout: 20_000 });
    expect(service.told[1].headers).toMatchObject({ 'content-encoding': 'aes128gcm', urgency: 'high' });
    expect(JSON.parse(service.told[1].text)).toMatchObject({ title: 'Dringend: De fabriek ligt stil', link: `http://localhost:3100/tickets/${id}` });

    // What the browser does with it, as its push service would hand it on.
    const devtools = await agent.context().newCDPSession(agent);
    const registered = new Promise<string>((found) => {
      devtools.on('ServiceWorker.workerRegistrationUpdated', ({ registrations }) => {
        if (registrations[0]) found(registrations[0].registrationId);
      });
    });
    await devtools.send('ServiceWorker.enable');
    const message = { origin: 'http://localhost:3100', registrationId: await registered, data: service.told[1].text };
    const shown = () =>
      agent.evaluate(async () => {
        const registration = await navigator.serviceWorker.ready;
        return (await registration.getNotifications()).map(({ title, body }) => ({ title, body }));
      });
    // A worker that is being started may let one go by; of a ticket it shows only one.
    await expect(async () => {
      await devtools.send('ServiceWorker.deliverPushMessage', message);
      await agent.waitForTimeout(300);
      expect(await shown()).toMatchObject([{ title: 'Dringend: De fabriek ligt stil' }]);
    }).toPass({ timeout: 15_000 });

    // By mail: one click, after logging in where the browser is another.
    const link = await mailedLink(sanne, `/on-call/take/${id}`, '[0-9a-z.]+');
    const fresh = await browser.newPage();
    await fresh.goto(link);
    await expect(fresh).toHaveURL(/log-in/);
    expect((await customer.request.get(link)).status()).toBe(403);
    // Looked at ahead, by the browser of the very person, it takes nothing on.
    const ways: Record<string, string>[] = [{ 'Sec-Purpose': 'prefetch' }, { Purpose: 'prefetch' }, {}];
    for (const headers of ways) {
      expect((await agent.request.get(link, { headers })).status()).toBe(200);
    }
    await agent.goto(`/tickets/${id}`);
    await expect(agent.getByText('Buiten kantoortijd gewaarschuwd.')).toBeVisible();
    await agent.goto(link);
    await expect(agent).toHaveURL(new RegExp(`/tickets/${id}$`));
    await expect(agent.getByText('Buiten kantoortijd gewaarschuwd.')).toHaveCount(0);
    await expect(agent.getByText('heeft de waarschuwing gezien')).toBeVisible();
  } finally {
    await offices(always);
    service.close();
  }
  await agent.goto('/on-call');
  await agent.getByRole('button', { name: 'Meldingen uitzetten' }).click();
  await expect(agent.getByText('Deze browser krijgt geen meldingen.')).toBeVisible();
});
