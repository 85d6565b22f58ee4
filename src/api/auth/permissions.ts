/** What may be done, by which role. Nothing is allowed that is not listed. */
import type { DesiredState } from '../../desired/schema.ts'

export const permissions = [
  /** Read the records of declared tables. */
  'leads.read',
  /** Create, change and delete them. */
  'leads.write',
  /** Erase people for good, and see the list of those. No part of `leads.*`, which would give it along unnoticed. */
  'people.erase',
  /** Let erased people come back. */
  'suppressions.lift',
  /** See controller, desired state, resources, drift, plan, actions, events and health. */
  'state.read',
  /** Ask for looks, suspend and resume resources, undo what was done. */
  'state.reconcile',
  /** Put another desired state in force. */
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
  /** Make and revoke tokens of any role. */
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

const read: readonly Permission[] = ['leads.read', 'state.read', 'sync.read']

const builtIn: Readonly<Record<string, readonly Permission[]>> = {
  viewer: read,
  editor: [...read, 'leads.write', 'conflict.resolve'],
  operator: [...read, 'leads.write', 'people.erase', 'state.reconcile', 'sync.run', 'conflict.resolve', 'audit.read'],
  approver: [...read, 'actions.approve', 'conflict.resolve', 'audit.read'],
  admin: permissions,
}

/**
 * The roles of a desired state by name: the five built in, and those declared in `access.roles`. A declared role cannot
 * replace a built-in one. `leads.*` stands for all permissions of that noun; one that does not exist allows nothing.
 */
export function rolesOf(access: DesiredState['access']): ReadonlyMap<string, Role> {
  const roles = new Map<string, Role>()
  for (const [name, declared] of Object.entries(access.roles)) {
    const can = new Set(permissions.filter((permission) => declared.can.some((right) => covers(right, permission))))
    roles.set(name, { name, can, unmasked: new Set(declared.unmasked) })
  }
  for (const [name, can] of Object.entries(builtIn)) roles.set(name, { name, can: new Set(can), unmasked: 'all' })
  return roles
}

function covers(right: string, permission: Permission): boolean {
  return right === permission || (right.endsWith('.*') && permission.startsWith(right.slice(0, -1)))
}

/** Who asks. */
export interface Viewer {
  /** The person or program; two tokens of one person have the same. */
  readonly subject: string
  readonly role: Role
  readonly tokenId: string
  /** A session is the cookie of a browser; `local` is the command line on a workspace that it holds itself. */
  readonly via: 'token' | 'session' | 'local'
}

/** The owner of the workspace's files, who may do everything. */
export function localViewer(subject: string): Viewer {
  return { subject, role: { name: 'local', can: new Set(permissions), unmasked: 'all' }, tokenId: '', via: 'local' }
}

/** How the journal names a viewer. */
export function actorOf(viewer: Viewer): string {
  return `${viewer.via === 'local' ? 'local' : 'token'}:${viewer.subject}`
}

export function may(viewer: Viewer, permission: Permission): boolean {
  return viewer.role.can.has(permission)
}
