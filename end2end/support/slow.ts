import type { Page } from '@playwright/test';

/** Slows the processor of a page so many times, as on an old phone. */
export async function slow(page: Page, times: number) {
  const browser = await page.context().newCDPSession(page);
  await browser.send('Emulation.setCPUThrottlingRate', { rate: times });
}

/** Lets the scripts of a page begin only when the returned function is called: until then it is plain HTML, as on a slow phone. */
export async function asleep(page: Page): Promise<() => void> {
  let wake = () => {};
  const woken = new Promise<void>((resolve) => (wake = resolve));
  await page.route('**/*.wasm', async (route) => {
    await woken;
    await route.continue();
  });
  return wake;
}
