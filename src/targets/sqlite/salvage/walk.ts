/**
 * Goes through the trees of a damaged file: every row that a page still holds, and what is known of those that are gone.
 * Pages that no tree leads to any more are given to the one table whose rows they can be.
 */
import { type LeafCell, readTreePage, type TreeForm } from './cells.ts'
import { isBlank, type Pages, u32 } from './pages.ts'
import { isRawText, type SalvagedCell } from './record.ts'

/** One stored column, in the order of the record. */
export interface ShapeColumn {
  readonly name: string
  readonly affinity: 'text' | 'number' | 'blob'
  readonly notNull: boolean
  /** Another name of the rowid: the record holds null in its place. */
  readonly isRowId: boolean
  /** Part of the primary key: that it is null is allowed, and tells that a page is rather another table's. */
  readonly isKey: boolean
}

export interface TableShape {
  readonly name: string
  /** Undefined where nothing tells where its tree begins. */
  readonly root: number | undefined
  readonly form: TreeForm
  readonly columns: readonly ShapeColumn[]
}

export interface SalvagedRow {
  readonly rowId: bigint
  readonly cells: readonly SalvagedCell[]
  /** Something around it does not fit, so that it may not be what was stored. */
  readonly isDoubtful: boolean
  /** Its page may be one of rows that were deleted: no tree leads to it, and the list of free pages cannot be read. */
  readonly isLoose: boolean
}

/** Rows that cannot be read: the page that held them, and between which rowids they were, as far as that is known. */
export interface LostPart {
  readonly page: number
  readonly after: bigint | undefined
  readonly upTo: bigint | undefined
  readonly what: 'page' | 'row'
}

export interface TableFound {
  readonly shape: TableShape
  readonly rows: number
  readonly lost: readonly LostPart[]
  /** Every page of the tree could be read and fits: what is not there was not there. */
  readonly isWhole: boolean
}

/** Rows of a page that no tree leads to and that several tables, or none, could hold. */
export interface Stray {
  readonly page: number
  readonly rows: number
  readonly tables: readonly string[]
}

export type Sink = (table: string, row: SalvagedRow) => void

/** The rows of `sqlite_schema` that can be read. */
export function readSchemaRows(pages: Pages): { readonly rows: readonly LeafCell[]; readonly isWhole: boolean } {
  const rows: LeafCell[] = []
  const shape: TableShape = { name: 'sqlite_schema', root: 1, form: 'table', columns: schemaColumns }
  const found = walkTree(pages, shape, new Set(), (_table, row) => rows.push(row))
  return { rows, isWhole: found.isWhole }
}

const schemaColumns: readonly ShapeColumn[] = ['type', 'name', 'tbl_name', 'rootpage', 'sql'].map((name) => ({
  name,
  affinity: name === 'rootpage' ? 'number' : 'text',
  notNull: name === 'type' || name === 'name',
  isRowId: false,
  isKey: false,
}))

/** Goes through all tables, then through the pages that none of them led to. */
export function walkTables(
  pages: Pages,
  shapes: readonly TableShape[],
  visited: Set<number>,
  sink: Sink,
  resemblance: Resemblance = () => 0,
): { readonly tables: readonly TableFound[]; readonly strays: readonly Stray[] } {
  const tables = shapes.map((shape) => walkTree(pages, shape, visited, sink))
  if (tables.every(({ isWhole }) => isWhole)) return { tables, strays: [] }
  const strays: Stray[] = []
  const adopted = new Map<TableFound, number>()
  const orphans = orphansOf(pages, visited)
  for (const group of orphans.groups) {
    const fitting = tables.filter((table) => !table.isWhole && couldHold(table, group.rows))
    const only = chosenOf(fitting, group.rows, resemblance)
    if (only === undefined) {
      const { page, rows } = group
      if (rows.length > 0) strays.push({ page, rows: rows.length, tables: fitting.map(({ shape }) => shape.name) })
      continue
    }
    for (const { row, isDoubtful } of group.rows)
      sink(only.shape.name, { ...row, isDoubtful, isLoose: !orphans.freeIsKnown })
    adopted.set(only, (adopted.get(only) ?? 0) + group.rows.length)
  }
  return { tables: tables.map((table) => ({ ...table, rows: table.rows + (adopted.get(table) ?? 0) })), strays }
}

/** How many of some rows are like rows of that table elsewhere, as in a backup. */
export type Resemblance = (table: string, rows: readonly LeafCell[]) => number

const likenessRows = 50

/** The one table that fits, or the one whose rows are most like these; tables of Trueup give way to those of people. */
function chosenOf(
  fitting: readonly TableFound[],
  rows: Orphans['rows'],
  resemblance: Resemblance,
): TableFound | undefined {
  if (fitting.length < 2) return fitting[0]
  const sample = rows.slice(0, likenessRows).map(({ row }) => row)
  const likeness = fitting.map(({ shape }) => resemblance(shape.name, sample))
  const most = Math.max(...likeness)
  const alike = fitting.filter((_, at) => most === 0 || likeness[at] === most)
  const peoples = alike.filter(({ shape }) => !shape.name.startsWith('_trueup_'))
  return alike.length === 1 ? alike[0] : peoples.length === 1 ? peoples[0] : undefined
}

const depthMax = 40

