/**
 * Whose the thing is that a route is about. Each route has a line here, or server/api/authorisation.test.ts fails: who
 * adds a route says what another host of the project may learn and change by it.
 *
 * - project: nobody's in particular; who may call it may have all that it gives
 * - caller: only ever what is the caller's own, for the token alone names it
 * - host: it can name what is another host's; authorisation.test.ts has a case for what happens then
 * - account: it can name what is another person's; so there
 */
export type Ownership = 'project' | 'caller' | 'host' | 'account';

export const ownership: Readonly<Record<string, Ownership>> = {
  'get /health': 'project',
  'get /health/live': 'project',
  'get /health/ready': 'project',
  'get /project': 'project',
  'get /campaigns': 'project',
  'get /campaigns/{id}': 'project',
  'get /campaigns/{id}/outline': 'project',
  'get /campaigns/{id}/points/{point}': 'project',
  'get /campaigns/{id}/notes': 'project',
  'get /campaigns/{id}/events': 'project',
  'get /campaigns/{id}/document': 'project',
  'get /campaigns/{id}/merged': 'project',
  'get /campaigns/{id}/provenance': 'project',
  'get /results/{id}': 'project',
  'get /software': 'project',
  'get /releases/{application}/{version}': 'project',
  'get /appliance': 'project',
  'get /objects/{sha256}': 'project',
  'post /hosts': 'project',
  'get /hosts/me': 'caller',
  'post /leases': 'host',
  'post /leases/release': 'host',
  'post /results': 'host',
  'post /verdicts': 'host',
  'get /uploads/{sha256}': 'host',
  'patch /uploads/{sha256}': 'host',
  'put /staff/objects/{sha256}': 'project',
  'put /staff/releases': 'project',
  'put /staff/appliance': 'project',
  'post /staff/campaigns': 'project',
  'post /staff/campaigns/dry-run': 'project',
  'post /staff/campaigns/{id}/pause': 'project',
  'post /staff/campaigns/{id}/resume': 'project',
  'post /staff/campaigns/{id}/cancel': 'project',
  'post /staff/campaigns/{id}/extend': 'project',
  'post /staff/campaigns/{id}/clone': 'project',
  'put /staff/campaigns/{id}/notes': 'project',
  'get /staff/operations': 'project',
  'get /staff/results': 'project',
  'get /staff/units': 'project',
  'get /staff/audit': 'project',
  'post /staff/hosts/{host}/pardon': 'project',
  'post /staff/snapshots': 'project',
  'get /staff/accounts': 'project',
  'put /staff/accounts/{login}/role': 'project',
  'post /accounts': 'project',
  'post /sessions': 'project',
  'get /sessions/current': 'project',
  'post /sessions/end': 'caller',
  'get /account': 'caller',
  'patch /account': 'caller',
  'post /account/password': 'caller',
  'get /account/sessions': 'caller',
  'delete /account/sessions/{id}': 'account',
  'get /account/tokens': 'caller',
  'post /account/tokens': 'caller',
  'delete /account/tokens/{id}': 'account',
  'post /sessions/passkey/options': 'project',
  'post /sessions/passkey': 'project',
  'get /account/passkeys': 'caller',
  'post /account/passkeys/options': 'caller',
  'post /account/passkeys': 'caller',
  'delete /account/passkeys/{id}': 'account',
  'post /account/attach-code': 'caller',
  'post /hosts/me/attach': 'host',
  'get /account/hosts': 'caller',
  'delete /account/hosts/{id}': 'account',
  'get /account/export': 'caller',
  'post /account/delete': 'caller',
  'get /teams': 'project',
  'post /teams': 'caller',
  'patch /teams/{id}': 'account',
  'post /teams/{id}/join': 'account',
  'post /account/team/leave': 'caller',
  'get /invitations/{code}': 'project',
  'post /staff/invitations': 'project',
  'get /staff/invitations': 'project',
  'delete /staff/invitations/{id}': 'project',
  'get /statistics': 'project',
  'get /statistics/{file}': 'project',
};

/**
 * What is served beside the routes of the API, by method and pattern: for anyone, or only with a token that neither a
 * host nor staff has.
 */
export const beside: Readonly<Record<string, 'anyone' | 'its own token'>> = {
  'GET /metrics': 'its own token',
  'GET /openapi.json': 'anyone',
  'GET /cvmfs/:repository/:path{.+}': 'anyone',
  'POST /cvmfs/:repository/pack': 'anyone',
};
