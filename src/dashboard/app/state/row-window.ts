/**
 * Rows of a list of any length, page by page. A page is reached by the cursor of the one before it where that is known, and by
 * skipping where somebody jumped. Only pages near to what is seen are kept, and none is asked for that was only passed by.
 */

export interface Page<Row> {
  readonly nodes: readonly Row[]
  readonly totalCount: number
  readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string | null }
}

/** Where a page begins. */
export type Start = { readonly after: string } | { readonly skip: number }

export const pageSize = 100
/** Pages that are kept; far more than a screen shows. */
const pagesKept = 12

export interface RowWindow<Row> {
  /** The row at a place of the list, where it is loaded. */
  at(index: number): Row | undefined
  /** How many rows there are. */
  total(): number
  /** Loads what is missing of the rows from `first` to before `end`, and then the page that comes next on the way. */
  show(first: number, end: number): Promise<void>
  /** Asks again for what is seen; keeps it until the answer is there. */
  refresh(): Promise<void>
}

export function createRowWindow<Row>(load: (start: Start) => Promise<Page<Row>>, changed: () => void): RowWindow<Row> {
  const pages = new Map<number, readonly Row[]>()
  /** The cursor behind which a page begins, by its number. */
  const cursors = new Map<number, string>()
  const underWay = new Map<number, Promise<void>>()
  let count = 0
  let seen: readonly number[] = [0]
  let asked = 0

  function loadPage(page: number): Promise<void> {
    const known = underWay.get(page)
    if (known !== undefined) return known
    const after = cursors.get(page)
    const answer = load(after === undefined ? { skip: page * pageSize } : { after })
      .then(({ nodes, totalCount, pageInfo }) => {
        // With another number of rows, a cursor may stand at another place than its page does.
        if (totalCount !== count) cursors.clear()
        count = totalCount
        pages.set(page, nodes)
        if (pageInfo.hasNextPage && pageInfo.endCursor !== null) cursors.set(page + 1, pageInfo.endCursor)
        forget()
        changed()
      })
      .finally(() => underWay.delete(page))
    underWay.set(page, answer)
    return answer
  }

  function forget(): void {
    const middle = seen[0] ?? 0
    const far = [...pages.keys()].sort((one, other) => Math.abs(other - middle) - Math.abs(one - middle))
    for (const page of far.slice(0, Math.max(0, pages.size - pagesKept))) pages.delete(page)
  }

  return {
    at: (index) => pages.get(Math.floor(index / pageSize))?.[index % pageSize],
    total: () => count,
    async show(first, end) {
      asked += 1
      const mine = asked
      const from = Math.floor(first / pageSize)
      const to = Math.floor(Math.max(first, end - 1) / pageSize)
      const isDown = from >= (seen[0] ?? 0)
      seen = Array.from({ length: to - from + 1 }, (_, at) => from + at)
      const next = isDown ? to + 1 : from - 1
      const isThere = next >= 0 && next * pageSize < count
      for (const page of isThere ? [...seen, next] : seen) {
        // Who scrolled on is not kept waiting by what they passed.
        if (mine !== asked) return
        if (!pages.has(page)) await loadPage(page)
      }
    },
    async refresh() {
      for (const page of seen) await loadPage(page)
    },
  }
}
