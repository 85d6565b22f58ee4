/** Who is one person: approvals count people, however each of them reached Trueup. */

/** Whether two actors are one: `local:ann` at the terminal, `token:ann` over the API and `proxy:Ann` are. */
export function isSamePerson(one: string | undefined, other: string | undefined): boolean {
  return one !== undefined && other !== undefined && personOf(one) === personOf(other)
}

/** The person behind an actor, in lower case: one spelling of a name counts as another. */
export function personOf(actor: string): string {
  return actor.replace(/^(local|token|proxy):/, '').toLowerCase()
}
