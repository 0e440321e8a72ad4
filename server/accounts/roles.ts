import { Role, type Scope } from '../../protocol/account-api.ts';

const rank = (role: Role) => Role.options.indexOf(role);

/** Whether who has `role` may what is for `wanted`. */
export function mayAs(role: Role, wanted: Role): boolean {
  return rank(role) >= rank(wanted);
}

/** The least role that has any use of a scope: a token can not be given one beyond its person's. */
export const ROLE_OF_SCOPE: Readonly<Record<Scope, Role>> = {
  'results:read': 'reviewer',
  'campaigns:write': 'staff',
  'releases:write': 'staff',
  'hosts:moderate': 'staff',
  'operations:read': 'reviewer',
};
