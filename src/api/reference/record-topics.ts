/** The records of the declared tables; the examples are of the table `leads` of the sample. */
import type { Topic } from './topic.ts'

const refused = '... on UserError { code message }'

export const recordTopics: readonly Topic[] = [
  {
    title: 'Records',
    about:
      'Types and fields follow the desired state: a field that is declared is in the API at once. A role that does not see personal data gets it masked. A program reads `rowVersion` and gives it back as `expectedVersion`, so that nothing newer is overwritten.',
    examples: {
      'Query.leads': {
        operation: `query ($filter: LeadFilter, $after: String) {
  leads(filter: $filter, orderBy: { field: company, direction: DESC }, first: 2, after: $after) {
    totalCount
    nodes { id full_name email company engagement_status }
    pageInfo { hasNextPage endCursor }
  }
}`,
        variables: { filter: { company: { startsWith: 'A' }, not: { email: { isNull: true } } } },
      },
      'Query.lead': {
        operation: `query ($id: ID!) {
  lead(id: $id) {
    full_name
    rowVersion
    syncStatus { status recordId }
    dataQuality { score issues { check reason } }
    history { events { at kind field before after by } }
  }
}`,
        variables: { id: 'TGVhZDo3' },
      },
      'Query.statistics': {
        operation: '{ statistics(table: "leads") { total filled { field percent } values { field value count } } }',
      },
      'Mutation.createLead': {
        operation: `mutation ($input: CreateLeadInput!) {
  createLead(input: $input) {
    __typename
    ... on LeadSaved { actionId lead { id email rowVersion } matchedId matchExplanation }
    ... on DuplicateValue { field existingId }
    ... on InputInvalid { fieldErrors { field message } }
    ${refused}
  }
}`,
        variables: { input: { full_name: 'Ann Ash', email: 'ann@ash.example', company: 'Ash Ltd' } },
      },
      'Mutation.updateLead': {
        operation: `mutation ($input: UpdateLeadInput!) {
  updateLead(input: $input) {
    __typename
    ... on LeadSaved { actionId lead { company rowVersion } }
    ... on VersionConflict { currentVersion }
    ${refused}
  }
}`,
        variables: { input: { id: 'TGVhZDo3', title: 'Head of Sales', changeReason: 'she told us' } },
      },
      'Mutation.deleteLead': {
        operation: `mutation ($input: DeleteLeadInput!) {
  deleteLead(input: $input) { __typename ... on RecordDeleted { id actionId } ${refused} }
}`,
        variables: { input: { id: 'TGVhZDo3' } },
      },
      'Mutation.createLeads': {
        operation: `mutation ($input: CreateLeadsInput!) {
  createLeads(input: $input) {
    __typename
    ... on CreateLeadsDone { done refused results { __typename ... on LeadSaved { lead { id } } ${refused} } }
    ${refused}
  }
}`,
        variables: { input: { items: [{ full_name: 'Bo Beech' }, { full_name: 'Cy Cedar' }] } },
      },
      'Mutation.updateLeads': {
        operation: `mutation ($input: UpdateLeadsInput!) {
  updateLeads(input: $input) {
    __typename
    ... on UpdateLeadsDone { done refused results { __typename ${refused} } }
    ${refused}
  }
}`,
        variables: { input: { items: [{ id: 'TGVhZDo3', verified: true }] } },
      },
      'Mutation.deleteLeads': {
        operation: `mutation ($input: DeleteLeadsInput!) {
  deleteLeads(input: $input) {
    __typename
    ... on DeleteLeadsDone { done refused results { __typename ${refused} } }
    ${refused}
  }
}`,
        variables: { input: { items: [{ id: 'TGVhZDo3' }] } },
      },
      'Mutation.recordExport': {
        operation: `mutation ($input: RecordExportInput!) {
  recordExport(input: $input) { __typename ... on ExportRecorded { table } ${refused} }
}`,
        variables: { input: { table: 'leads', format: 'csv', fields: ['full_name', 'email'], filtered: true } },
      },
    },
  },
  {
    title: 'Quality',
    about:
      'Checks of a table by the rules of its entry, with suggestions and what people said of them; see [quality.md](quality.md).',
    examples: {
      'Query.quality': {
        operation: `{
  quality(table: "leads") {
    score
    rows
    checks { id title failing percent target }
    issues(severity: HIGH) { message affected suggestion }
    suggestions(limit: 2) { id recordId check field before after why }
  }
}`,
      },
      'Mutation.waiveCheck': {
        operation: `mutation ($input: WaiveLeadCheckInput!) {
  waiveCheck(input: $input) { __typename ... on CheckWaived { actionId recordId checks } ${refused} }
}`,
        variables: { input: { id: 'TGVhZDo3', checks: ['email.typo'], changeReason: 'the address is right' } },
      },
      'Mutation.acceptSuggestion': {
        operation: `mutation ($input: AcceptLeadSuggestionInput!) {
  acceptSuggestion(input: $input) {
    __typename
    ... on SuggestionAccepted { actionId suggestion { field before after } }
    ${refused}
  }
}`,
        variables: { input: { id: 'TGVhZDo3', check: 'email.typo' } },
      },
    },
  },
  {
    title: 'Duplicates',
    about: 'Records that may be one, with all that speaks for it; see [duplicates.md](duplicates.md).',
    examples: {
      'Query.duplicateGroups': {
        operation: `{
  duplicateGroups(state: REVIEW, first: 2) {
    mergeCount
    reviewCount
    nodes { id confidence rule survivorId records { id full_name } pairs { explanation } changes { field before after } }
  }
}`,
      },
      'Query.notDuplicates': { operation: '{ notDuplicates { oneId otherId by at reason } }' },
      'Mutation.mergeLeads': {
        operation: `mutation ($input: MergeLeadInput!) {
  mergeLeads(input: $input) {
    __typename
    ... on LeadMergePreview { survivorId removedIds changes { field before after } references { table count } }
    ... on LeadMerged { actionId survivorId removedIds }
    ${refused}
  }
}`,
        variables: { input: { ids: ['TGVhZDo3', 'TGVhZDo4'], dryRun: true } },
      },
      'Mutation.markNotDuplicate': {
        operation: `mutation ($input: MarkLeadNotDuplicateInput!) {
  markNotDuplicate(input: $input) { __typename ... on MarkedNotDuplicate { actionId ids } ${refused} }
}`,
        variables: { input: { ids: ['TGVhZDo3', 'TGVhZDo4'], changeReason: 'father and son' } },
      },
    },
  },
  {
    title: 'People',
    about:
      'Who is not to be contacted, and who has asked to be erased; see [do-not-contact.md](do-not-contact.md) and [erasure.md](erasure.md).',
    examples: {
      'Query.contactable': {
        operation: 'query ($addresses: [String!]!) { contactable(addresses: $addresses) { address contactable } }',
        variables: { addresses: ['ann@ash.example'] },
      },
      'Mutation.allowContact': {
        operation: `mutation ($input: AllowContactInput!) {
  allowContact(input: $input) { __typename ... on ContactAllowed { wasAllowed records { table count } } ${refused} }
}`,
        variables: { input: { id: 'TGVhZDo3', reason: 'asked for the newsletter again' } },
      },
      'Mutation.eraseLead': {
        operation: `mutation ($input: EraseLeadInput!) {
  eraseLead(input: $input) {
    __typename
    ... on ErasurePreview { records { table keys referring { name count } } }
    ... on PersonErased { id outcome { rows { name count } remains { file reason } } }
    ${refused}
  }
}`,
        variables: { input: { id: 'TGVhZDo3', reason: 'asked by letter', dryRun: true } },
      },
      'Query.suppressions': { operation: '{ suppressions { id at by reason liftedAt outcome { filesSearched } } }' },
      'Mutation.liftSuppression': {
        operation: `mutation ($input: LiftSuppressionInput!) {
  liftSuppression(input: $input) { __typename ... on SuppressionLifted { suppression { id liftedAt } } ${refused} }
}`,
        variables: { input: { id: 'sup-1', reason: 'gave consent again' } },
      },
    },
  },
  {
    title: 'Sync with Airtable',
    about:
      'How each table stands with its mirror, what was moved, and which values were changed on both sides; see [airtable-sync.md](airtable-sync.md).',
    examples: {
      'Query.syncStatus': {
        operation: `{
  syncStatus(table: "leads") {
    summary
    localCount
    airtableCount
    counts { status count }
    openConflicts
    calls { month made limit forecast }
  }
}`,
      },
      'Query.syncHistory': {
        operation: `{
  syncHistory(table: "leads", first: 3) {
    nodes { at direction verb state leadId cells { field before after reason lost } actionId }
  }
}`,
      },
      'Query.conflicts': {
        operation: `{
  conflicts(state: OPEN, first: 5) {
    nodes { id table leadId field localValue airtableValue baseValue foundAt }
    pageInfo { hasNextPage endCursor }
  }
}`,
      },
      'Mutation.push': {
        operation: `mutation ($input: PushInput!) {
  push(input: $input) { __typename ... on SyncReceipt { id run { state what } } ${refused} }
}`,
        variables: { input: { table: 'leads' } },
      },
      'Mutation.pull': {
        operation: `mutation ($input: PullInput!) {
  pull(input: $input) { __typename ... on SyncReceipt { id run { state what } } ${refused} }
}`,
        variables: { input: { table: 'leads', full: true } },
      },
      'Mutation.resolveConflict': {
        operation: `mutation ($input: ResolveConflictInput!) {
  resolveConflict(input: $input) {
    __typename
    ... on Resolved { actionId conflict { state choice resolvedBy } }
    ... on ConflictStale { conflict { localValue airtableValue } }
    ${refused}
  }
}`,
        variables: { input: { id: 'c3', take: 'LOCAL', comment: 'the base was out of date' } },
      },
    },
  },
]
