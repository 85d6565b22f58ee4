/**
 * A client of Trueup's REST API without a package, for Node.js 20 or a browser of the same origin. `Lead` and `LeadInput` are
 * those of the sample desired state; make your own from GET /api/openapi.json.
 */

export interface Lead {
  readonly id: string
  readonly recordKey: string
  readonly rowVersion: string
  readonly full_name: string | null
  readonly email: string | null
  readonly company: string | null
  readonly title: string | null
  readonly phone: string | null
  readonly engagement_status: EngagementStatus | null
  readonly date_messaged: string | null
}

export type EngagementStatus = 'auto_send' | 'manual_review' | 'contacted' | 'responded'

export interface LeadInput {
  readonly full_name?: string
  readonly email?: string
  readonly company?: string
  readonly title?: string
  readonly phone?: string
  readonly engagement_status?: EngagementStatus
  /** `rowVersion` as it was read: nothing is written when somebody was faster. */
  readonly expectedVersion?: string
  /** Why, for the audit log. */
  readonly changeReason?: string
}

export interface Page<Item> {
  readonly items: readonly Item[]
  readonly totalCount: number
  readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string | null }
}

/** What the API refused, or that waits for a person (status 202). */
export class TrueupError extends Error {
  override readonly name = 'TrueupError'
  readonly status: number
  readonly code: string
  readonly detail: Readonly<Record<string, unknown>>
  constructor(status: number, code: string, message: string, detail: Readonly<Record<string, unknown>>) {
    super(message)
    this.status = status
    this.code = code
    this.detail = detail
  }
}

export interface Filter {
  readonly email?: string
  readonly company?: string
  readonly engagement_status?: EngagementStatus
  /** `company:desc` */
  readonly orderBy?: string
  readonly first?: number
  readonly after?: string
}

export class TrueupClient {
  readonly #address: string
  readonly #token: string

  /** @param address for example `http://127.0.0.1:4000` */
  constructor(address: string, token: string) {
    this.#address = address
    this.#token = token
  }

  leads(filter: Filter = {}): Promise<Page<Lead>> {
    return this.#call('GET', '/api/leads', { query: { ...filter } })
  }

  /** Every lead, a page at a time. */
  async *allLeads(filter: Filter = {}): AsyncGenerator<Lead> {
    let after: string | undefined
    do {
      const page: Page<Lead> = await this.leads({ first: 200, ...filter, ...(after === undefined ? {} : { after }) })
      yield* page.items
      after = page.pageInfo.hasNextPage ? (page.pageInfo.endCursor ?? undefined) : undefined
    } while (after !== undefined)
  }

  search(words: string): Promise<Page<Lead>> {
    return this.#call('GET', '/api/leads/search', { query: { q: words } })
  }

  /** Undefined where there is none. */
  async lead(id: string): Promise<Lead | undefined> {
    try {
      return await this.#call<Lead>('GET', `/api/leads/${encodeURIComponent(id)}`)
    } catch (error) {
      if (error instanceof TrueupError && error.code === 'NOT_FOUND') return undefined
      throw error
    }
  }

  async create(input: LeadInput): Promise<Lead> {
    return (await this.#call<{ readonly lead: Lead }>('POST', '/api/leads', { body: input })).lead
  }

  async update(id: string, input: LeadInput): Promise<Lead> {
    const path = `/api/leads/${encodeURIComponent(id)}`
    return (await this.#call<{ readonly lead: Lead }>('PUT', path, { body: input })).lead
  }

  async delete(id: string): Promise<void> {
    await this.#call('DELETE', `/api/leads/${encodeURIComponent(id)}`)
  }

  async #call<Answer>(
    method: string,
    path: string,
    { query = {}, body }: { readonly query?: Readonly<Record<string, unknown>>; readonly body?: object } = {},
  ): Promise<Answer> {
    const url = new URL(path, this.#address)
    for (const [name, value] of Object.entries(query)) if (value !== undefined) url.searchParams.set(name, String(value))
    const response = await fetch(url, {
      method,
      headers: {
        authorization: `Bearer ${this.#token}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    const answer = await response.json()
    if (response.ok && response.status !== 202) return answer
    const { code = 'UNKNOWN', message = response.statusText, ...detail } = answer.error ?? answer.errors?.[0] ?? {}
    throw new TrueupError(response.status, code, message, detail)
  }
}
