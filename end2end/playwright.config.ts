import { defineConfig } from '@playwright/test';

/** Journeys run one after another against one server with demo data: two cores are few, and each journey opens its own tickets. */
export default defineConfig({
  testDir: './journeys',
  workers: 1,
  retries: 0,
  timeout: 60_000,
  expect: { timeout: 10_000 },
  reporter: [['list']],
  globalSetup: './support/server.ts',
  // What people do most is done once more on a slow machine: there a press is lost that a quick one forgives.
  projects: [
    { name: 'usual' },
    { name: 'slow', grep: /@slow/, metadata: { slower: 6 }, timeout: 180_000, expect: { timeout: 30_000 } },
  ],
  use: {
    baseURL: process.env.BALIE_URL ?? 'http://localhost:3100',
    locale: 'nl-NL',
    timezoneId: 'Europe/Amsterdam',
    launchOptions: {
      executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
      args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
    },
  },
});
