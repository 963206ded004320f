import { expect, test } from '@playwright/test';
import { accessible, as, awake, fatima, handOver, hanneke, openTicket, sanne } from '../support/people';

test('an answer by mail arrives on an open page, with what it quotes folded and its sender marked', async ({ browser }) => {
  const customer = await as(browser, fatima);
  const id = await openTicket(customer, 'Antwoord per mail');
  const agent = await as(browser, sanne);
  await agent.goto(`/tickets/${id}`);
  await awake(agent);
  await handOver(agent, { From: `Fatima <${fatima}>`, Subject: `Re: [#${id}] Antwoord per mail` }, 'Het gaat nog niet.\r\n\r\nOp ma 3 mrt. 2025 om 10:12 schreef SERA <support@localhost>:\r\n> Is het nu goed?\r\n');
  const message = agent.locator('.message', { hasText: 'Het gaat nog niet.' });
  await expect(message).toBeVisible();
  await expect(message).toContainText('afzender niet bevestigd');
  await expect(message.getByText('Is het nu goed?')).toBeHidden();
  await message.getByText('Eerdere berichten').click();
  await expect(message.getByText('Is het nu goed?')).toBeVisible();
  await message.getByText('Mailkoppen').click();
  await expect(message.locator('.mail-head pre')).toContainText(fatima);
  // Whoever reads the ticket opens the mail itself too: what was not taken over is in it.
  const saved = agent.waitForEvent('download');
  await message.getByRole('link', { name: 'Bron' }).click();
  expect((await saved).suggestedFilename()).toMatch(/^mail-\d+\.eml$/);
  await accessible(agent);
});

test('what becomes of mails is on the ticket, and each can be sent again', async ({ browser }) => {
  const customer = await as(browser, fatima);
  const id = await openTicket(customer, 'Mails op het ticket');
  const agent = await as(browser, sanne);
  await agent.goto(`/tickets/${id}`);
  await expect(async () => {
    await agent.reload();
    await agent.locator('.mails summary').click({ timeout: 1_000 });
    await expect(agent.locator('.mails li', { hasText: 'Fatima' })).toContainText('verzonden', { timeout: 1_000 });
  }).toPass({ timeout: 20_000 });
  await awake(agent);
  await agent.getByRole('button', { name: /Stuur de mail aan Fatima/ }).click();
  await expect(agent.locator('.mails li', { hasText: 'Fatima' })).toContainText(/wacht|verzonden/);
  await expect(async () => {
    await agent.reload();
    await agent.locator('.mails summary').click({ timeout: 1_000 });
    await expect(agent.locator('.mails li', { hasText: 'Fatima' })).toContainText('verzonden', { timeout: 1_000 });
  }).toPass({ timeout: 20_000 });
  await awake(agent);
  await agent.getByRole('button', { name: 'Volgen', exact: true }).click();
  await expect(agent.getByRole('button', { name: 'Niet meer volgen' })).toBeVisible();
});

test('an admin sees what was set aside, and changes the words of mails without breaking them', async ({ browser }) => {
  for (const colorScheme of ['light', 'dark'] as const) {
    const admin = await as(browser, hanneke, { colorScheme });
    const subject = `Van een onbekende, ${colorScheme}`;
    await handOver(admin, { From: 'iemand@elders.example', Subject: subject }, 'Dag.');
    await expect(async () => {
      await admin.goto('/mail');
      await expect(admin.locator('.asides li', { hasText: subject })).toContainText('Niemand met een account heeft dit adres', { timeout: 500 });
    }).toPass({ timeout: 20_000 });
    await accessible(admin);
    const saved = admin.waitForEvent('download');
    await admin.locator('.asides li', { hasText: subject }).getByRole('link', { name: 'Bron' }).click();
    expect((await saved).suggestedFilename()).toMatch(/^mail-\d+\.eml$/);
    await admin.locator('.asides li', { hasText: subject }).getByRole('button', { name: 'Opnieuw lezen' }).click();
    await expect(admin).toHaveURL(/\/mail$/);

    await admin.goto('/mail/words/update/nl');
    await expect(admin.frameLocator('iframe').locator('body')).toContainText('Open ticket #1042');
    await accessible(admin);
    await admin.getByLabel('Onderwerp').fill('Over %nummer%');
    await admin.getByLabel('Tekst').fill('Dag %name%,\n\nzonder inhoud');
    await admin.getByRole('button', { name: 'Bewaren' }).click();
    await expect(admin.locator('#subject-fault')).toBeVisible();
    await expect(admin.getByLabel('Tekst')).toHaveValue('Dag %name%,\n\nzonder inhoud');
    await admin.getByLabel('Onderwerp').fill('Over #%number%');
    await admin.getByLabel('Tekst').fill('Dag %name%,\n\n%content%\n\nGroet');
    await admin.getByRole('button', { name: 'Bewaren' }).click();
    await expect(admin.getByRole('status')).toHaveText('Bewaard.');
    await expect(admin.getByLabel('Onderwerp')).toHaveValue('Over #%number%');
    await admin.getByRole('button', { name: 'Stuur testmail' }).click();
    await expect(admin.getByRole('status')).toContainText('testmail');
    await admin.getByRole('button', { name: 'Terug naar de tekst van Balie' }).click();
    await expect(admin.getByLabel('Onderwerp')).not.toHaveValue('Over #%number%');
  }
});

test('an automatic mail is on its ticket, and is no message', async ({ browser }) => {
  const customer = await as(browser, fatima);
  const id = await openTicket(customer, 'Met vakantie');
  const agent = await as(browser, sanne);
  await handOver(agent, { From: `Fatima <${fatima}>`, Subject: `Afwezig: [#${id}] Met vakantie`, 'Auto-Submitted': 'auto-replied' }, 'Ik ben er maandag weer.');
  await expect(async () => {
    await agent.goto(`/tickets/${id}`);
    await agent.locator('.mails summary', { hasText: 'Automatische' }).click({ timeout: 1_000 });
  }).toPass({ timeout: 20_000 });
  await expect(agent.locator('.mails li', { hasText: 'Ik ben er maandag weer.' })).toBeVisible();
  await expect(agent.locator('.message')).toHaveCount(1);
  await accessible(agent);
});

test('a department has a sender of its own, and a wrong one stays where it was typed', async ({ browser }) => {
  const admin = await as(browser, hanneke);
  await admin.goto('/mail');
  const department = admin.locator('.senders li').first();
  await department.getByRole('textbox').fill('Diamant support');
  await department.getByRole('button', { name: 'Bewaren' }).click();
  await expect(department.locator('.error')).toContainText('geen e-mailadres');
  await expect(department.getByRole('textbox')).toHaveValue('Diamant support');
  await accessible(admin);
  await department.getByRole('textbox').fill('Diamant <diamant@sera.example>');
  await department.getByRole('button', { name: 'Bewaren' }).click();
  await expect(admin.getByRole('status')).toHaveText('Bewaard.');
  await expect(department.getByRole('textbox')).toHaveValue('Diamant <diamant@sera.example>');
  await department.getByRole('textbox').fill('');
  await department.getByRole('button', { name: 'Bewaren' }).click();
  await expect(department.getByRole('textbox')).toHaveValue('');
});