function walkTree(pages: Pages, shape: TableShape, visited: Set<number>, sink: Sink): TableFound {
  const lost: LostPart[] = []
  let rows = 0
  let isWhole = true
  const emit = (row: LeafCell, isDoubtful: boolean) => {
    rows += 1
    sink(shape.name, { ...row, isDoubtful, isLoose: false })
  }
  const lose = (part: LostPart) => {
    isWhole = false
    lost.push(part)
  }
  const visit = (number: number, after: bigint | undefined, upTo: bigint | undefined, depth: number): void => {
    const read = visited.has(number) || depth > depthMax ? undefined : readTreePage(pages, number, shape.form)
    const isWithin = ({ rowId }: LeafCell) =>
      shape.form === 'index' || ((after === undefined || rowId > after) && (upTo === undefined || rowId <= upTo))
    const fitting = read?.rows.filter((row) => fits(shape, row.cells)) ?? []
    // A page whose rows are all out of place is another tree's, which a damaged pointer led to.
    const isStrange = read !== undefined && read.rows.length > 0 && !fitting.some(isWithin)
    if (read === undefined || isStrange) {
      lose({ page: number, after, upTo, what: 'page' })
      return
    }
    visited.add(number)
    for (const page of read.overflow) visited.add(page)
    if (read.isDoubtful || fitting.length < read.rows.length) isWhole = false
    for (const row of fitting) emit(row, read.isDoubtful || !isWithin(row) || hasRawText(row))
    if (read.is === 'leaf') {
      for (const { rowId } of read.lost) lose({ page: number, after: rowId ?? after, upTo: rowId ?? upTo, what: 'row' })
      return
    }
    let lower = after
    for (const child of read.children) {
      visit(child.page, lower, child.upTo ?? upTo, depth + 1)
      lower = child.upTo ?? lower
    }
  }
  if (shape.root === undefined || shape.root < 1) isWhole = false
  else visit(shape.root, undefined, undefined, 0)
  return { shape, rows, lost, isWhole }
}

function hasRawText({ cells }: LeafCell): boolean {
  return cells.some((cell) => cell !== null && typeof cell === 'object' && isRawText(cell))
}

/** Whether SQLite could have stored this record in the table; columns that were added later may be missing at its end. */
export function fits({ columns, form }: TableShape, cells: readonly SalvagedCell[]): boolean {
  if (cells.length > columns.length || (cells.length === 0 && columns.length > 0)) return false
  if (form === 'index' && cells.length !== columns.length) return false
  return cells.every((cell, index) => {
    const column = columns[index]
    if (column === undefined) return false
    if (column.isRowId) return cell === null
    if (cell === null) return !column.notNull
    return column.affinity !== 'text' || typeof cell === 'string' || typeof cell === 'object'
  })
}

interface Orphans {
  /** The first page of it. */
  readonly page: number
  readonly rows: readonly { readonly row: LeafCell; readonly isDoubtful: boolean }[]
}

/** Pages with rows that no tree led to, joined where an inner page still joins them. */
function orphansOf(
  pages: Pages,
  visited: Set<number>,
): { readonly groups: readonly Orphans[]; readonly freeIsKnown: boolean } {
  const free = freePages(pages)
  const found = new Map<number, ReturnType<typeof readTreePage>>()
  const below = new Set<number>()
  for (let number = 2; number <= pages.count; number += 1) {
    const type = pages.page(number)?.[0]
    if (visited.has(number) || free.pages.has(number) || (type !== 13 && type !== 5)) continue
    const read = readTreePage(pages, number, 'table')
    if (read === undefined) continue
    found.set(number, read)
    if (read.is === 'interior') for (const { page } of read.children) below.add(page)
  }
  const taken = new Set<number>()
  const gather = (number: number): Orphans['rows'] => {
    const read = taken.has(number) ? undefined : found.get(number)
    taken.add(number)
    if (read === undefined) return []
    if (read.is === 'interior') return read.children.flatMap(({ page }) => gather(page))
    return read.rows.map((row) => ({ row, isDoubtful: read.isDoubtful || hasRawText(row) }))
  }
  const tops = [...found.keys()].filter((number) => !below.has(number))
  // What is left after these lies in a circle of damaged pointers.
  const groups = [...tops, ...found.keys()].map((page) => ({ page, rows: gather(page) }))
  return { groups: groups.filter(({ rows }) => rows.length > 0), freeIsKnown: free.isWhole }
}

function couldHold({ shape, lost }: TableFound, rows: Orphans['rows']): boolean {
  if (shape.form === 'index') return false
  const isMissing = (rowId: bigint) =>
    shape.root === undefined ||
    lost.some(({ after, upTo }) => (after === undefined || rowId > after) && (upTo === undefined || rowId <= upTo))
  const hasKey = ({ cells }: LeafCell) =>
    shape.columns.every(({ isKey, isRowId }, at) => !isKey || isRowId || (cells[at] ?? null) !== null)
  return rows.every(({ row }) => fits(shape, row.cells) && hasKey(row)) && rows.some(({ row }) => isMissing(row.rowId))
}

/** The pages that hold nothing by the file's own list. */
function freePages(pages: Pages): { readonly pages: ReadonlySet<number>; readonly isWhole: boolean } {
  const header = pages.page(1)
  const said = header === undefined ? 0 : u32(header, 36)
  const found = new Set<number>()
  let trunk = header === undefined || isBlank(header.subarray(0, 100)) ? 0 : u32(header, 32)
  while (trunk > 1 && trunk <= pages.count && !found.has(trunk)) {
    const page = pages.page(trunk)
    if (page === undefined) break
    found.add(trunk)
    const leaves = Math.min(u32(page, 4), Math.floor(pages.usable / 4) - 2)
    for (let index = 0; index < leaves; index += 1) {
      const leaf = u32(page, 8 + index * 4)
      if (leaf > 1 && leaf <= pages.count) found.add(leaf)
    }
    trunk = u32(page, 0)
  }
  return { pages: found, isWhole: header !== undefined && pages.hasHeader && found.size === said }
}
