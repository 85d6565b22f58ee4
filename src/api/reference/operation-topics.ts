/** Programs, copies, figures, what happened, and who may come in. */
import type { Topic } from './topic.ts'

const refused = '... on UserError { code message }'
const requested = `__typename ... on ProgramRequested { actionId message state } ${refused}`

export const operationTopics: readonly Topic[] = [
  {
    title: 'Services and jobs',
    about: 'Programs that must run, and programs that must have succeeded lately; see [services.md](services.md).',
    examples: {
      'Query.services': {
        operation: '{ services { name state managed pid startedAt memoryBytes crashes lastExits { at code reason } } }',
      },
      'Query.jobs': {
        operation:
          '{ jobs { name state schedule nextRunAt lateFrom runs { number trigger state startedAt endedAt } } }',
      },
      'Query.programOutput': {
        operation: 'query ($name: String!) { programOutput(name: $name, bytes: 2000) }',
        variables: { name: 'email-engager' },
      },
      'Subscription.programOutput': {
        operation: 'subscription Output($name: String!) { programOutput(name: $name) }',
        variables: { name: 'email-engager' },
      },
      'Mutation.startService': {
        operation: `mutation ($input: ProgramInput!) { startService(input: $input) { ${requested} } }`,
        variables: { input: { name: 'email-engager' } },
      },
      'Mutation.stopService': {
        operation: `mutation ($input: ProgramInput!) { stopService(input: $input) { ${requested} } }`,
        variables: { input: { name: 'email-engager' } },
      },
      'Mutation.restartService': {
        operation: `mutation ($input: ProgramInput!) { restartService(input: $input) { ${requested} } }`,
        variables: { input: { name: 'email-engager' } },
      },
      'Mutation.runJob': {
        operation: `mutation ($input: ProgramInput!) { runJob(input: $input) { ${requested} } }`,
        variables: { input: { name: 'daily-sync' } },
      },
    },
  },
  {
    title: 'Backups',
    about:
      'Sets that are verified when they are made. A restore shows what it would change, and waits for approval; see [backups.md](backups.md) and [which way back](explanation/restore.md).',
    examples: {
      'Query.backups': {
        operation: `{
  backups {
    name
    summary
    nextAt
    places { place problem }
    sets { id createdAt bytes verified verifiedHow problems }
  }
}`,
      },
      'Mutation.createBackup': {
        operation: `mutation ($input: BackupInput!) {
  createBackup(input: $input) { __typename ... on BackupCreated { id path verified } ... on BackupHeld { actionId } ${refused} }
}`,
        variables: { input: { name: 'nightly' } },
      },
      'Mutation.verifyBackup': {
        operation: `mutation ($input: BackupSetInput!) {
  verifyBackup(input: $input) { __typename ... on BackupVerified { verified how problems } ${refused} }
}`,
        variables: { input: { id: '20261120T030000Z-1f2e3d4c' } },
      },
      'Mutation.restoreBackup': {
        operation: `mutation ($input: RestoreBackupInput!) {
  restoreBackup(input: $input) {
    __typename
    ... on RestoreAsked { actionId message tables { table added changed removed } }
    ... on RestoredIntoFolder { folder files { name rows } }
    ... on BackupRefused { hint }
    ${refused}
  }
}`,
        variables: { input: { id: '20261120T030000Z-1f2e3d4c', database: 'main', tables: ['leads'] } },
      },
      'Mutation.pruneBackup': {
        operation: `mutation ($input: BackupInput!) {
  pruneBackup(input: $input) { __typename ... on BackupPruned { ids actionId } ${refused} }
}`,
        variables: { input: { name: 'nightly' } },
      },
    },
  },
  {
    title: 'Health, metrics and alerts',
    about:
      'How everything is, how it was, where it is heading, and who is told; see [metrics.md](metrics.md) and [alerts.md](alerts.md).',
    examples: {
      'Query.healthReport': {
        operation: `{
  healthReport {
    verdict
    status
    figures { components issues affectedRecords }
    issues { severity component message suggestion }
  }
}`,
      },
      'Query.metricHistory': {
        operation: `query ($since: DateTime) {
  metricHistory(name: "drift_open_items", since: $since, step: 300) { unit labels { name value } points { at value min max } }
}`,
        variables: { since: '2026-11-20T00:00:00Z' },
      },
      'Query.forecast': {
        operation:
          '{ forecast(name: "machine_disk_free_bytes") { sentence now perDay reach { at earliest latest } reason } }',
      },
      'Query.alerts': {
        operation: `{
  alerts {
    items { key rule severity state valueText since silenced next }
    channels { name kind waiting problem }
    deliveries(limit: 5) { at channel outcome detail }
  }
}`,
      },
      'Mutation.testAlertChannel': {
        operation: `mutation ($input: TestAlertChannelInput!) {
  testAlertChannel(input: $input) { __typename ... on AlertChannelTested { channel } ${refused} }
}`,
        variables: { input: { channel: 'ops' } },
      },
      'Mutation.silenceAlert': {
        operation: `mutation ($input: SilenceAlertInput!) {
  silenceAlert(input: $input) { __typename ... on AlertSilenced { silence { id of until } } ${refused} }
}`,
        variables: { input: { of: 'backupAge > 26h', minutes: 60, reason: 'the disk is being moved' } },
      },
      'Mutation.liftAlertSilence': {
        operation: `mutation ($input: LiftAlertSilenceInput!) {
  liftAlertSilence(input: $input) { __typename ... on AlertSilenceLifted { id } ${refused} }
}`,
        variables: { input: { id: 's1' } },
      },
    },
  },
  {
    title: 'Events and audit',
    about:
      'Events say what happens, for people and screens; the audit log is the journal itself, chained by hashes; see [audit.md](audit.md).',
    examples: {
      'Query.events': {
        operation: `query ($after: String) {
  events(after: $after, first: 5) { events { cursor at type severity message resource { kind name } } hasMore }
}`,
      },
      'Subscription.events': {
        operation: 'subscription ($after: String) { events(after: $after) { cursor at type message } }',
        variables: { after: '0' },
      },
      'Query.auditLog': {
        operation: `{
  auditLog(resource: "table/leads", first: 5) { entries { seq at actor type actionId hash } hasMore }
}`,
      },
    },
  },
  {
    title: 'Access',
    about: 'Who asks, and the tokens of people and programs; see [security.md](security.md).',
    examples: {
      'Query.viewer': { operation: '{ viewer { subject role permissions } }' },
      'Query.tokens': { operation: '{ tokens { id subject role scope createdAt expiresAt revokedAt } }' },
      'Mutation.createToken': {
        operation: `mutation ($input: CreateTokenInput!) {
  createToken(input: $input) { __typename ... on TokenCreated { token record { id } } ${refused} }
}`,
        variables: { input: { subject: 'crm-export', role: 'viewer', scope: ['leads.read'], expiresInDays: 90 } },
      },
      'Mutation.rotateToken': {
        operation: `mutation ($input: RotateTokenInput!) {
  rotateToken(input: $input) { __typename ... on TokenRotated { token replaces record { id } } ${refused} }
}`,
        variables: { input: { id: 't-3f9a', overlapHours: 2 } },
      },
      'Mutation.revokeToken': {
        operation: `mutation ($input: RevokeTokenInput!) {
  revokeToken(input: $input) { __typename ... on TokenRevoked { record { id revokedAt } } ${refused} }
}`,
        variables: { input: { id: 't-3f9a' } },
      },
    },
  },
]
