/** Lists that are paged forwards, by cursors of their own. */
import { pageSizeDefault } from './builder.ts'
import { InputInvalidError } from './errors.ts'

interface Span {
  readonly first?: number | null | undefined
  readonly after?: string | null | undefined
  readonly last?: number | null | undefined
  readonly before?: string | null | undefined
}

/** The span of a list that is paged forwards only. Throws InputInvalid for another one. */
export function forwards({ first, after, last, before }: Span): { limit: number; after: string | undefined } {
  if (last != null || before != null) {
    const path = [last == null ? 'before' : 'last']
    throw new InputInvalidError([{ path, message: 'this list is paged with first and after' }])
  }
  return { limit: first ?? pageSizeDefault, after: after ?? undefined }
}

/** A page of what was found, one more than was asked for where there is more. */
export function pageOf<Item>(
  found: readonly Item[],
  limit: number,
  after: string | undefined,
  cursor: (item: Item) => string,
) {
  const edges = found.slice(0, limit).map((node) => ({ node, cursor: cursor(node) }))
  return {
    edges,
    pageInfo: {
      hasNextPage: found.length > limit,
      hasPreviousPage: after !== undefined,
      startCursor: edges[0]?.cursor ?? null,
      endCursor: edges.at(-1)?.cursor ?? null,
    },
  }
}
