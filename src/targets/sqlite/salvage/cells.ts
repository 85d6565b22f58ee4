/**
 * The cells of one b-tree page (https://www.sqlite.org/fileformat2.html#b_tree_pages), each believed only where all of it
 * fits together, and whether the page as a whole does.
 */
import { isBlank, type Pages, u16, u32 } from './pages.ts'
import { isRawText, type RawText, readRecord, readSize, readVarint, type SalvagedCell } from './record.ts'

export interface LeafCell {
  /** 0 in a table without rowids. */
  readonly rowId: bigint
  readonly cells: readonly SalvagedCell[]
}

/** What is left of a row whose content is gone. */
export interface LostCell {
  readonly rowId: bigint | undefined
}

export interface LeafPage {
  readonly is: 'leaf'
  readonly rows: readonly LeafCell[]
  readonly lost: readonly LostCell[]
  /** Something of the page does not fit: its rows may be other ones than were stored. */
  readonly isDoubtful: boolean
  /** Pages that overflowing rows go on. */
  readonly overflow: readonly number[]
}

export interface InteriorPage {
  readonly is: 'interior'
  /** In order, each with the highest rowid below it; undefined for the last, and in an index. */
  readonly children: readonly { readonly page: number; readonly upTo: bigint | undefined }[]
  /** In a table without rowids inner pages hold rows too. */
  readonly rows: readonly LeafCell[]
  readonly isDoubtful: boolean
  readonly overflow: readonly number[]
}

export type TreePage = LeafPage | InteriorPage
export type TreeForm = 'table' | 'index'

const typeOf = { table: { leaf: 13, interior: 5 }, index: { leaf: 10, interior: 2 } } as const

/** Reads page `number` as one of a tree of this form; undefined where nothing on it can be. */
export function readTreePage(pages: Pages, number: number, form: TreeForm): TreePage | undefined {
  const page = pages.page(number)
  if (page === undefined || isBlank(page)) return undefined
  const head = number === 1 ? 100 : 0
  const type = page[head]
  if (type === typeOf[form].leaf) return readLeaf(pages, page, head, form, true)
  const interior = type === typeOf[form].interior ? readInterior(pages, page, head, form) : undefined
  if (interior?.isDoubtful === false) return interior
  // The mark of the page may be all that is damaged.
  const leaf = readLeaf(pages, page, head, form, false)
  return leaf.rows.length > (interior?.children.length ?? 0) ? leaf : interior
}

interface Local {
  readonly payloadBytes: number
  readonly localBytes: number
  readonly next: number
}

/** How much of a payload lies on the page itself. */
function localBytes(usable: number, payload: number, form: TreeForm): number {
  const most = form === 'table' ? usable - 35 : Math.floor(((usable - 12) * 64) / 255) - 23
  if (payload <= most) return payload
  const least = Math.floor(((usable - 12) * 32) / 255) - 23
  const wanted = least + ((payload - least) % (usable - 4))
  return wanted <= most ? wanted : least
}

interface Parsed {
  readonly from: number
  readonly to: number
  readonly rowId: bigint
  readonly row: LeafCell | undefined
  readonly overflow: readonly number[]
}

function readLeaf(pages: Pages, page: Uint8Array, head: number, form: TreeForm, hasMark: boolean): LeafPage {
  const said = u16(page, head + 3)
  const content = u16(page, head + 5) === 0 ? 65_536 : u16(page, head + 5)
  const first = head + 8
  const fits = first + said * 2 <= content && content <= pages.usable
  const room = Math.floor((Math.max(first, Math.min(content, pages.usable)) - first) / 2)
  const { parsed, broken } = parsePointers(pages, page, { first, head, form }, fits ? said : room, [])
  const filled = parsed.reduce((sum, { from, to }) => sum + to - from, 0)
  const isWhole = fits && broken === 0 && filled + freeBytes(page, head, pages.usable) === pages.usable - content
  // A count that is too small hides rows: what stands behind the pointers is tried, too.
  const more = isWhole
    ? []
    : parsePointers(pages, page, { first: first + said * 2, head, form }, Math.max(0, room - said), parsed).parsed
  const all = [...parsed, ...more]
  const inOrder = form === 'index' || all.every(({ rowId }, at) => at === 0 || rowId > (all[at - 1]?.rowId ?? rowId))
  return {
    is: 'leaf',
    rows: all.flatMap(({ row }) => (row === undefined ? [] : [row])),
    lost: [
      ...all.flatMap(({ row, rowId }) => (row === undefined ? [{ rowId: form === 'table' ? rowId : undefined }] : [])),
      ...Array.from({ length: hasMark && fits ? broken : 0 }, () => ({ rowId: undefined })),
    ],
    isDoubtful: !(isWhole && inOrder && hasMark),
    overflow: all.flatMap(({ overflow }) => overflow),
  }
}

function parsePointers(
  pages: Pages,
  page: Uint8Array,
  at: { readonly first: number; readonly head: number; readonly form: TreeForm },
  count: number,
  before: readonly Parsed[],
): { readonly parsed: readonly Parsed[]; readonly broken: number } {
  const parsed: Parsed[] = []
  let broken = 0
  const taken = before.map(({ from, to }) => [from, to] as const)
  for (let index = 0; index < count; index += 1) {
    const pointer = u16(page, at.first + index * 2)
    const cell =
      pointer < at.head + 8 || pointer >= pages.usable ? undefined : parseCell(pages, page, pointer, at.form, 0)
    const overlaps = cell !== undefined && taken.some(([from, to]) => cell.from < to && from < cell.to)
    if (cell === undefined || overlaps) {
      broken += 1
      continue
    }
    taken.push([cell.from, cell.to])
    parsed.push(cell)
  }
  return { parsed, broken }
}

