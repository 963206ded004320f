import type { Server } from 'node:http';
import Provider from 'oidc-provider';

/** What the provider knows of whom, by what they log in with there. */
const people: Record<string, { email: string; email_verified: boolean; name: string; groups?: string[] }> = {
  fatima: { email: 'f.oulad@koperslag.example', email_verified: true, name: 'Fatima Oulad' },
  nieuw: { email: 'nieuw@sera.example', email_verified: true, name: 'Nieuwe Medewerker', groups: ['helpdesk'] },
  vreemd: { email: 'vreemd@elders.example', email_verified: true, name: 'Vreemd' },
  boef: { email: 'hanneke.degraaf@sera.example', email_verified: false, name: 'Boef', groups: ['it'] },
};

/** Starts a real provider of OpenID Connect, which believes whoever says who they are. */
export function startProvider(port: number, back: string): Server {
  const provider = new Provider(`http://localhost:${port}`, {
    clients: [{ client_id: 'balie', client_secret: 'journeys-keep-no-secrets', redirect_uris: [back], response_types: ['code'], grant_types: ['authorization_code'] }],
    claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name', 'groups'] },
    findAccount: (_context, id) => ({ accountId: id, claims: () => ({ sub: id, ...people[id] }) }),
    cookies: { keys: ['journeys'] },
  });
  return provider.listen(port);
}
