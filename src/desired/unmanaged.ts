/** Names what the file may declare but this version does not act on, so that nothing is ignored in silence. */
import type { DesiredState } from './schema.ts'

export interface NotManagedSection {
  /** `services`, or for what is declared within tables `tables.*.duplicates`. */
  readonly section: string
  /** The kind that would manage it. */
  readonly kind: string
  /** The entries that declare something for it. */
  readonly names: readonly string[]
  readonly message: string
}

interface Part {
  readonly section: string
  readonly kind: string
  readonly names: (state: DesiredState) => readonly string[]
}

/** Fields that declare something, as `leads.email`. */
function fieldsWhere(state: DesiredState, has: (field: DesiredState['tables'][string]['fields'][string]) => boolean) {
  return Object.entries(state.tables).flatMap(([table, { fields }]) =>
    Object.entries(fields).flatMap(([name, field]) => (has(field) ? [`${table}.${name}`] : [])),
  )
}

function tablesWhere(state: DesiredState, has: (table: DesiredState['tables'][string]) => boolean): readonly string[] {
  return Object.entries(state.tables).flatMap(([name, table]) => (has(table) ? [name] : []))
}

const mirrored = (state: DesiredState): readonly string[] => tablesWhere(state, (table) => table.airtable !== undefined)

/** Every part of the file that a kind acts on. Alerts and roles are no kinds, but are switched on in the same way. */
const parts: readonly Part[] = [
  { section: 'databases', kind: 'database', names: (state) => Object.keys(state.databases) },
  { section: 'tables', kind: 'table', names: (state) => Object.keys(state.tables) },
  {
    section: 'tables.*.fields.*.standardize',
    kind: 'standardization',
    names: (state) => fieldsWhere(state, (field) => field.standardize.length > 0),
  },
  {
    section: 'tables.*.quality',
    kind: 'quality',
    names: (state) => [
      ...tablesWhere(state, (table) => table.quality !== undefined),
      ...fieldsWhere(state, (field) => field.quality !== undefined),
    ],
  },
  {
    section: 'tables.*.duplicates',
    kind: 'duplicates',
    names: (state) => tablesWhere(state, (table) => table.duplicates !== undefined),
  },
  { section: 'airtable', kind: 'airtable-schema', names: mirrored },
  { section: 'tables.*.airtable', kind: 'sync', names: mirrored },
  { section: 'imports', kind: 'import', names: (state) => Object.keys(state.imports) },
  { section: 'services', kind: 'service', names: (state) => Object.keys(state.services) },
  { section: 'jobs', kind: 'job', names: (state) => Object.keys(state.jobs) },
  { section: 'backups', kind: 'backup', names: (state) => Object.keys(state.backups) },
  { section: 'alerts', kind: 'alert', names: (state) => (state.alerts?.rules ?? []).map(({ when }) => when) },
  { section: 'access.roles', kind: 'role', names: (state) => Object.keys(state.access.roles) },
]

/**
 * The parts that are declared but not managed. Pure.
 * @param managed the names of the kinds that are there (`alert` and `role` where those are served), or of whole sections.
 */
export function notManagedSections(state: DesiredState, managed: ReadonlySet<string>): readonly NotManagedSection[] {
  return parts.flatMap(({ section, kind, names }) => {
    const declared = managed.has(kind) || managed.has(section) ? [] : names(state)
    return declared.length === 0 ? [] : [{ section, kind, names: declared, message: 'not managed by this version' }]
  })
}