/** Free blocks and fragments of a page, as it says. */
function freeBytes(page: Uint8Array, head: number, usable: number): number {
  let total = page[head + 7] ?? 0
  let at = u16(page, head + 1)
  for (let steps = 0; at !== 0 && steps < usable / 4; steps += 1) {
    if (at + 4 > usable) return -1
    total += u16(page, at + 2)
    const next = u16(page, at)
    if (next !== 0 && next <= at) return -1
    at = next
  }
  return total
}

/** @param child bytes of the page number before the cell of an interior page */
function parseCell(pages: Pages, page: Uint8Array, pointer: number, form: TreeForm, child: 0 | 4): Parsed | undefined {
  const start = pointer + child
  const size = readSize(page, start)
  if (size === undefined || size.value === 0) return undefined
  const id = form === 'table' ? readVarint(page, size.next) : { value: 0n, next: size.next }
  if (id === undefined) return undefined
  const local: Local = {
    payloadBytes: size.value,
    localBytes: localBytes(pages.usable, size.value, form),
    next: id.next,
  }
  const overflows = local.localBytes < local.payloadBytes
  const to = Math.max(local.next + local.localBytes + (overflows ? 4 : 0), pointer + 4)
  if (to > pages.usable) return undefined
  // Whatever goes on elsewhere, its head has to be that of a record.
  const header = readSize(page, local.next)
  if (header === undefined || header.value > local.payloadBytes) return undefined
  const { payload, chain } = payloadOf(pages, page, local)
  const cells = payload === undefined ? undefined : readRecord(payload, pages.encoding)
  if (cells === undefined && !overflows) return undefined
  const isCut = cells?.some((cell) => endsBlank(cell, chain.lastIsBlank)) === true
  const row = cells === undefined || isCut ? undefined : { rowId: id.value, cells }
  return { from: pointer, to, rowId: id.value, row, overflow: chain.pages }
}

interface Chain {
  readonly pages: readonly number[]
  /** The last page held zeros only: a text that ends on it is not what was stored. */
  readonly lastIsBlank: boolean
}

/** A payload with what of it lies on overflow pages; undefined where the chain is broken. */
function payloadOf(
  pages: Pages,
  page: Uint8Array,
  { payloadBytes, localBytes: here, next }: Local,
): { readonly payload: Uint8Array | undefined; readonly chain: Chain } {
  const none = { pages: [], lastIsBlank: false }
  if (here === payloadBytes) return { payload: page.subarray(next, next + here), chain: none }
  // A size that no file can hold is a damaged one; nothing is made for it.
  if (payloadBytes > pages.count * pages.usable) return { payload: undefined, chain: none }
  const payload = new Uint8Array(payloadBytes)
  payload.set(page.subarray(next, next + here))
  const chain: number[] = []
  let filled = here
  let number = u32(page, next + here)
  let lastIsBlank = false
  while (filled < payloadBytes) {
    const more = chain.includes(number) ? undefined : pages.page(number)
    if (more === undefined || number < 2) return { payload: undefined, chain: { pages: chain, lastIsBlank: false } }
    chain.push(number)
    const part = more.subarray(4, 4 + Math.min(pages.usable - 4, payloadBytes - filled))
    payload.set(part, filled)
    filled += part.length
    number = u32(more, 0)
    lastIsBlank = isBlank(more)
  }
  return { payload: number === 0 ? payload : undefined, chain: { pages: chain, lastIsBlank } }
}

function endsBlank(cell: SalvagedCell, lastIsBlank: boolean): boolean {
  if (!lastIsBlank) return false
  if (typeof cell === 'string') return cell.endsWith('\u0000')
  return cell !== null && typeof cell === 'object' && isRawText(cell) && endsWithZero(cell)
}

function endsWithZero({ rawText }: RawText): boolean {
  return rawText.at(-1) === 0
}

function readInterior(pages: Pages, page: Uint8Array, head: number, form: TreeForm): InteriorPage {
  const said = u16(page, head + 3)
  const first = head + 12
  const count = Math.min(said, Math.floor((pages.usable - first) / 2))
  const children: { page: number; upTo: bigint | undefined }[] = []
  const rows: LeafCell[] = []
  const overflow: number[] = []
  let isDoubtful = count !== said
  const isPage = (number: number) => number > 1 && number <= pages.count
  for (let index = 0; index < count; index += 1) {
    const pointer = u16(page, first + index * 2)
    const child = u32(page, pointer)
    const key = pointer < first || pointer + 5 > pages.usable ? undefined : readVarint(page, pointer + 4)
    if (key === undefined || !isPage(child)) isDoubtful = true
    // A child that is not there stays among them: what it held is missing between its neighbours.
    children.push({ page: key === undefined ? 0 : child, upTo: form === 'table' ? key?.value : undefined })
    if (form === 'table' || key === undefined) continue
    const cell = parseCell(pages, page, pointer, form, 4)
    if (cell?.row === undefined) isDoubtful = true
    else rows.push(cell.row)
    overflow.push(...(cell?.overflow ?? []))
  }
  const last = u32(page, head + 8)
  if (!isPage(last)) isDoubtful = true
  children.push({ page: last, upTo: undefined })
  return { is: 'interior', children, rows, isDoubtful, overflow }
}
