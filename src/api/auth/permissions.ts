/** What may be done, by which role. Nothing is allowed that is not listed. */
import type { DesiredState } from '../../desired/schema.ts'

export const permissions = [
  /** Read the records of declared tables. */
  'leads.read',
  /** Create, change and delete them. */
  'leads.write',
  /** See personal data in full: addresses, numbers, names, messages, wherever they show. No part of `leads.*`. */
  'people.unmask',
  /** Erase people for good, and see the list of those. No part of `leads.*`, which would give it along unnoticed. */
  'people.erase',
  /** Let erased people come back. */
  'suppressions.lift',
  /** Let somebody be contacted again who is marked as not to be. */
  'contact.allow',
  /** See controller, desired state, resources, drift, plan, actions, events and health. */
  'state.read',
  /** Ask for looks, suspend and resume resources, undo what was done. */
  'state.reconcile',
  /** Put another desired state in force. One that changes `access` also takes `tokens.manage`. */
  'state.apply',
  /** Approve and reject actions. */
  'actions.approve',
  /** See how leads stand with Airtable, what was moved, and which values conflict; values only with `leads.read`. */
  'sync.read',
  /** Ask for a push or a pull. */
  'sync.run',
  /** Choose between the values of a conflict; giving another value also takes `leads.write`. */
  'conflict.resolve',
  /** Read the audit log. */
  'audit.read',
  /** See what the API can do: introspection, and GraphiQL, which lives by it. */
  'schema.read',
  /** Make, rotate and revoke tokens; never one that may do more than oneself. */
  'tokens.manage',
] as const

export type Permission = (typeof permissions)[number]

/** What a role may do, and which personal fields it sees in full. */
export interface Role {
  readonly name: string
  readonly can: ReadonlySet<Permission>
  /** Field names, or all. */
  readonly unmasked: ReadonlySet<string> | 'all'
}

const read: readonly Permission[] = ['leads.read', 'state.read', 'sync.read', 'schema.read']
const readInFull: readonly Permission[] = [...read, 'people.unmask']

const builtIn: Readonly<Record<string, readonly Permission[]>> = {
  viewer: read,
  editor: [...readInFull, 'leads.write', 'conflict.resolve'],
  operator: [
    ...readInFull,
    ...([
      'leads.write',
      'people.erase',
      'contact.allow',
      'state.reconcile',
      'sync.run',
      'conflict.resolve',
      'audit.read',
    ] as const),
  ],
  approver: [...readInFull, 'actions.approve', 'contact.allow', 'conflict.resolve', 'audit.read'],
  admin: permissions,
}

/**
 * The roles of a desired state by name: the five built in, and those declared in `access.roles`. A declared role cannot
 * replace a built-in one. `leads.*` stands for all permissions of that noun; one that does not exist allows nothing.
 */
export function rolesOf(access: Pick<DesiredState['access'], 'roles'>): ReadonlyMap<string, Role> {
  const roles = new Map<string, Role>()
  for (const [name, declared] of Object.entries(access.roles)) {
    const can = permissions.filter((permission) => declared.can.some((right) => covers(right, permission)))
    roles.set(name, roleOf(name, can, declared.unmasked))
  }
  for (const [name, can] of Object.entries(builtIn)) roles.set(name, roleOf(name, can, []))
  return roles
}

function roleOf(name: string, can: readonly Permission[], unmasked: readonly string[]): Role {
  return { name, can: new Set(can), unmasked: can.includes('people.unmask') ? 'all' : new Set(unmasked) }
}

function covers(right: string, permission: Permission): boolean {
  return right === permission || (right.endsWith('.*') && permission.startsWith(right.slice(0, -1)))
}

/** The role of a token whose scope names some of what the role may do: it may the rest no more. */
export function scopedRole(role: Role, scope: readonly string[] | null): Role {
  if (scope === null) return role
  const can = [...role.can].filter((permission) => scope.some((right) => covers(right, permission)))
  const keepsSight = role.unmasked !== 'all' || can.includes('people.unmask')
  return { name: role.name, can: new Set(can), unmasked: keepsSight ? role.unmasked : new Set() }
}

/** What `other` may do or see that `role` may not; empty where `role` may give it away. */
export function beyond(role: Role, other: Role): readonly string[] {
  const more: string[] = [...other.can].filter((permission) => !role.can.has(permission))
  const { unmasked } = role
  if (unmasked === 'all' || other.unmasked === 'all') return more
  return [...more, ...[...other.unmasked].filter((field) => !unmasked.has(field)).map((field) => `seeing ${field}`)]
}

/** Who asks. */
export interface Viewer {
  /** The person or program; two tokens of one person have the same. */
  readonly subject: string
  readonly role: Role
  readonly tokenId: string
  /** A session is the cookie of a browser; `proxy` is who a declared reverse proxy says; `local` is the command line on a workspace that it holds itself. */
  readonly via: 'token' | 'session' | 'proxy' | 'local'
}

/** The owner of the workspace's files, who may do everything. */
export function localViewer(subject: string): Viewer {
  return { subject, role: { name: 'local', can: new Set(permissions), unmasked: 'all' }, tokenId: '', via: 'local' }
}

/** How the journal names a viewer. */
export function actorOf(viewer: Viewer): string {
  return `${viewer.via === 'session' ? 'token' : viewer.via}:${viewer.subject}`
}

export function may(viewer: Viewer, permission: Permission): boolean {
  return viewer.role.can.has(permission)
}
