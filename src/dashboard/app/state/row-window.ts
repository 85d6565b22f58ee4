/**
 * Rows of a list of any length, page by page by the cursors of the API. Only pages near to what is seen are kept; what was
 * passed is asked for again when somebody scrolls back. No page is reached but through the one before, as cursors have it.
 */

export interface Page<Row> {
  readonly nodes: readonly Row[]
  readonly totalCount: number
  readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string | null }
}

export const pageSize = 100
/** Pages that are kept; far more than a screen shows. */
const pagesKept = 12

export interface RowWindow<Row> {
  /** The row at a place of the list, where it is loaded. */
  at(index: number): Row | undefined
  /** How many rows there are, and how many can be scrolled to by now. */
  total(): number
  reachable(): number
  /** Loads what is missing of the rows from `first` to before `end`. */
  show(first: number, end: number): Promise<void>
  /** Asks again for what is seen; keeps it until the answer is there. */
  refresh(): Promise<void>
}

export function createRowWindow<Row>(
  load: (after: string | null) => Promise<Page<Row>>,
  changed: () => void,
): RowWindow<Row> {
  const pages = new Map<number, readonly Row[]>()
  /** The cursor behind which each page begins; a page is known by having one. */
  const starts: (string | null)[] = [null]
  const underWay = new Map<number, Promise<void>>()
  let count = 0
  let seen: readonly number[] = [0]

  function loadPage(page: number): Promise<void> {
    const known = underWay.get(page)
    if (known !== undefined) return known
    const start = starts[page]
    if (start === undefined) return Promise.resolve()
    const asked = load(start)
      .then(({ nodes, totalCount, pageInfo }) => {
        pages.set(page, nodes)
        count = totalCount
        if (pageInfo.hasNextPage && pageInfo.endCursor !== null) starts[page + 1] = pageInfo.endCursor
        else starts.length = page + 1
        forget()
        changed()
      })
      .finally(() => underWay.delete(page))
    underWay.set(page, asked)
    return asked
  }

  function forget(): void {
    const middle = seen[0] ?? 0
    const far = [...pages.keys()].sort((one, other) => Math.abs(other - middle) - Math.abs(one - middle))
    for (const page of far.slice(0, Math.max(0, pages.size - pagesKept))) pages.delete(page)
  }

  return {
    at: (index) => pages.get(Math.floor(index / pageSize))?.[index % pageSize],
    total: () => count,
    reachable: () => Math.min(count, starts.length * pageSize),
    async show(first, end) {
      const from = Math.floor(first / pageSize)
      const to = Math.floor(Math.max(first, end - 1) / pageSize)
      seen = Array.from({ length: to - from + 1 }, (_, at) => from + at)
      for (const page of seen) if (!pages.has(page)) await loadPage(page)
    },
    async refresh() {
      for (const page of seen) await loadPage(page)
    },
  }
}
