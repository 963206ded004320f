import { createDecipheriv, createECDH, createHmac } from 'node:crypto';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Page } from '@playwright/test';

export type Told = { headers: IncomingHttpHeaders; text: string };

const auth = Buffer.alloc(16, 7);

/** A push service with one browser that subscribes to it: Chromium's own is out of reach of a test. */
export async function pushService() {
  const browser = createECDH('prime256v1');
  browser.generateKeys();
  const told: Told[] = [];
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      told.push({ headers: request.headers, text: decrypted(Buffer.concat(parts)) });
      response.writeHead(201).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}/push/1`;
  const keys = { p256dh: browser.getPublicKey().toString('base64url'), auth: auth.toString('base64url') };

  /** RFC 8291 over RFC 8188: one record, of which the last byte says that it is the last. */
  function decrypted(body: Buffer): string {
    const hash = (key: Buffer, ...parts: Buffer[]) => createHmac('sha256', key).update(Buffer.concat(parts)).digest();
    const [salt, length] = [body.subarray(0, 16), body[20]];
    const sender = body.subarray(21, 21 + length);
    const info = Buffer.concat([Buffer.from('WebPush: info\0'), browser.getPublicKey(), sender]);
    const one = Buffer.of(1);
    const secret = hash(hash(auth, browser.computeSecret(sender)), info, one);
    const key = hash(salt, secret);
    const content = hash(key, Buffer.from('Content-Encoding: aes128gcm\0'), one).subarray(0, 16);
    const nonce = hash(key, Buffer.from('Content-Encoding: nonce\0'), one).subarray(0, 12);
    const [sealed, tag] = [body.subarray(21 + length, -16), body.subarray(-16)];
    const opened = createDecipheriv('aes-128-gcm', content, nonce).setAuthTag(tag);
    return Buffer.concat([opened.update(sealed), opened.final()]).subarray(0, -1).toString();
  }

  /** Lets a page's browser subscribe here. */
  async function subscribes(page: Page) {
    await page.addInitScript(
      ({ endpoint, keys }) => {
        const of = { endpoint: { value: endpoint }, toJSON: { value: () => ({ endpoint, keys }) } };
        const made = () => {
          const unsubscribe = { value: () => (localStorage.removeItem('push'), Promise.resolve(true)) };
          return Object.create(PushSubscription.prototype, { ...of, unsubscribe }) as PushSubscription;
        };
        PushManager.prototype.getSubscription = () => Promise.resolve(localStorage.getItem('push') ? made() : null);
        PushManager.prototype.subscribe = () => (localStorage.setItem('push', '1'), Promise.resolve(made()));
      },
      { endpoint, keys },
    );
  }

  return { told, subscribes, close: () => server.close() };
}
