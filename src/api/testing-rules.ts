/**
 * The one table of who may do what, for the tests: each root field with arguments to try it with and the permission it takes.
 * A root field without a line fails `access-matrix.test.ts`.
 */
import type { Permission } from './auth/permissions.ts'

/** Undefined where everybody who is signed in may. */
export const rootRules: Readonly<Record<string, readonly [args: string, permission: Permission | undefined]>> = {
  'Query.controller': ['', 'state.read'],
  'Query.desiredState': ['', 'state.read'],
  'Query.generations': ['(first: 5)', 'state.read'],
  'Query.validateDesiredState': ['(yaml: "x")', 'state.apply'],
  'Query.resources': ['', 'state.read'],
  'Query.resource': ['(kind: "table", name: "leads")', 'state.read'],
  'Query.driftReport': ['', 'state.read'],
  'Query.healthReport': ['', 'state.read'],
  'Query.plan': ['', 'state.read'],
  'Query.action': ['(id: "a1b2c3")', 'state.read'],
  'Query.actions': ['', 'state.read'],
  'Query.interventionQueue': ['', 'state.read'],
  'Query.syncStatus': ['', 'sync.read'],
  'Query.syncHistory': ['(first: 5)', 'sync.read'],
  'Query.conflicts': ['(first: 5)', 'sync.read'],
  'Query.events': ['(first: 5)', 'state.read'],
  'Query.auditLog': ['(first: 5)', 'audit.read'],
  'Query.services': ['', 'state.read'],
  'Query.jobs': ['', 'state.read'],
  'Query.backups': ['', 'state.read'],
  'Query.alerts': ['', 'state.read'],
  'Query.workUnderWay': ['', 'state.read'],
  'Query.metricHistory': ['(name: "drift_open_items")', 'state.read'],
  'Query.forecast': ['(name: "machine_disk_free_bytes")', 'state.read'],
  'Query.programOutput': ['(name: "scraper")', 'state.reconcile'],
  'Query.viewer': ['', undefined],
  'Query.tokens': ['', 'tokens.manage'],
  'Query.leads': ['(first: 5)', 'leads.read'],
  'Query.lead': ['(id: "a")', 'leads.read'],
  'Query.duplicateGroups': ['(first: 5)', 'leads.read'],
  'Query.notDuplicates': ['', 'leads.read'],
  'Query.quality': ['', 'leads.read'],
  'Query.statistics': ['', 'leads.read'],
  'Query.node': ['(id: "a")', 'leads.read'],
  'Query.suppressions': ['', 'people.erase'],
  'Query.contactable': ['(addresses: ["ann@acme.com"])', 'leads.read'],
  'Mutation.approveActions': ['(input: { actionIds: ["a1b2c3"] })', 'actions.approve'],
  'Mutation.rejectActions': ['(input: { actionIds: ["a1b2c3"], reason: "no" })', 'actions.approve'],
  'Mutation.undo': ['(input: { id: "x" })', 'state.reconcile'],
  'Mutation.reconcile': ['(input: {})', 'state.reconcile'],
  'Mutation.push': ['(input: { table: "leads" })', 'sync.run'],
  'Mutation.pull': ['(input: { table: "leads" })', 'sync.run'],
  'Mutation.resolveConflict': ['(input: { id: "c1", take: LOCAL })', 'conflict.resolve'],
  'Mutation.suspendResource': ['(input: { kind: "table", name: "leads", reason: "r" })', 'state.reconcile'],
  'Mutation.resumeResource': ['(input: { kind: "table", name: "leads" })', 'state.reconcile'],
  'Mutation.restartService': ['(input: { name: "scraper" })', 'state.reconcile'],
  'Mutation.startService': ['(input: { name: "scraper" })', 'state.reconcile'],
  'Mutation.stopService': ['(input: { name: "scraper" })', 'state.reconcile'],
  'Mutation.runJob': ['(input: { name: "daily" })', 'state.reconcile'],
  'Mutation.createBackup': ['(input: { name: "nightly" })', 'state.reconcile'],
  'Mutation.verifyBackup': ['(input: { id: "x" })', 'state.reconcile'],
  'Mutation.restoreBackup': ['(input: { id: "x", database: "main" })', 'state.reconcile'],
  'Mutation.pruneBackup': ['(input: {})', 'state.reconcile'],
  'Mutation.applyDesiredState': ['(input: { yaml: "x", dryRun: true })', 'state.apply'],
  'Mutation.testAlertChannel': ['(input: { channel: "ops" })', 'state.reconcile'],
  'Mutation.silenceAlert': ['(input: { of: "backupAge > 26h", minutes: 60, reason: "r" })', 'state.reconcile'],
  'Mutation.liftAlertSilence': ['(input: { id: "s1" })', 'state.reconcile'],
  'Mutation.createToken': ['(input: { subject: "x", role: "none such" })', 'tokens.manage'],
  'Mutation.rotateToken': ['(input: { id: "x" })', 'tokens.manage'],
  'Mutation.revokeToken': ['(input: { id: "x" })', 'tokens.manage'],
  'Mutation.createLead': [
    '(input: { recordKey: "b", full_name: "Bob Byrne", email: "bob@other.example" })',
    'leads.write',
  ],
  'Mutation.updateLead': ['(input: { id: "a", company: "Acme 2" })', 'leads.write'],
  'Mutation.deleteLead': ['(input: { id: "none" })', 'leads.write'],
  'Mutation.createLeads': ['(input: { items: [{ recordKey: "c", full_name: "Cy Coe" }] })', 'leads.write'],
  'Mutation.updateLeads': ['(input: { items: [{ id: "a", company: "Acme 3" }] })', 'leads.write'],
  'Mutation.deleteLeads': ['(input: { items: [{ id: "none" }] })', 'leads.write'],
  'Mutation.eraseLead': ['(input: { id: "none", reason: "asked", dryRun: true })', 'people.erase'],
  'Mutation.liftSuppression': ['(input: { id: "x", reason: "wrong" })', 'suppressions.lift'],
  'Mutation.allowContact': ['(input: { id: "none", reason: "asked" })', 'contact.allow'],
  'Mutation.mergeLeads': ['(input: { ids: ["a", "z"] })', 'leads.write'],
  'Mutation.markNotDuplicate': ['(input: { ids: ["a", "z"] })', 'leads.write'],
  'Mutation.waiveCheck': ['(input: { id: "a", checks: ["email.typo"] })', 'leads.write'],
  'Mutation.acceptSuggestion': ['(input: { id: "none", check: "email.typo" })', 'leads.write'],
  'Mutation.recordExport': ['(input: { table: "leads", format: "csv" })', 'leads.read'],
  'Subscription.events': ['(after: "0")', 'state.read'],
  'Subscription.progress': ['(runId: "run1")', 'state.read'],
  'Subscription.workUnderWay': ['', 'state.read'],
  'Subscription.programOutput': ['(name: "scraper")', 'state.reconcile'],
  'Subscription.resourceChanged': ['', 'state.read'],
}

/** Arguments of fields below the root. */
const innerArgs: Readonly<Record<string, string>> = {
  'SyncStatus.lead': '(id: "a")',
  'SyncStatus.run': '(id: "run1")',
}

export function argsOf(coordinate: string): string {
  return rootRules[coordinate]?.[0] ?? innerArgs[coordinate] ?? ''
}

/**
 * The personal fields of the checked-in desired state with what a role sees that may not see them. Every other field of a
 * record is shown as it is.
 */
export const maskedCells: Readonly<Record<string, string | null>> = {
  full_name: 'Z***',
  email: 'z***@***',
  phone: '***87',
  linkedin_url: '***',
  ai_message: '***',
  company_description: '***',
  raw_data: null,
}
