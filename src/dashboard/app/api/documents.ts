/** The GraphQL documents of the page that hold for every desired state. A test checks each against the schema. */

import { alertFields, deliveryFields } from '../../../clients/alert-shapes.ts'

const resourceKey = 'resource { kind name }'
const affected = 'affected { count sample }'

const actionParts = `fragment ActionParts on PlannedAction { id summary verb risk reversible population requestedBy plannedAt cause resolves
  ${resourceKey} ${affected} cost { bucket tokens } findings { code count message }
  gate { decision runnable approvalsGiven approvalsNeeded wakeUpAt reasons { code asks message until } }
  preview { key field before after } }`
const driftParts = `fragment DriftParts on Drift { id severity category cause path message desired observed byHand ${resourceKey} ${affected} }`
const conflictParts = `fragment ConflictParts on Conflict { id table field kind state leadId recordId localValue airtableValue baseValue
  localChangedAt airtableChangedAt airtableUrl foundAt choice resolvedAt resolvedBy }`
const resourceParts = `fragment ResourceParts on Resource { id kind name status summary observation generation lookedAt fullLookAt dependsOn { kind name }
  error { code hint message } conditions { type status reason message since nextStep wakeUpAt } }`
const problems = 'problems { file line column path message }'
const undoConflictParts = `fragment UndoConflictParts on UndoConflict { actionId table key kind outcome cells { field before made now }
  changedBy { actionId actor at summary } }`
const refusal = '... on UserError { code message }'
const journaled = 'state changedAt expiresAt runId result approvals { approver at comment expiresAt }'

