/** Every document that the dashboard sends is one that the API of the checked-in desired state takes. */
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { buildSchema, graphqlSync, parse, validate } from 'graphql'
import { describe, expect, it } from 'vitest'
import { documents, subscriptions } from './app/api/documents.ts'
import {
  acceptDocument,
  apartDocument,
  columnNames,
  columnsOf,
  columnsShape,
  groupsDocument,
  judgementsOf,
  mergeDocument,
  recordDocument,
  rowsDocument,
  tablesOf,
  tablesShape,
  updateDocument,
  waiveDocument,
} from './app/api/records.ts'
import { trendsDocument } from './app/api/trend-shapes.ts'

const schema = buildSchema(readFileSync(resolve('schema.graphql'), 'utf8'))
const problemsOf = (document: string) => validate(schema, parse(document)).map(({ message }) => message)
const introspect = (source: string, variableValues = {}) => graphqlSync({ schema, source, variableValues }).data

function described() {
  const [table] = tablesOf(tablesShape.parse(introspect(documents.tables)))
  if (table === undefined) throw new Error('the schema has no table')
  const answer = columnsShape.parse(introspect(documents.columns, columnNames(table)))
  return { table, columns: columnsOf(answer), judged: judgementsOf(answer) }
}

describe('the documents of the dashboard', () => {
  it.each(Object.entries({ ...documents, ...subscriptions, trendsDocument }))('%s is valid', (_name, document) => {
    expect(problemsOf(document)).toEqual([])
  })

  it.each([
    ['a page of rows', rowsDocument],
    ['groups of duplicates', groupsDocument],
  ] as const)('%s is valid, made from what the API says of its tables', (_name, documentOf) => {
    const { table, columns } = described()
    expect(problemsOf(documentOf(table, columns))).toEqual([])
  })

  it('one record is valid, with what its table judges and without', () => {
    const { table, columns, judged } = described()
    expect(judged).toEqual(['syncStatus', 'dataQuality', 'history'])
    expect(problemsOf(recordDocument(table, columns, judged))).toEqual([])
    expect(problemsOf(recordDocument(table, columns, []))).toEqual([])
    expect(recordDocument(table, columns, [])).not.toContain('syncStatus')
  })

  it.each([
    ['an update', updateDocument],
    ['a merge', mergeDocument],
    ['telling apart', apartDocument],
    ['a waiver', waiveDocument],
    ['a suggestion that is taken', acceptDocument],
  ] as const)('%s is valid', (_name, documentOf) => {
    expect(problemsOf(documentOf(described().table))).toEqual([])
  })
})

describe('what the API says of its tables', () => {
  it('names the operations of a table', () => {
    expect(described().table).toEqual({
      type: 'Lead',
      single: 'lead',
      list: 'leads',
      groups: 'duplicateGroups',
      merge: 'mergeLeads',
      markApart: 'markNotDuplicate',
      update: 'updateLead',
      waive: 'waiveCheck',
      accept: 'acceptSuggestion',
      searchable: true,
    })
  })

  it('tells of each column what it is, and whether it is edited, sorted and filtered', () => {
    const byName = new Map(described().columns.map((column) => [column.name, column]))
    expect(byName.get('engagement_status')).toEqual({
      name: 'engagement_status',
      is: 'choice',
      choices: ['auto_send', 'contacted', 'manual_review', 'responded'],
      editable: true,
      sortable: true,
      filter: 'LeadEngagementStatusFilter',
    })
    expect([byName.get('verified')?.is, byName.get('raw_data')?.is, byName.get('created_at')?.is]).toEqual([
      'boolean',
      'json',
      'moment',
    ])
    expect(byName.has('dataQuality')).toBe(false)
    expect(byName.has('rowVersion')).toBe(false)
  })
})
