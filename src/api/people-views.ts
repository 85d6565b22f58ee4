/** What the API says of people who were erased or must not be written to. */

/** One erased person, without a word about who it is. */
export interface SuppressionView {
  readonly id: string
  readonly table: string
  readonly reason: string
  readonly by: string
  readonly atMs: number
  readonly identities: number
  readonly lifted: { readonly by: string; readonly reason: string; readonly atMs: number } | undefined
  readonly outcome:
    | {
        readonly rows: readonly { readonly table: string; readonly count: number }[]
        readonly traces: readonly { readonly from: string; readonly count: number }[]
        readonly searched: number
        readonly remains: readonly { readonly file: string; readonly reason: string }[]
        readonly report: readonly {
          readonly kind: string
          readonly place: string
          readonly looked: string
          readonly removed: number
          readonly holds: string
          readonly until: string | null
          readonly note: string
        }[]
      }
    | undefined
}

/**
 * Whether the person of an address may be contacted; whether `no` is for a mark or an erasure is not told. `unreadable` is
 * neither an e-mail address nor the LinkedIn profile of a person.
 */
export type ContactAnswer = 'yes' | 'no' | 'unreadable'

export interface AllowContact {
  /** The entry of `tables`, and the key of the record. */
  readonly table: string
  readonly key: string
  readonly reason: string
  readonly actor: string
}

export type AllowContactOutcome =
  /** Records whose mark was cleared, by table. */
  | { readonly is: 'allowed'; readonly records: readonly { readonly table: string; readonly count: number }[] }
  | { readonly is: 'not-found' }
  /** Nobody had said that the person is not to be contacted. */
  | { readonly is: 'was-allowed' }
  /** The reason, which is kept for ever, names the person. */
  | { readonly is: 'reason-names-person' }
  | { readonly is: 'waiting'; readonly actionId: string; readonly reasons: readonly string[] }
  | { readonly is: 'failed'; readonly actionId: string; readonly reason: string }
