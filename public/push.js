// Shows alarms in this browser, also while Balie is not open.
self.addEventListener('push', (event) => {
  const told = event.data?.json() ?? {};
  const actions = told.ticket && told.take ? [{ action: 'take', title: told.take }] : [];
  event.waitUntil(
    self.registration.showNotification(told.title ?? 'Balie', {
      body: told.body ?? '',
      tag: told.tag ?? '',
      renotify: Boolean(told.tag),
      requireInteraction: Boolean(told.ticket),
      icon: '/favicon.svg',
      data: told,
      actions,
    }),
  );
});

const take = (ticket) =>
  fetch('/api/take_alarm', {
    method: 'POST',
    headers: { Accept: 'application/json' },
    body: new URLSearchParams({ ticket }),
  });

const open = async (link) => {
  const windows = await self.clients.matchAll({ type: 'window', includeUncontrolled: true });
  const shown = windows.find((window) => window.url === link);
  return shown ? shown.focus() : self.clients.openWindow(link);
};

self.addEventListener('notificationclick', (event) => {
  const { link, ticket } = event.notification.data ?? {};
  event.notification.close();
  // The page says what came of it: taken, or log in first.
  const taken = event.action === 'take' && ticket ? take(ticket).catch(() => {}) : Promise.resolve();
  event.waitUntil(taken.then(() => (link ? open(link) : undefined)));
});

// A push service may give a browser another address by itself.
self.addEventListener('pushsubscriptionchange', (event) => {
  const again = async () => {
    const options = event.oldSubscription?.options;
    const found = event.newSubscription ?? (options && (await self.registration.pushManager.subscribe(options)));
    if (found) {
      await fetch('/api/add_browser', { method: 'POST', body: new URLSearchParams({ subscription: JSON.stringify(found) }) });
    }
  };
  event.waitUntil(again());
});
