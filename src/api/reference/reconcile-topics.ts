/** What is declared, what is there, what is to be done about it, and who says so. */
import type { Topic } from './topic.ts'

export const reconcileTopics: readonly Topic[] = [
  {
    title: 'Reconcile',
    about:
      'A resource is one declared thing: a database, a table, a service, a backup. Its drift is how it differs from what is declared; the plan is what would end that. See [how Trueup decides](explanation/reconcile.md).',
    examples: {
      'Query.controller': {
        operation: '{ controller { verdict version mode generation uptimeSeconds lease { holder } } }',
      },
      'Query.resources': {
        operation: `query ($kind: String) {
  resources(kind: $kind) { kind name status summary conditions { type status reason nextStep } }
}`,
        variables: { kind: 'table' },
      },
      'Query.resource': {
        operation: `{
  resource(kind: "table", name: "leads") {
    id
    status
    drift { severity message byHand affected { count sample } }
    actions { id summary risk gate { decision approvalsNeeded } }
  }
}`,
      },
      'Query.node': {
        operation: 'query ($id: ID!) { node(id: $id) { id ... on Resource { kind name status } } }',
        variables: { id: 'UmVzb3VyY2U6dGFibGUvbGVhZHM' },
      },
      'Query.driftReport': {
        operation: `{
  driftReport(severity: HIGH) {
    total
    affectedRecords
    bySeverity { severity count }
    drift { resource { kind name } path message affected { count } }
  }
}`,
      },
      'Query.plan': {
        operation: `{
  plan {
    id
    actions { id resource { kind name } verb summary risk reversible gate { decision reasons { message } } }
  }
}`,
      },
      'Query.actions': {
        operation: `query ($state: [String!]) {
  actions(state: $state, first: 5) { id summary state requestedBy changedAt }
}`,
        variables: { state: ['planned', 'verified'] },
      },
      'Query.action': {
        operation: `query ($id: ID!) {
  action(id: $id) { summary state approvals { approver at } preview { key field before after } }
}`,
        variables: { id: '4f0c2a9b71de' },
      },
      'Query.workUnderWay': {
        operation: '{ workUnderWay { title sentence done total unit left { fromSeconds toSeconds } } }',
      },
      'Mutation.reconcile': {
        operation: `mutation ($input: ReconcileInput!) {
  reconcile(input: $input) { __typename ... on ReconcileReceipt { runId } ... on UserError { code message } }
}`,
        variables: { input: { kind: 'table', name: 'leads' } },
      },
      'Mutation.suspendResource': {
        operation: `mutation ($input: SuspendResourceInput!) {
  suspendResource(input: $input) {
    __typename
    ... on SuspensionChanged { resource { conditions { type status message } } }
    ... on UserError { code message }
  }
}`,
        variables: { input: { kind: 'service', name: 'email-engager', reason: 'the provider has an outage' } },
      },
      'Mutation.resumeResource': {
        operation: `mutation ($input: ResumeResourceInput!) {
  resumeResource(input: $input) {
    __typename
    ... on SuspensionChanged { resource { status } }
    ... on UserError { code message }
  }
}`,
        variables: { input: { kind: 'service', name: 'email-engager' } },
      },
      'Subscription.progress': {
        operation: 'subscription ($runId: ID!) { progress(runId: $runId) { state message done total } }',
        variables: { runId: 'run-5b1e0c44d2' },
      },
      'Subscription.resourceChanged': { operation: 'subscription { resourceChanged { kind name status summary } }' },
      'Subscription.workUnderWay': { operation: 'subscription { workUnderWay { title sentence share } }' },
    },
  },
  {
    title: 'Approvals',
    about:
      'What is too risky to be done unasked waits for a person. An approval is of one action on the evidence that was shown; see [why something waits](explanation/approvals.md).',
    examples: {
      'Query.interventionQueue': {
        operation: `{
  interventionQueue {
    severity
    message
    nextStep
    action { id summary gate { approvalsNeeded approvalsGiven reasons { asks message } } }
    conflict { id table field }
  }
}`,
      },
      'Mutation.approveActions': {
        operation: `mutation ($input: ApproveActionsInput!) {
  approveActions(input: $input) {
    __typename
    ... on Approved { runId actions { actionId approvalsGiven approvalsNeeded } }
    ... on PlanStale { whatChanged }
    ... on UserError { code message }
  }
}`,
        variables: { input: { actionIds: ['4f0c2a9b71de'], comment: 'looked at the preview' } },
      },
      'Mutation.rejectActions': {
        operation: `mutation ($input: RejectActionsInput!) {
  rejectActions(input: $input) {
    __typename
    ... on Rejected { actionIds notPending }
    ... on UserError { code message }
  }
}`,
        variables: { input: { actionIds: ['9be1730cc5a2'], reason: 'these companies are right as they are' } },
      },
    },
  },
  {
    title: 'Undo',
    about:
      'Every repair and write is kept with what was there before. What was changed since is told before it is touched; see [what undo can bring back](explanation/undo.md).',
    examples: {
      'Mutation.undo': {
        operation: `mutation ($input: UndoInput!) {
  undo(input: $input) {
    __typename
    ... on Undoing {
      runId
      actions { undoes actionId state changes }
      conflictDetails { key kind outcome cells { field made now before } }
      byHand { steps }
    }
    ... on NotUndoable { hint }
    ... on UserError { code message }
  }
}`,
        variables: { input: { id: '4f0c2a9b71de', dryRun: true } },
      },
    },
  },
  {
    title: 'Desired state',
    about:
      'The file that says what is right; every accepted edit is a generation. Its keys are in [desired-state.md](desired-state.md).',
    examples: {
      'Query.desiredState': {
        operation: '{ desiredState { generation version text waiting problems { line column path message } } }',
      },
      'Query.generations': { operation: '{ generations(first: 3) { generations { number at state } hasMore } }' },
      'Query.validateDesiredState': {
        operation: `query ($yaml: String!) {
  validateDesiredState(yaml: $yaml) { problems { line column path message } changes { change path from } waits }
}`,
        variables: { yaml: 'apiVersion: trueup/v1\nname: leads\n' },
      },
      'Mutation.applyDesiredState': {
        operation: `mutation ($input: ApplyDesiredStateInput!) {
  applyDesiredState(input: $input) {
    __typename
    ... on DesiredStateAccepted { generation plan { actions { summary gate { decision } } } }
    ... on DesiredStateInvalid { problems { line path message } }
    ... on DesiredStateStale { version }
    ... on DesiredStateWaiting { reason }
    ... on UserError { code message }
  }
}`,
        variables: { input: { yaml: 'apiVersion: trueup/v1\nname: leads\n', dryRun: true } },
      },
    },
  },
]
