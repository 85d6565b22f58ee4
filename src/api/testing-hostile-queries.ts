/** Queries as somebody writes who means harm: deep, wide, costly, broken, in random mixtures that a seed brings back. For tests. */

/** A generator of numbers from 0 to 1 that a seed brings back (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}

export interface HostileRequest {
  readonly method: 'GET' | 'POST'
  readonly path: string
  readonly type: string
  readonly body: string | undefined
}

const roots = [
  'leads',
  'lead',
  'node',
  'resources',
  'plan',
  'actions',
  'events',
  'conflicts',
  'syncHistory',
  'auditLog',
  'statistics',
  '__schema',
  'quality',
  'nothing',
]
const leaves = [
  'id',
  'full_name',
  'email',
  '__typename',
  'raw_data',
  'unreadableValues { field text }',
  'syncStatus { detail }',
  'dataQuality { issues { reason } }',
  'rowVersion',
]
const texts = [
  '',
  'a',
  '%',
  '\\u0000',
  '"',
  "'; DROP TABLE leads; --",
  '\\uD800',
  '()'.repeat(50),
  'x'.repeat(5000),
  '*',
  '{{7*7}}',
  '../../etc/passwd',
  '=1+1',
  'NEAR(a b, 9999)',
  '"'.repeat(40),
]
const numbers = [
  '0',
  '-1',
  '1',
  '500',
  '501',
  '2147483647',
  '2147483648',
  '1e309',
  '9007199254740993',
  'null',
  'true',
  '"5"',
  '1.5',
]

/** One request. */
export function hostileRequest(random: () => number): HostileRequest {
  const pick = <Item>(items: readonly [Item, ...Item[]] | readonly Item[]): Item => {
    const item = items[Math.floor(random() * items.length)]
    if (item === undefined) throw new RangeError('there is nothing to pick from')
    return item
  }
  const times = (most: number) => Math.floor(random() ** 3 * most)
  const quoted = () => JSON.stringify(pick(texts)).replaceAll('\\\\u', '\\u')

  const filter = (depth: number): string => {
    const way = random()
    if (depth > 0 && way < 0.3) return `{ ${pick(['and', 'or'])}: [${many(3, () => filter(depth - 1))}] }`
    if (depth > 0 && way < 0.45) return `{ not: ${filter(depth - 1)} }`
    const operator = pick(['eq', 'ne', 'contains', 'startsWith', 'gt', 'in', 'isNull', 'nothing'])
    return `{ ${pick(['full_name', 'email', 'phone', 'raw_data', 'status', 'score', 'tags'])}: { ${operator}: ${operator === 'in' ? `[${many(400, quoted)}]` : quoted()} } }`
  }
  const many = (most: number, one: () => string) => Array.from({ length: 1 + times(most) }, one).join(' ')
  const argsOf = (): string => {
    const args = [
      random() < 0.4 ? `first: ${pick(numbers)}` : '',
      random() < 0.2 ? `last: ${pick(numbers)}` : '',
      random() < 0.3 ? `filter: ${filter(times(30))}` : '',
      random() < 0.3 ? `search: ${quoted()}` : '',
      random() < 0.2 ? `after: ${quoted()}` : '',
      random() < 0.2 ? `orderBy: { field: ${pick(['email', 'full_name', 'id', 'nothing'])} }` : '',
      random() < 0.3 ? `id: ${quoted()}` : '',
    ].filter((arg) => arg !== '')
    return args.length === 0 ? '' : `(${args.join(', ')})`
  }
  const directives = () =>
    many(60, () => pick(['@include(if: true)', '@skip(if: false)', '@nothing', '@include(if: $a)']))
  const selection = (depth: number): string =>
    depth === 0
      ? many(20, () => pick(leaves))
      : many(
          3,
          () =>
            `${pick(['nodes', 'edges', 'node', 'actions', 'drift', 'type', 'fields', 'ofType', '... on Lead', '...F'])} { ${selection(depth - 1)} }`,
        )
  const field = (at: number) =>
    `${random() < 0.5 ? `a${at}: ` : ''}${pick(roots)}${argsOf()} ${random() < 0.1 ? directives() : ''} { ${selection(times(20))} }`

  const document = (): string => {
    const way = random()
    if (way < 0.05) return '{ '.repeat(times(3000))
    if (way < 0.1) return `{ ${many(4000, () => '__typename')} }`
    if (way < 0.15)
      return `query { ...F } ${many(200, () => 'fragment F on Query { ...G } fragment G on Query { ...F }')}`
    if (way < 0.2)
      return `{ ${Array.from({ length: times(500) }, (_, at) => `a${at}: leads(first: 500) { nodes { ${leaves.join(' ')} } }`).join(' ')} }`
    if (way < 0.25) return `mutation { ${many(40, () => `deleteLead(input: { id: ${quoted()} }) { __typename }`)} }`
    if (way < 0.3) return `{ leads(filter: ${filter(60)}) { totalCount } }`
    if (way < 0.33) return `query ($a: ${'['.repeat(times(500))}Int${']'.repeat(times(500))}) { leads { totalCount } }`
    if (way < 0.36)
      return String.fromCharCode(...Array.from({ length: times(2000) }, () => Math.floor(random() * 0xd800)))
    return `${pick(['', 'query ', 'query Q($a: Boolean!) ', 'mutation ', 'subscription '])}{ ${Array.from({ length: 1 + times(40) }, (_, at) => field(at)).join(' ')} }`
  }

  const query = document()
  const method = random() < 0.1 ? 'GET' : 'POST'
  if (method === 'GET')
    return {
      method,
      path: `/graphql?query=${encodeURIComponent(query.slice(0, 4000))}`,
      type: '',
      body: undefined,
    }
  const way = random()
  const variables = random() < 0.3 ? { a: pick([1, null, 'x', [], {}, [[[]]], { __proto__: null }]) } : {}
  const body =
    way < 0.05
      ? JSON.stringify(Array.from({ length: 1 + times(50) }, () => ({ query })))
      : way < 0.1
        ? `${'['.repeat(times(20_000))}`
        : way < 0.13
          ? JSON.stringify({ query }).slice(0, times(100))
          : way < 0.15
            ? JSON.stringify({ query: 'x'.repeat(1_100_000) })
            : JSON.stringify({ query, variables, ...(random() < 0.1 ? { operationName: pick(texts) } : {}) })
  const type = random() < 0.05 ? pick(['text/plain', 'application/x-www-form-urlencoded', '']) : 'application/json'
  return { method, path: '/graphql', type, body }
}
