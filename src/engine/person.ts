/** Who is one person: approvals count people, however each of them reached Trueup. */

/** Whether two actors are one: `local:ann` at the terminal and `token:ann` over the API are. */
export function isSamePerson(one: string | undefined, other: string | undefined): boolean {
  return one !== undefined && other !== undefined && personOf(one) === personOf(other)
}

/** The person behind an actor. */
export function personOf(actor: string): string {
  return actor.replace(/^(local|token):/, '')
}