export const documents = {
  viewer: 'query Viewer { viewer { subject role permissions } }',
  controller: `query Controller { controller { name verdict generation mode version startedAt lastFullLookAt uptimeSeconds lease { holder since } } }`,
  overview: `query Overview { plan { id actions { ...ActionParts } } resources { kind name status }
    desiredState { generation acceptedAt waiting problems { file line column path message } }
    driftReport { total affectedRecords drift { ...DriftParts } }
    events(first: 30) { events { cursor at type severity message count actor actionId resource { kind name } } } }
    ${actionParts} ${driftParts}`,
  desiredState: `query DesiredState { desiredState { generation acceptedAt text textIsWhole version waiting ${problems} } }`,
  generations: `query Generations($before: Int) { generations(first: 20, before: $before) { hasMore generations { number at state text } } }`,
  checkDesiredState: `query CheckDesiredState($yaml: String!) { validateDesiredState(yaml: $yaml) { ${problems} warnings { line column path message }
    changes { path change from } waits } }`,
  applyDesiredState: `mutation ApplyDesiredState($input: ApplyDesiredStateInput!) { applyDesiredState(input: $input) { __typename
    ... on DesiredStateAccepted { generation drift { ...DriftParts } plan { id actions { ...ActionParts } } }
    ... on DesiredStateWaiting { reason } ... on DesiredStateInvalid { code message ${problems} } ... on DesiredStateStale { code message text version }
    ... on InputInvalid { code message fieldErrors { field message } } ... on Forbidden { code message } } } ${actionParts} ${driftParts}`,
  /** What is planned and found as the desired state is now. */
  planNow:
    'query PlanNow { plan { actions { summary resource { kind name } } } driftReport { drift { path resource { kind name } } } }',
  queue: `query Queue { plan { id observedAt actions { ...ActionParts } }
    interventionQueue { message nextStep reason severity ${resourceKey} action { id } drift { ...DriftParts } conflict { id table field } }
    driftReport { drift { ...DriftParts } } } ${actionParts} ${driftParts}`,
  waitingActions: `query WaitingActions { actions(state: ["planned", "approved"], first: 200) { id expiresAt approvals { approver at comment expiresAt } } }`,
  approve: `mutation Approve($input: ApproveActionsInput!) { approveActions(input: $input) { __typename
    ... on Approved { runId actions { actionId approvalsGiven approvalsNeeded } }
    ... on PlanStale { code message actionIds whatChanged } ... on PlanExpired { code message actionIds }
    ... on SelfApprovalForbidden { code message actionIds } ... on Forbidden { code message } } }`,
  reject: `mutation Reject($input: RejectActionsInput!) { rejectActions(input: $input) { __typename
    ... on Rejected { actionIds notPending } ... on InputInvalid { code message fieldErrors { field message } } ${refusal} } }`,
  undo: `mutation Undo($input: UndoInput!) { undo(input: $input) { __typename
    ... on Undoing { runId conflicts conflictDetails { ...UndoConflictParts } actions { actionId state undoes changes remaining }
      byHand { actionId steps } left { actionId message } }
    ... on NotUndoable { code message hint } ... on InputInvalid { code message fieldErrors { field message } } ${refusal} } } ${undoConflictParts}`,
  conflicts: `query Conflicts($after: String) { conflicts(first: 50, after: $after, state: OPEN) { nodes { ...ConflictParts } pageInfo { hasNextPage endCursor } } } ${conflictParts}`,
  resolve: `mutation Resolve($input: ResolveConflictInput!) { resolveConflict(input: $input) { __typename
    ... on Resolved { actionId conflict { ...ConflictParts } } ... on ConflictStale { code message conflict { ...ConflictParts } }
    ... on InputInvalid { code message fieldErrors { field message } } ${refusal} } } ${conflictParts}`,
  openConflicts: 'query OpenConflicts { syncStatus { openConflicts } }',
  sync: `query Sync { syncStatus { table summary localCount airtableCount openConflicts waitingActions lastPullAt lastFullAt webhook
    counts { status count } calls { made limit forecast month exhaustedSince } error { message hint } } }`,
  push: `mutation Push($input: PushInput!) { push(input: $input) { __typename ... on SyncReceipt { id } ${refusal} } }`,
  pull: `mutation Pull($input: PullInput!) { pull(input: $input) { __typename ... on SyncReceipt { id } ${refusal} } }`,
  alerts: `query Alerts { alerts { ${alertFields} deliveries(limit: 100) { ${deliveryFields} } } }`,
  firing: 'query Firing { alerts { items { rule state since silenced } } }',
  silenceAlert: `mutation SilenceAlert($input: SilenceAlertInput!) { outcome: silenceAlert(input: $input) { __typename
    ... on InputInvalid { code message fieldErrors { field message } } ${refusal} } }`,
  endSilence: `mutation EndSilence($input: LiftAlertSilenceInput!) { outcome: liftAlertSilence(input: $input) { __typename
    ... on InputInvalid { code message fieldErrors { field message } } ${refusal} } }`,
  testChannel: `mutation TestChannel($input: TestAlertChannelInput!) { outcome: testAlertChannel(input: $input) { __typename
    ... on InputInvalid { code message fieldErrors { field message } } ${refusal} } }`,
  resources: `query Resources { resources { ...ResourceParts drift { path message severity } actions { id } } } ${resourceParts}`,
  resource: `query Resource($kind: String!, $name: String!) { resource(kind: $kind, name: $name) { ...ResourceParts
      checks { name status message } drift { ...DriftParts } actions { ...ActionParts } }
    actions(kind: $kind, name: $name, first: 30) { ...ActionParts ${journaled} } } ${resourceParts} ${driftParts} ${actionParts}`,
  reconcile: `mutation Reconcile($input: ReconcileInput!) { reconcile(input: $input) { __typename ... on ReconcileReceipt { runId } ${refusal} } }`,
  suspend: `mutation Suspend($input: SuspendResourceInput!) { suspendResource(input: $input) { __typename ... on SuspensionChanged { resource { status } }
    ... on InputInvalid { code message fieldErrors { field message } } ${refusal} } }`,
  resume: `mutation Resume($input: ResumeResourceInput!) { resumeResource(input: $input) { __typename ... on SuspensionChanged { resource { status } } ${refusal} } }`,
  declared: 'query Declared { resources { kind name } }',
  timeline: `query Timeline($before: ID, $state: [String!], $kind: String, $name: String) { actions(first: 50, before: $before, state: $state, kind: $kind, name: $name) { ...ActionParts ${journaled} } } ${actionParts}`,
  run: `query RunActions($runId: ID!) { actions(first: 100, runId: $runId) { ...ActionParts ${journaled} } } ${actionParts}`,
  action: `query OneAction($id: ID!) { action(id: $id) { ...ActionParts ${journaled} } } ${actionParts}`,
  programs: `query Programs { services { name state summary driver managed pid startedAt starts crashes failures cpuSeconds memoryBytes processes nextTryAt
      lastExits { at code ranSeconds reason } }
    jobs { name state summary schedule timezone managed lastSuccessAt nextRunAt lateFrom runs { number startedAt endedAt state code reason trigger } } }`,
  startService: `mutation StartService($input: ProgramInput!) { outcome: startService(input: $input) { __typename ... on ProgramRequested { actionId state message } ${refusal} } }`,
  stopService: `mutation StopService($input: ProgramInput!) { outcome: stopService(input: $input) { __typename ... on ProgramRequested { actionId state message } ${refusal} } }`,
  restartService: `mutation RestartService($input: ProgramInput!) { outcome: restartService(input: $input) { __typename ... on ProgramRequested { actionId state message } ${refusal} } }`,
  runJob: `mutation RunJob($input: ProgramInput!) { outcome: runJob(input: $input) { __typename ... on ProgramRequested { actionId state message } ${refusal} } }`,
  output: 'query Output($name: String!) { programOutput(name: $name, bytes: 40000) }',
  backups: `query Backups { backups { name summary due nextAt schedule timezone of places { place problem }
    sets { id createdAt bytes encrypted verified verifiedAt verifiedHow problems paths } } }`,
  createBackup: `mutation CreateBackup($input: BackupInput!) { createBackup(input: $input) { __typename ... on BackupCreated { id verified actionId }
    ... on BackupHeld { message } ... on BackupRefused { code hint message } ... on InputInvalid { code message } ... on NotFound { code message } ... on Forbidden { code message } } }`,
  verifyBackup: `mutation VerifyBackup($input: BackupSetInput!) { verifyBackup(input: $input) { __typename ... on BackupVerified { id verified how problems } ${refusal} } }`,
  pruneBackup: `mutation PruneBackup($input: BackupInput!) { pruneBackup(input: $input) { __typename ... on BackupPruned { ids actionId }
    ... on BackupHeld { message } ${refusal} } }`,
  restoreBackup: `mutation RestoreBackup($input: RestoreBackupInput!) { restoreBackup(input: $input) { __typename
    ... on RestoreAsked { actionId message withheld tables { table added changed removed } passedOver { table reason } }
    ... on RestoredIntoFolder { folder withheld files { name file rows } } ${refusal} } }`,
  quality: `query Quality { quality { table score rows fields { field score checks { id title percent failing target } }
      checks { id field title percent failing target }
      issues { id field severity affected message suggestion sample mendedBy { kind name } } trend { at score rows } }
    statistics { table total filled { field count percent } values { field value count } } }`,
  statistics: `query Statistics { statistics { table total filled { field count percent } values { field value count } } }`,
  health: `query Health { healthReport { status figures { components checks checksFailed issues affectedRecords }
    components { name status checkedAt checks { name status message } } } }`,
  audit: `query Audit($actor: String, $resource: String, $before: Int) { auditLog(actor: $actor, resource: $resource, before: $before, first: 50) {
    hasMore entries { seq at type actor resource actionId runId body hash } } }`,
  tokens: 'query Tokens { tokens { id subject role scope createdAt expiresAt revokedAt } }',
  createToken: `mutation CreateToken($input: CreateTokenInput!) { outcome: createToken(input: $input) { __typename
    ... on TokenCreated { token record { id } } ... on InputInvalid { fieldErrors { field message } } ${refusal} } }`,
  rotateToken: `mutation RotateToken($input: RotateTokenInput!) { outcome: rotateToken(input: $input) { __typename
    ... on TokenRotated { token record { id } } ... on InputInvalid { fieldErrors { field message } } ${refusal} } }`,
  revokeToken: `mutation RevokeToken($input: RevokeTokenInput!) { outcome: revokeToken(input: $input) { __typename ... on TokenRevoked { record { id } } ${refusal} } }`,
  syncHistory: `query SyncHistory($leadId: ID!) { syncHistory(leadId: $leadId, first: 50) { nodes { id at direction verb state note actionId
    cells { field before after lost reason } } } }`,
  /** What the declared tables are called here. */
  tables: `query Tables { __schema { queryType { fields { name type { name ofType { name } } args { name type { name ofType { name } } } } } mutationType { fields { name } } } }`,
  columns: `query Columns($record: String!, $input: String!, $filter: String!, $order: String!) {
    record: __type(name: $record) { fields { name type { kind name ofType { kind name enumValues { name } } enumValues { name } } } }
    input: __type(name: $input) { inputFields { name } } filter: __type(name: $filter) { inputFields { name type { name } } }
    order: __type(name: $order) { enumValues { name } } }`,
} as const

/** What the page listens to. */
export const subscriptions = {
  events: 'subscription Happened { events { cursor } }',
  work: 'subscription Work { workUnderWay { id title resource { kind name } actionId share sentence } }',
} as const
