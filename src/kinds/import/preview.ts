/** The few cells of a large import that are shown to the person who decides over it. */
import type { Cell } from '../../values/field-type.ts'
import type { ImportResource } from './spec.ts'
import type { NewLead, Spool } from './spool.ts'
import type { ImportState } from './state.ts'

const sampleMax = 20
const shownCharactersMax = 200
const cellsOfLeadMax = 4

/** Counts, sample keys and previews of what is in the spool. */
export function previewOf(spool: Spool, spec: ImportResource): Pick<ImportState, 'inserts' | 'fills' | 'preview'> {
  const counts = spool.counts()
  const fills = firstOf(spool.fills())
  const leads = firstOf(spool.leads())
  const shownFills = fills.slice(0, counts.inserts > 0 ? sampleMax / 2 : sampleMax).map((fill) => ({
    key: String(fill.key ?? ''),
    field: fill.field,
    before: shown(fill.before),
    after: shown(fill.after),
  }))
  return {
    inserts: { count: counts.inserts, sample: leads.map((lead) => lead.key) },
    fills: {
      leads: counts.filledLeads,
      cells: counts.filledCells,
      sample: [...new Set(fills.map((fill) => String(fill.key ?? '')))],
    },
    preview: [...shownFills, ...leads.flatMap((lead) => cellsOf(lead, spec))].slice(0, sampleMax),
  }
}

/** The cells of a new lead that tell who it is; all of a row would crowd out other rows. */
function cellsOf(lead: NewLead, spec: ImportResource): ImportState['preview'] {
  return spec.into.fields
    .filter((field) => field.name !== spec.into.key && field.type !== 'json' && field.type !== 'longtext')
    .filter((field) => lead.cells[field.name] !== undefined && field.default === null)
    .slice(0, cellsOfLeadMax)
    .map((field) => ({ key: lead.key, field: field.name, before: null, after: shown(lead.cells[field.name] ?? null) }))
}

function firstOf<Item>(items: Iterable<Item>): readonly Item[] {
  const first: Item[] = []
  for (const item of items) {
    first.push(item)
    if (first.length === sampleMax) break
  }
  return first
}

/** A cell for people and for hashing: bytes as base64, large integers as text. */
export function cellText(cell: Cell): string | number | null {
  if (cell instanceof Uint8Array) return Buffer.from(cell).toString('base64')
  return typeof cell === 'bigint' ? cell.toString() : cell
}

/** A cell for people, cut where it is long. */
export function shown(cell: Cell): string | number | null {
  const value = cellText(cell)
  if (typeof value !== 'string' || value.length <= shownCharactersMax) return value
  return `${value.slice(0, shownCharactersMax)}…`
}
